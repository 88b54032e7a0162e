// What is around the drawn page: the clock in every timer, what is read aloud, where the focus goes, the window's
// title and notifications, and the state shown by the page around us.

import { _, callerName, clock, ringsHere, secondsSince, secondsUntil, stateLabel } from "./words.js";

// -- timers

function tick() {
  document.querySelectorAll("time[data-since]").forEach((node) => write(node, clock(secondsSince(node.dataset.since))));
  document.querySelectorAll("time[data-until]").forEach((node) => {
    const left = node.dataset.local ? Math.ceil((Date.parse(node.dataset.until) - Date.now()) / 1000) : secondsUntil(node.dataset.until);
    const rest = Math.max(0, left);
    write(node, node.dataset.unit === "s" ? _("%(seconds)s s", { seconds: rest }) : clock(rest));
    node.classList.toggle("timer-short", rest <= 5);
  });
}

function write(node, text) {
  if (node.textContent !== text) node.textContent = text;
}

export function startClock() {
  setInterval(tick, 250);
}

// -- read aloud

export function announce(text, { urgent = false } = {}) {
  const node = document.getElementById(urgent ? "say-now" : "say");
  node.textContent = "";
  setTimeout(() => (node.textContent = text), 50);
}

function incomingWords(interaction) {
  return _("Incoming call from %(name)s, %(service)s. Alt A accepts, Alt R rejects.", {
    name: callerName(interaction),
    service: interaction.service ? interaction.service.name : "",
  });
}

// -- focus

const EDITABLE = "input, textarea, select, [popover], dialog";
let statesBefore = new Map();
let agentBefore = "";
// Where the focus was last: a button that is gone, or disabled while its order runs, leaves it nowhere.
let inWork = false;
document.addEventListener("focusin", (event) => (inWork = Boolean(event.target.closest("#work"))));

// The focus follows the work, but is never taken from a field or from the page around us.
export function chaseFocus(state) {
  tick();
  const changed = state.interactions.filter((each) => statesBefore.get(each.id) !== each.state);
  const moved = changed.length > 0 || statesBefore.size > state.interactions.length || agentBefore !== state.state.state;
  agentBefore = state.state.state;
  statesBefore = new Map(state.interactions.map((each) => [each.id, each.state]));
  const fresh = changed.filter((each) => ringsHere(each));
  const over = inWork && changed.some((each) => each.state === "wrap_up");
  fresh.forEach((each) => {
    announce(incomingWords(each), { urgent: true });
    document.querySelectorAll('[data-order="accept"], [data-order="reject"]').forEach((node) => (node.dataset.arrived = performance.now()));
    notify(each);
  });
  const active = document.activeElement;
  const lost = inWork && active === document.body && moved;
  if (!document.hasFocus() || !(fresh.length || lost || over) || (active && active.closest(EDITABLE))) return;
  (document.querySelector("#work [data-first]") || document.querySelector("#work h2"))?.focus({ preventScroll: lost });
}

// -- outside of the page

let shownNotification = null;

function notify(interaction) {
  if (!("Notification" in window) || Notification.permission !== "granted" || !document.hidden) return;
  shownNotification = new Notification(_("Incoming call"), { body: callerName(interaction), tag: interaction.id, requireInteraction: true });
  shownNotification.onclick = () => window.focus();
}

const COLORS = { READY: "green", NOT_READY: "orange", LOGGED_OUT: "grey", SUPERVISING: "orange" };
let attended = "";

export function showOutside(state, host) {
  const ringing = state.interactions.find((each) => ringsHere(each));
  const work = ringing || state.interactions[0];
  const label = state.phase === "ready" ? stateLabel(state.state) : _("Agent Desktop");
  const title = ringing ? `☎ ${callerName(ringing)}` : work ? callerName(work) : "";
  document.title = [title, label].filter(Boolean).join(" – ");
  if (!ringing && shownNotification) {
    shownNotification.close();
    shownNotification = null;
  }
  if (state.phase !== "ready") return;
  const attention = Boolean(ringing && state.leads && attended !== ringing.id);
  if (attention) attended = ringing.id;
  const color = COLORS[state.state.state] || "red";
  host.show({ label, color, attention, ringing: Boolean(ringing), title: work ? callerName(work) : "", busy: Boolean(work) });
}


// -- conversations

// The newest message stays in sight, unless the agent has scrolled up to read.
export function followConversation() {
  document.querySelectorAll(".conversation").forEach((list) => {
    if (list.shown === list.dataset.end) return;
    const before = list.shown;
    list.shown = list.dataset.end;
    if (!before || list.reading !== true) list.scrollTop = list.scrollHeight;
    list.onscroll = () => {
      list.reading = list.scrollHeight - list.scrollTop - list.clientHeight > 40;
    };
  });
}
