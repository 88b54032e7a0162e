// The desktop inside Zendesk's agent workspace: an app in the top bar (ZAF v2), through Zendesk's own SDK. Clicks on
// numbers reach the app's background page only, which hands them on (zendesk_background.js).

import { _ } from "../words.js";
import { BACKGROUND, DIAL, DIALLED, READY, instanceAt } from "./zendesk_relay.js";

const PATIENCE = 6000;
const KINDS = new Set(["ticket", "user", "organization"]);
const SYMBOLS = { green: "ready", orange: "away", red: "busy", grey: "default" };

let client = null;
let me = "";
let account = "";
let shown = "";
let away = false;
let openedByUs = false;
const answered = new Set();

// A refusal of Zendesk's changes nothing for the agent: the link stays.
const ask = (asked) => asked.catch((problem) => console.warn(problem));

const inTime = (promise) =>
  Promise.race([promise, new Promise((_done, fail) => setTimeout(() => fail(new Error("timeout")), PATIENCE))]);

function unopened() {
  return _("Zendesk did not open this page as an app, so records do not open by themselves. Ask your Zendesk administrator to upload the app package again: the page must be opened by it.");
}

function unanswered({ origin }) {
  return _("Zendesk at %(origin)s did not answer, so records do not open by themselves. Reload Zendesk's page; if it stays, ask your Zendesk administrator whether the app is installed and enabled.", { origin });
}

// Resolves when the agent workspace has registered the app; rejects with a sentence for the agent.
export async function ready(host) {
  const { default: ZAFClient } = await import("../vendor/zaf_sdk.js");
  const found = ZAFClient.init();
  if (!found) throw new Error(unopened());
  try {
    ({ instanceGuid: me } = await inTime(found.context()));
  } catch {
    throw new Error(unanswered(host));
  }
  client = found;
  account = host.account;
  client.on("pane.activated", () => (away = false));
  client.on("pane.deactivated", () => {
    away = true;
    openedByUs = false;
  });
  shown = "";
  return {};
}

// True when the workspace was asked to open it; an empty new ticket is offered as a link, and so is a record of another
// help desk, whose number is somebody else's here.
export function screenPop(pop) {
  if (pop.account && pop.account !== account) return false;
  if (!client || !KINDS.has(pop.entity) || !/^\d+$/.test(pop.query)) return false;
  ask(client.invoke("routeTo", pop.entity, Number(pop.query)));
  return true;
}

// Calls back with {number, record}, once for each click: the background page repeats until it is answered.
export function onClickToDial(callback) {
  if (!client) return;
  client.on(DIAL, (told) => {
    if (!told || typeof told !== "object") return;
    tellBackground(DIALLED, { id: told.id });
    if (answered.has(told.id)) return;
    answered.add(told.id);
    const wanted = readDial(told);
    if (wanted) callback(wanted);
  });
  tellBackground(READY, { instance: me });
}

async function tellBackground(name, message) {
  try {
    const background = await instanceAt(client, BACKGROUND);
    if (background) background.trigger(name, message);
  } catch (problem) {
    console.warn(problem);
  }
}

// As Zendesk tells it: {number, userId, ticketId}. The ticket says more than its requester.
function readDial({ number, ticketId, userId }) {
  if (typeof number !== "string" || !number.trim()) return null;
  const record = ["ticket", ticketId, "user", userId];
  const known = (id) => /^\d+$/.test(String(id ?? ""));
  const [kind, id] = known(ticketId) ? record : record.slice(2);
  return { number: number.trim().slice(0, 60), record: known(id) ? { kind, id: String(id), title: `#${id}` } : null };
}

// The icon in the top bar shows the agent's state. A call opens the pane; where it surely was closed before, the end of
// the work closes it again.
export function show({ label, color, attention, title, busy }) {
  if (!client) return;
  if (attention) {
    openedByUs = openedByUs || away || window.innerWidth === 0;
    away = false;
    ask(client.invoke("popover", "show"));
    ask(client.invoke("notify", _("Incoming call: %(name)s", { name: title }), "notice"));
  } else if (openedByUs && !busy) {
    openedByUs = false;
    ask(client.invoke("popover", "hide"));
  }
  if (shown === `${label}|${color}`) return;
  shown = `${label}|${color}`;
  ask(client.set("iconSymbol", SYMBOLS[color] || "default"));
}

export function resize({ width, height }) {
  if (client) ask(client.invoke("popover", { width, height }));
}
