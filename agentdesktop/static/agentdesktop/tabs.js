// One tab leads: it rings and opens records; the others mirror. A lock of the browser decides, and passes on by
// itself when the leading tab is closed. Inside a frame without storage there are no locks: then a tab leads while
// it is visible, which is one of them in all usual cases.

const LOCK = "agent-desktop-lead";

export function createTabs(onChange) {
  let leading = false;

  function set(next) {
    if (next === leading) return;
    leading = next;
    onChange(leading);
  }

  function queue(options = {}) {
    return navigator.locks.request(LOCK, options, () => {
      set(true);
      return new Promise(() => {});
    });
  }

  function followVisibility() {
    set(!document.hidden);
    document.addEventListener("visibilitychange", () => set(!document.hidden));
  }

  function hold(options) {
    queue(options).catch((error) => {
      if (error.name !== "AbortError") return followVisibility();
      // Another tab took over: stand in line again.
      set(false);
      return hold();
    });
  }

  if (navigator.locks) hold();
  else followVisibility();

  return { leads: () => leading, takeOver: () => navigator.locks && hold({ steal: true }) };
}
