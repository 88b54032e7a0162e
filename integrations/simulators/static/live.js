// Keeps parts of a page current: every element with data-live fetches its address again and again and is replaced
// only when something changed, so that nothing flickers and an opened row stays open.

for (const element of document.querySelectorAll("[data-live]")) {
  follow(element, Number(element.dataset.interval || 1000));
}
for (const button of document.querySelectorAll("[data-request]")) {
  button.addEventListener("click", async () => {
    await fetch(button.dataset.url, { method: button.dataset.request });
    location.reload();
  });
}

function follow(element, interval) {
  const toggle = document.querySelector(`[data-live-toggle="${element.id}"]`);
  let shown = null;
  setInterval(async () => {
    if (document.hidden || (element.id && toggle && !toggle.checked)) return;
    const html = await news(element.dataset.live);
    if (html === null || html === shown) return;
    if (shown !== null || html.trim() !== element.innerHTML.trim()) replace(element, html);
    shown = html;
  }, interval);
}

async function news(address) {
  try {
    const answer = await fetch(address, { headers: { Accept: "text/html" } });
    return answer.ok && !answer.redirected ? await answer.text() : null;
  } catch {
    return null; // the simulator is being restarted
  }
}

function replace(element, html) {
  const open = new Set([...element.querySelectorAll("details[open][data-key]")].map((row) => row.dataset.key));
  const focused = element.contains(document.activeElement) && document.activeElement.id;
  element.innerHTML = html;
  for (const row of element.querySelectorAll("details[data-key]")) row.open = open.has(row.dataset.key);
  if (focused) document.getElementById(focused)?.focus();
}
