// What a browser or a host page may refuse the frame that holds the desktop, so that anybody can see what it says then.
//
// Without cookies: the frame gets no origin and no storage of its own (`sandbox` without `allow-same-origin`, and
// `credentialless` where the browser knows it), so nothing that the desktop sets comes back. Without microphone: the
// permission is not handed on. Windows that the desktop opens have everything again, as a window of their own has.

const GRANTED = "microphone; autoplay; clipboard-write; speaker-selection";
const REFUSED = "microphone 'none'; autoplay; clipboard-write";
const NO_ORIGIN = "allow-scripts allow-forms allow-popups allow-popups-to-escape-sandbox";

/** The frame with `address` under these conditions. A frame's conditions count from its next page: it is replaced. */
export function load(frame, address, { cookies = true, microphone = true, allow = GRANTED } = {}) {
  const fresh = frame.cloneNode(false);
  fresh.allow = microphone ? allow : REFUSED;
  fresh.removeAttribute("src");
  fresh.toggleAttribute("credentialless", !cookies);
  if (cookies) fresh.removeAttribute("sandbox");
  else fresh.setAttribute("sandbox", NO_ORIGIN);
  fresh.src = address;
  frame.replaceWith(fresh);
  return fresh;
}

/** Two-state buttons `data-condition="cookies"` and `="microphone"`; `changed(conditions)` after each press. */
export function conditionButtons(root, changed) {
  const conditions = { cookies: true, microphone: true };
  for (const button of root.querySelectorAll("[data-condition]")) {
    button.setAttribute("aria-pressed", "false");
    button.addEventListener("click", () => {
      const refused = button.getAttribute("aria-pressed") !== "true";
      button.setAttribute("aria-pressed", String(refused));
      conditions[button.dataset.condition] = !refused;
      changed(conditions);
    });
  }
  return conditions;
}
