// One tab leads: it rings and opens records; the others mirror. A lock of the browser decides, and passes on by
// itself when the leading tab is closed. Inside a foreign page the browser may refuse locks: then the tabs agree by
// talking (BroadcastChannel). Where they cannot even talk, each is on its own and leads.

const NAME = "agent-desktop-lead";
const PATIENCE = 400;
const ASK_EVERY = 2000;

export function createTabs(onChange) {
  let leading = null; // not known yet
  let way = null;

  function set(next) {
    if (next === leading) return;
    leading = next;
    onChange(leading);
  }

  start().then((found) => {
    way = found;
    setTimeout(() => set(Boolean(leading)), 2 * PATIENCE + 100);
  });

  async function start() {
    const locks = navigator.locks && (await byLock(set));
    return locks || byTalking(set) || alone(set);
  }

  return { takeOver: () => way && way.takeOver() };
}

function alone(set) {
  set(true);
  return { takeOver() {} };
}

// Resolves once it is known whether the browser lets us lock at all.
async function byLock(set) {
  try {
    await navigator.locks.query();
  } catch {
    return null;
  }

  function hold(options = {}) {
    const held = () => {
      set(true);
      return new Promise(() => {});
    };
    navigator.locks.request(NAME, options, held).catch(() => {
      // Another tab took over: stand in line again.
      set(false);
      hold();
    });
  }

  hold();
  return { takeOver: () => hold({ steal: true }) };
}

// The highest term leads; with equal terms the higher name. Whoever does not hear the leader answer takes the next.
function byTalking(set) {
  const channel = open();
  if (!channel) return null;
  const me = crypto.randomUUID();
  let term = 0;
  let mine = false;
  let waiting = 0;

  const say = (kind) => channel.postMessage({ kind, term, me });

  function lead() {
    term += 1;
    mine = true;
    set(true);
    say("lead");
  }

  function ask() {
    if (mine) return;
    clearTimeout(waiting);
    waiting = setTimeout(lead, PATIENCE + Math.random() * PATIENCE);
    say("ask");
  }

  function hearLead(told) {
    const stronger = told.term > term || (told.term === term && told.me > me);
    if (mine && !stronger) return say("lead");
    term = Math.max(term, told.term);
    mine = false;
    clearTimeout(waiting);
    return set(false);
  }

  channel.onmessage = ({ data }) => {
    if (data.kind === "ask" && mine) say("lead");
    if (data.kind === "lead") hearLead(data);
    if (data.kind === "bye") ask();
  };
  window.addEventListener("pagehide", () => mine && say("bye"));
  setInterval(ask, ASK_EVERY);
  ask();
  return { takeOver: lead };
}

function open() {
  try {
    return new BroadcastChannel(NAME);
  } catch {
    return null;
  }
}
