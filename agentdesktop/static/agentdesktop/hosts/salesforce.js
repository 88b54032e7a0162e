// The desktop inside Salesforce, through Open CTI. Lightning and Classic have libraries of their own, which cannot be
// swapped: Lightning's takes one object and calls back with {success, returnValue, errors}, Classic's takes values in a
// row and calls back with {result, error}, where the result is text. `host.mode` says which page this is. Everything
// that arrives from the page above is read with care.

import { _ } from "../words.js";

const LIBRARY_PATIENCE = 6000;
const ANSWER_PATIENCE = 5000;
const RECORD_ID = /^[A-Za-z0-9]{15}(?:[A-Za-z0-9]{3})?$/;
const LONGEST_NUMBER = 60;
const LONGEST_LABEL = 80;
// Icons of Salesforce's design system, by the colour that the state has with us.
const ICONS = { green: "call", orange: "pause", grey: "end_call", red: "outbound_call" };
// A new record in Classic: its page by key prefix, and the inputs of that page that we know something for.
const CLASSIC_NEW = {
  Case: { page: "/500/e", inputs: { Subject: "cas14" } },
  Lead: { page: "/00Q/e", inputs: { Phone: "lea8" } },
  Contact: { page: "/003/e", inputs: { Phone: "con10" } },
  Task: { page: "/00T/e", inputs: { Subject: "tsk5" } },
};

let cti = null;
let shown = "";

const pause = (milliseconds) => new Promise((done) => setTimeout(done, milliseconds));
const ignore = () => {};

const lightning = (api) => ({
  enable: (done) => api.enableClickToDial({ callback: ({ success, errors }) => done(success ? "" : words(errors)) }),
  initialised: () => api.notifyInitializationComplete?.(),
  onDial: (listener) => api.onClickToDial({ listener }),
  record: (recordId) => api.screenPop({ type: api.SCREENPOP_TYPE.SOBJECT, params: { recordId }, callback: ignore }),
  page: (url) => api.screenPop({ type: api.SCREENPOP_TYPE.URL, params: { url }, callback: ignore }),
  make: (entityName, defaultFieldValues) =>
    api.screenPop({ type: api.SCREENPOP_TYPE.NEW_RECORD_MODAL, params: { entityName, defaultFieldValues }, callback: ignore }),
  search: (searchParams, outbound, defaultFieldValues) =>
    api.searchAndScreenPop({
      searchParams,
      queryParams: "",
      defaultFieldValues,
      callType: outbound ? api.CALL_TYPE.OUTBOUND : api.CALL_TYPE.INBOUND,
      deferred: false,
      callback: ignore,
    }),
  show({ label, icon, attention }) {
    api.setSoftphonePanelLabel({ label });
    api.setSoftphoneItemLabel({ label });
    api.setSoftphonePanelIcon({ key: icon });
    api.setSoftphoneItemIcon({ key: icon });
    if (attention) api.setSoftphonePanelVisibility({ visible: true });
  },
  resize({ width, height }) {
    api.setSoftphonePanelWidth({ widthPX: width });
    api.setSoftphonePanelHeight({ heightPX: height });
  },
});

// Classic shows no label and no icon of ours.
const classic = (api) => ({
  enable: (done) => api.cti.enableClickToDial(({ result, error }) => done(String(result) === "true" ? "" : String(error || result))),
  initialised: () => api.cti.notifyInitializationComplete?.(),
  onDial: (listener) => api.cti.onClickToDial(({ result }) => listener(classicPayload(result))),
  record: (id) => api.screenPop(`/${id}`, true, ignore),
  page: (url) => api.screenPop(url, true, ignore),
  make: (kind, values) => api.screenPop(classicNew(kind, values), true, ignore),
  search: (text, outbound) => api.searchAndScreenPop(text, "", outbound ? "outbound" : "inbound", ignore),
  show: ({ attention }) => attention && api.setVisible(true, ignore),
  resize({ width, height }) {
    api.cti.setSoftphoneWidth(width, ignore);
    api.cti.setSoftphoneHeight(height, ignore);
  },
});

function words(errors) {
  const first = Array.isArray(errors) ? errors[0] : null;
  return String(first?.description || "?").slice(0, 200);
}

export function classicNew(kind, values) {
  const form = CLASSIC_NEW[kind];
  if (!form) return "";
  const known = Object.entries(form.inputs).filter(([name]) => values[name]);
  return `${form.page}?${new URLSearchParams(known.map(([name, input]) => [input, values[name]]))}`;
}

export function classicPayload(result) {
  try {
    const { number, object, objectId, objectName } = JSON.parse(result);
    return { number, objectType: object, recordId: objectId, recordName: objectName };
  } catch {
    return {};
  }
}

async function library(mode) {
  const until = Date.now() + LIBRARY_PATIENCE;
  const found = () => (mode === "classic" ? window.sforce?.interaction?.cti && window.sforce.interaction : window.sforce?.opencti);
  while (!found() && Date.now() < until) await pause(50);
  return found() || null;
}

const inTime = (begin) =>
  new Promise((done, fail) => {
    setTimeout(() => fail(new Error("timeout")), ANSWER_PATIENCE);
    begin(done);
  });

function unloaded(host) {
  return _(
    "Salesforce's script could not be loaded from %(origin)s, so records do not open by themselves. Ask your administrator whether the account's Url is your organisation's My Domain.",
    { origin: new URL(host.library).origin },
  );
}

function unanswered() {
  return _(
    "Salesforce did not answer, so records do not open by themselves. Ask your Salesforce administrator whether you are a user of the call center (Setup > Call Centers) and whether Open CTI Softphone is in the utility bar.",
  );
}

function unwilling(reason) {
  return _("Salesforce refuses the softphone, so records do not open by themselves: %(reason)s", { reason });
}

// Resolves when numbers can be clicked; rejects with a sentence for the agent.
export async function ready(host) {
  const api = await library(host.mode);
  if (!api) throw new Error(unloaded(host));
  const found = host.mode === "classic" ? classic(api) : lightning(api);
  let refusal;
  try {
    refusal = await inTime(found.enable);
  } catch {
    throw new Error(unanswered());
  }
  if (refusal) throw new Error(unwilling(refusal));
  cti = found;
  cti.initialised();
  return {};
}

/** The values that an address of Lightning's form of a new record carries: coded pairs, coded once more as a whole. */
export function defaultsOf(address) {
  const given = new URL(address || "/", window.location.origin).searchParams.get("defaultFieldValues") || "";
  const pairs = given.split(",").filter((part) => part.includes("="));
  return Object.fromEntries(pairs.map((part) => [part.slice(0, part.indexOf("=")), decodeURIComponent(part.slice(part.indexOf("=") + 1))]));
}

// True when Salesforce was asked to open it; records of other systems are offered as links.
export function screenPop(pop) {
  if (!cti || !pop.relativeUrl?.startsWith("/lightning/")) return false;
  try {
    if (pop.search) cti.search(pop.search, pop.direction === "outbound", pop.query ? {} : defaultsOf(pop.relativeUrl));
    else if (pop.entity && RECORD_ID.test(pop.query)) cti.record(pop.query);
    else if (pop.entity && !pop.query) cti.make(pop.entity, defaultsOf(pop.relativeUrl));
    else cti.page(pop.relativeUrl);
    return true;
  } catch {
    return false;
  }
}

// Calls back with {number, record}.
export function onClickToDial(callback) {
  if (!cti) return;
  cti.onDial((told) => {
    const number = typeof told?.number === "string" ? told.number.trim() : "";
    if (number) callback({ number: number.slice(0, LONGEST_NUMBER), record: recordOf(told) });
  });
}

const recordOf = ({ objectType, recordId, recordName }) =>
  typeof objectType === "string" && RECORD_ID.test(recordId) ? { kind: objectType, id: recordId, title: String(recordName || "") } : null;

// The agent's state on the panel and in the utility bar; `attention` opens the panel.
export function show({ label, color, attention, ringing }) {
  if (!cti) return;
  const icon = ringing ? "incoming_call" : ICONS[color] || ICONS.red;
  if (!attention && shown === `${label}|${icon}`) return;
  shown = `${label}|${icon}`;
  cti.show({ label: label.slice(0, LONGEST_LABEL), icon, attention });
}

export function resize({ width, height }) {
  if (cti) cti.resize({ width, height });
}
