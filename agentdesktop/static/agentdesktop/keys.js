// Keyboard shortcuts: Alt with a letter, so that nothing typed into a field is ever taken for an order.
// They press the button on the screen, therefore they can do exactly what the screen offers and nothing else.

const ORDERS = { KeyA: ["accept"], KeyR: ["reject"], KeyH: ["hold", "resume"], KeyE: ["end"], KeyT: ["transfer"], KeyS: ["complete"] };
// A call that starts to ring under a finger that is already typing must not be accepted by it.
const GUARD = 500;

export function keepKeys({ toggleHelp, go }) {
  document.addEventListener("keydown", (event) => {
    if (!event.altKey || event.ctrlKey || event.metaKey || event.repeat) return;
    const press = ORDERS[event.code];
    const other = { KeyD: () => go("dial"), KeyK: toggleHelp }[event.code];
    if (!press && !other) return;
    event.preventDefault();
    if (other) other();
    else pressFirst(press);
  });
  document.addEventListener("keydown", guard, true);
}

function pressFirst(orders) {
  const found = orders.map((order) => document.querySelector(`#work [data-order="${order}"]:not(:disabled)`)).find(Boolean);
  if (found) found.click();
}

function guard(event) {
  const ringing = event.target.closest?.('[data-order="accept"], [data-order="reject"]');
  if (!ringing || !["Enter", " "].includes(event.key)) return;
  if (performance.now() - Number(ringing.dataset.arrived || 0) < GUARD) event.preventDefault();
}
