// What the page knows, and who wants to hear of a change. One object; nothing is changed in place.

export function createStore(initial) {
  let state = initial;
  let scheduled = false;
  const watchers = new Set();

  function tell() {
    scheduled = false;
    watchers.forEach((watcher) => watcher(state));
  }

  return {
    get: () => state,
    set(change) {
      state = { ...state, ...(typeof change === "function" ? change(state) : change) };
      // Not requestAnimationFrame: it sleeps in hidden tabs, where calls ring too.
      if (!scheduled) queueMicrotask(tell);
      scheduled = true;
    },
    watch: (watcher) => watchers.add(watcher),
  };
}

const ENDED = new Set(["completed", "abandoned"]);
const ORDER = ["ringing", "active", "held", "wrap_up", "new", "queued"];
const RECENTS = 20;

export function fromOverview(overview) {
  return {
    phase: "ready",
    agent: overview.agent,
    state: overview.state,
    interactions: sorted(overview.interactions.filter(isOurs)),
    recents: overview.recents,
    reasons: overview.reasons,
    services: overview.services,
    queues: overview.queues || [],
    directory: overview.directory,
    messages: overview.messages || [],
    hasLists: Boolean(overview.hasLists),
    demo: Boolean(overview.demo),
  };
}

// The page after one agent event. Unknown kinds change nothing: a newer server may tell more.
export function reduce(state, kind, data) {
  if (kind === "state") return { state: data };
  if (kind === "interaction") return withInteraction(state, data);
  if (kind === "screen_pop") return { pops: withPop(state.pops, data) };
  if (kind === "message") return { messages: [...state.messages.filter((each) => each.id !== data.id), data] };
  if (kind === "message_dismissed") return { messages: state.messages.filter((each) => each.id !== data.id) };
  if (kind === "notice") return { notices: withNotice(state.notices, data) };
  return {};
}

function withInteraction(state, told) {
  const others = state.interactions.filter((each) => each.id !== told.id);
  if (isOurs(told)) return { interactions: sorted([...others, told]) };
  const { [told.id]: _dropped, ...drafts } = state.drafts;
  if (!ENDED.has(told.state)) return { interactions: others, drafts };
  // News about an older call (what was written has reached the CRM) leave it where it is.
  const known = state.recents.some((each) => each.id === told.id);
  const recents = known
    ? state.recents.map((each) => (each.id === told.id ? told : each))
    : [told, ...state.recents].slice(0, RECENTS);
  return { interactions: others, recents, drafts };
}

// A call that rang out or was rejected goes to another agent: it is told once more, as no longer ours.
const isOurs = (told) => told.mine !== false && !ENDED.has(told.state);

const sorted = (interactions) =>
  [...interactions].sort((one, other) => ORDER.indexOf(one.state) - ORDER.indexOf(other.state));

function withPop(pops, pop) {
  const before = (pops[pop.interaction] || []).filter((each) => each.url !== pop.url);
  return { ...pops, [pop.interaction]: [...before, pop] };
}

let notices = 0;

export function withNotice(list, notice) {
  notices += 1;
  const others = list.filter((each) => each.text !== notice.text);
  return [...others, { level: "info", ...notice, id: notices }].slice(-3);
}
