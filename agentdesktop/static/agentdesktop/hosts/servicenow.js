// The desktop inside ServiceNow, through OpenFrame. The page's template loads ServiceNow's client library; here it
// is waited for and used. Everything that arrives from the frame above is read with care.

import { _ } from "../words.js";

const LIBRARY_PATIENCE = 6000;
const ANSWER_PATIENCE = 5000;
const MAX_SUBTITLE = 256;

let api = null;
let shown = "";

const pause = (milliseconds) => new Promise((done) => setTimeout(done, milliseconds));

async function library() {
  const until = Date.now() + LIBRARY_PATIENCE;
  while (!window.openFrameAPI && Date.now() < until) await pause(50);
  return window.openFrameAPI || null;
}

function unanswered(host) {
  return _(
    "ServiceNow did not answer, so records do not open by themselves. Ask your ServiceNow administrator to add %(origin)s to the system property glide.ui.concourse.onmessage_enforce_same_origin_whitelist.",
    { origin: host.ours },
  );
}

function unloaded(host) {
  return _(
    "ServiceNow's script could not be loaded from %(origin)s, so records do not open by themselves. Ask your administrator whether the instance is awake and the account's instance URL is right.",
    { origin: host.origin },
  );
}

// Without a configuration of ours: title, size and icon stay as the administrator set them.
function initialise(found) {
  return new Promise((done, fail) => {
    setTimeout(() => fail(new Error("timeout")), ANSWER_PATIENCE);
    found.init({}, done, fail);
  });
}

// Resolves with the free configuration of the OpenFrame row; rejects with a sentence for the agent.
export async function ready(host) {
  const found = await library();
  if (!found) throw new Error(unloaded(host));
  let row;
  try {
    row = await initialise(found);
  } catch {
    throw new Error(unanswered(host));
  }
  api = found;
  return { configuration: (row && row.configuration) || null };
}

// True when ServiceNow was asked to open it; otherwise the page offers the link.
export function screenPop(pop) {
  if (!api) return false;
  try {
    if (pop.entity && pop.query) api.openServiceNowForm({ entity: pop.entity, query: pop.query });
    else if (pop.relativeUrl) api.openCustomURL(pop.relativeUrl);
    else return false;
    return true;
  } catch {
    return false;
  }
}

// Calls back with {number, record}. Instances are customised, so both known shapes are looked for.
export function onClickToDial(callback) {
  if (!api) return;
  const events = api.EVENTS || api.events || {};
  api.subscribe(events.COMMUNICATION_EVENT || "openframe_communication", (message) => {
    const wanted = readDial(message);
    if (wanted) callback(wanted);
  });
}

// Calls back when ServiceNow says that the agent's presence changed there. What it tells is not trusted: the server asks.
export function onPresence(callback) {
  if (!api) return;
  const events = api.EVENTS || api.events || {};
  api.subscribe(events.AWA_AGENT_PRESENCE || "openframe_awa_agent_presence", () => callback());
}

function readDial(message) {
  const told = typeof message === "string" ? parse(message) : message;
  if (!told || typeof told !== "object") return null;
  if (told.type && told.type !== "OUTGOING_CALL") return null;
  const data = told.data && typeof told.data === "object" ? told.data : {};
  const meta = data.metaData || told.metaData || {};
  const context = told.context || data.context || {};
  const number = [meta.phoneNumber, meta.phone_number, context.phone_number].find((each) => typeof each === "string" && each.trim());
  if (!number) return null;
  const rows = Array.isArray(data.data) ? data.data : [];
  return { number: number.trim().slice(0, 60), record: readRecord(rows) };
}

// The record beside the number: {"entity": "customer_contact", "query": "sys_id=...", "contact_name": "..."}.
function readRecord(rows) {
  const row = rows.find((each) => each && typeof each.entity === "string" && each.entity !== "interaction");
  const id = row && /(?:^|\^)sys_id=(\w+)/.exec(String(row.query || ""));
  return id ? { kind: row.entity, id: id[1], title: String(row.contact_name || row.value || "") } : null;
}

function parse(text) {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

// Shows the agent's state in the frame's header; `attention` opens a hidden frame.
export function show({ label, color, attention }) {
  if (!api) return;
  if (attention) api.show();
  if (shown === `${label}|${color}`) return;
  shown = `${label}|${color}`;
  api.setSubtitle(label.slice(0, MAX_SUBTITLE));
  api.setPresenceIndicator(label.slice(0, MAX_SUBTITLE), color);
}

export function resize({ width, height }) {
  if (api) api.setSize(width, height);
}
