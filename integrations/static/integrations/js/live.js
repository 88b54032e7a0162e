// A part of a page that follows what happens: `data-live` names the address of its next state, `data-every` how many
// milliseconds to wait. The answer is the same part of the same page; without `data-live` in it, nothing more comes.

const SLOWEST = 15000;

function follow(element) {
  let pause = Number(element.dataset.every);
  const turn = async () => {
    if (document.hidden) {
      document.addEventListener("visibilitychange", turn, { once: true });
      return;
    }
    const next = await news(element.dataset.live);
    if (next) {
      keepOpen(element, next);
      element.replaceWith(next);
      if (next.dataset.live) follow(next);
      return;
    }
    element.querySelector("[data-live-lost]").hidden = false;
    pause = Math.min(pause * 2, SLOWEST);
    setTimeout(turn, pause);
  };
  setTimeout(turn, pause);
}

/** Our own server's fragment. Parsed as a document, so nothing in it runs. */
async function news(address) {
  try {
    const answer = await fetch(address, { headers: { "X-Fragment": "1" }, credentials: "same-origin" });
    if (answer.redirected) location.reload(); // logged out meanwhile
    if (!answer.ok) return null;
    return new DOMParser().parseFromString(await answer.text(), "text/html").body.firstElementChild;
  } catch {
    return null;
  }
}

/** What the reader has unfolded stays so, and the focus stays on the link it was on. */
function keepOpen(old, fresh) {
  for (const part of old.querySelectorAll("details[data-key]")) {
    const same = fresh.querySelector(`details[data-key="${part.dataset.key}"]`);
    if (same) same.open = part.open;
  }
  const href = old.contains(document.activeElement) && document.activeElement.getAttribute("href");
  if (href) queueMicrotask(() => document.querySelector(`[data-live] a[href="${href}"]`)?.focus());
}

for (const element of document.querySelectorAll("[data-live]")) follow(element);
