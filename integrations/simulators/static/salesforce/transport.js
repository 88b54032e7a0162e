/*
 * How a softphone and the page that holds it talk in this simulator. A classic script on purpose, in front of each of the
 * two client libraries: pages load those with a plain script element and find the global `sforce`.
 *
 * The page's origin comes from `sfdcIFrameOrigin` in the address, or from the page that the browser came from.
 */
window.sforce = window.sforce || {};
window.sforceTransport = (function () {
  "use strict";

  const named = new URLSearchParams(location.search).get("sfdcIFrameOrigin");
  const origin = named || (document.referrer ? new URL(document.referrer).origin : "");
  const waiting = new Map();
  const listeners = new Map();

  window.addEventListener("message", ({ source, origin: from, data }) => {
    if (source !== window.parent || from !== origin || !data || data.openCti !== 1) return;
    if (data.event) for (const listener of listeners.get(data.event) || []) listener(data.payload);
    else if (waiting.has(data.id)) {
      const done = waiting.get(data.id);
      waiting.delete(data.id);
      done(data.answer);
    }
  });

  /** One request; `done(answer)` gets {success, returnValue, errors}. */
  function ask(method, args, done) {
    const id = `${method}_${Math.random().toString(36).slice(2)}`;
    if (typeof done === "function") waiting.set(id, done);
    window.parent.postMessage({ openCti: 1, id, method, args }, origin);
  }

  function listen(event, listener) {
    listeners.set(event, [...(listeners.get(event) || []), listener]);
  }

  function forget(event, listener) {
    listeners.set(event, (listeners.get(event) || []).filter((each) => each !== listener));
  }

  return { ask, listen, forget };
})();
