// The page around the softphone: utility bar (Lightning) or side bar (Classic), main frame, inspector, tools.

import { conditionButtons, load } from "../host/conditions.js";
import { Inspector } from "../host/inspector.js";
import { toast } from "../host/toast.js";
import { address, bad, error, errorsOf, good, problem } from "./protocol.js";

const settings = JSON.parse(document.body.dataset.host);
const PREFIX = "/salesforce/";
const GLYPHS = { call: "☎", incoming_call: "↘", outbound_call: "↗", end_call: "✕", pause: "‖" };
const at = (id) => document.getElementById(id);
const main = at("main-frame");
const panel = at("softphone");
const item = at("utility-item");
const inspector = new Inspector(at("inspector"), at("inspector-errors"));
const frameOrigin = new URL(settings.address, location.href).origin;
let frame = at("softphone-frame");
let shown = {};
let clickToDial = false;
const listening = new Set();

window.addEventListener("message", receive);
document.addEventListener("simulator:shown", ({ detail }) => navigated(detail));
document.addEventListener("simulator:dial", ({ detail }) => dial(detail));
inspector.openedBy(at("inspector-button"));
item?.addEventListener("click", () => setVisible(panel.hidden));
for (const link of document.querySelectorAll("[data-main]")) link.addEventListener("click", follow);
at("center-button").addEventListener("click", () => at("center").showModal());
at("center-close").addEventListener("click", () => at("center").close());
at("send-event").addEventListener("submit", sendByHand);
for (const button of document.querySelectorAll("[data-tool]")) button.addEventListener("click", () => TOOLS[button.dataset.tool]());
const conditions = conditionButtons(document, open);
if (at("center").dataset.problem) at("center").showModal();
start();

function start() {
  if (main.contentWindow.simulatorShown) navigated(main.contentWindow.simulatorShown);
  if (!settings.shown) {
    inspector.add("note", "no softphone", "", `the call centre is not for ${settings.mode}`);
    panel.remove();
    item?.remove();
    return;
  }
  resize({ width: settings.width, height: settings.height });
  open();
  setVisible(settings.mode === "classic" || window.innerWidth > 700);
}

/** The softphone anew, under the present conditions. */
function open() {
  listening.clear();
  clickToDial = false;
  frame = load(frame, settings.address, conditions);
  inspector.add("note", "softphone loading", settings.address);
}

// -- messages

function receive(event) {
  if (event.data?.openCti !== 1) return;
  const wrong = problem(event, { frameWindow: frame.contentWindow, frameOrigin });
  if (wrong) {
    inspector.add("in", String(event.data.method || "message"), event.data, wrong);
    return;
  }
  answer(event.data);
}

async function answer({ id, method, args }) {
  const errors = errorsOf(method, args, settings.mode);
  inspector.add("in", method, args, errors.map((each) => each.description).join(" "));
  const found = errors.length ? bad(errors) : await obey(method, args || {});
  inspector.add("out", `${method} callback`, found);
  frame.contentWindow.postMessage({ openCti: 1, id, answer: found }, frameOrigin);
}

function send(event, payload) {
  inspector.add("out", event, payload);
  frame.contentWindow.postMessage({ openCti: 1, event, payload }, frameOrigin);
}

async function obey(method, args) {
  const command = {
    enableClickToDial: () => setDialling(true),
    disableClickToDial: () => setDialling(false),
    onClickToDial: () => listening.add("clickToDial"),
    onNavigationChange: () => listening.add("navigationChange"),
    getAppViewInfo: () => view(),
    getCallCenterSettings: () => settings.settings,
    getSoftphoneLayout: () => layout(),
    screenPop: () => pop(args),
    searchAndScreenPop: () => searchAndPop(args),
    saveLog: () => saveLog(args.value),
    runApex: () => runApex(args),
    refreshView: () => main.contentWindow.location.reload(),
    setSoftphonePanelHeight: () => resize({ height: args.heightPX }),
    setSoftphonePanelWidth: () => resize({ width: args.widthPX }),
    setSoftphonePanelVisibility: () => setVisible(args.visible),
    isSoftphonePanelVisible: () => ({ visible: !panel.hidden }),
    setSoftphonePanelIcon: () => (at("panel-icon").textContent = glyph(args.key)),
    setSoftphonePanelLabel: () => (at("panel-label").textContent = args.label),
    setSoftphoneItemIcon: () => (at("item-icon").textContent = glyph(args.key)),
    setSoftphoneItemLabel: () => (at("item-label").textContent = args.label),
    notifyInitializationComplete: () => null,
    publish: () => send("message", args),
  }[method];
  try {
    const value = await command();
    return good(value !== null && typeof value === "object" && !(value instanceof Set) ? value : null);
  } catch (refused) {
    return bad([error(refused.code || "UNKNOWN_ERROR", refused.message)]);
  }
}

const glyph = (key) => GLYPHS[key] || "●";

function refuse(code, text) {
  throw Object.assign(new Error(text), { code });
}

function setDialling(enabled) {
  clickToDial = enabled;
  document.documentElement.classList.toggle("dialling", enabled);
}

// -- records

function view() {
  const { number, ...record } = shown;
  return { url: main.contentWindow.location.pathname.replace(PREFIX, "/"), ...record };
}

function go(path) {
  main.src = PREFIX + path;
}

function pop(wanted) {
  if (wanted.type === "flow") refuse("NOT_AVAILABLE", "This organisation has no flows.");
  go(address(wanted, settings.prefixes));
}

function layout() {
  const { layout_no_match, layout_one, layout_many } = settings.layout;
  const settingsOf = { screenPopNoMatch: layout_no_match, screenPopOneMatch: layout_one, screenPopMultipleMatches: layout_many };
  return Object.fromEntries(["Inbound", "Outbound", "Internal"].map((kind) => [kind, settingsOf]));
}

async function searchAndPop({ searchParams, deferred, defaultFieldValues }) {
  const matches = searchParams.trim() ? await (await fetch(`${PREFIX}cti/search?${new URLSearchParams({ q: searchParams })}`)).json() : {};
  const wanted = choice(Object.keys(matches), searchParams, defaultFieldValues);
  if (deferred) return { ...matches, SCREEN_POP_DATA: wanted };
  if (wanted) pop(wanted);
  return matches;
}

/** What the softphone layout says for so many matches; null where nothing opens. */
function choice(ids, searchString, defaultFieldValues = {}) {
  const { layout_no_match, layout_one, layout_many } = settings.layout;
  if (ids.length === 1) return layout_one === "detail" ? { type: "sobject", params: { recordId: ids[0] } } : null;
  if (ids.length > 1) return layout_many === "search" ? { type: "search", params: { searchString } } : null;
  if (layout_no_match === "none") return null;
  return { type: "newRecord", params: { entityName: layout_no_match, defaultFieldValues } };
}

async function saveLog(value) {
  const response = await fetch(`${PREFIX}cti/log`, { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(value) });
  const { recordId, errors } = await response.json();
  if (errors) refuse(errors[0].code, errors[0].description);
  return { recordId };
}

// One class is there, to see that the way works.
function runApex({ apexClass, methodName, methodParams = "" }) {
  if (apexClass !== "Echo" || methodName !== "say") refuse("NO_APEX_CLASS", `There is no Apex method ${apexClass}.${methodName}; there is Echo.say.`);
  return { runApex: methodParams };
}

// -- what a person does on the page

function navigated(detail) {
  shown = detail;
  at("tab").textContent = detail.recordName || "Records";
  if (listening.has("navigationChange")) send("navigationChange", view());
}

function dial(detail) {
  if (!clickToDial || !listening.has("clickToDial")) {
    toast({ message: "Numbers cannot be clicked: the softphone has not enabled click-to-dial.", type: "error" });
    return;
  }
  const { number, recordId, recordName, objectType } = detail;
  const person = objectType === "Account" ? { accountId: recordId } : objectType === "Contact" ? { contactId: recordId } : {};
  send("clickToDial", { number, recordId, recordName, objectType, personAccount: false, params: "", ...person });
}

const contacts = JSON.parse(main.dataset.contacts);
let next = 0;

const TOOLS = {
  dial() {
    if (shown.number) dial(shown);
    else toast({ message: "This page has no number. Open a contact first.", type: "warning" });
  },
  navigate: () => go(contacts[next++ % contacts.length]),
  close: () => go("lightning/o/Contact/list"),
  reload: () => open(),
};

function follow(event) {
  event.preventDefault();
  main.src = event.currentTarget.href;
}

function sendByHand(event) {
  event.preventDefault();
  const form = new FormData(event.target);
  try {
    send(form.get("name"), JSON.parse(form.get("args") || "{}"));
  } catch (wrong) {
    inspector.add("note", form.get("name"), "", `the payload is not JSON: ${wrong.message}`);
  }
}

// -- the panel

function setVisible(visible) {
  panel.hidden = !visible;
  item?.setAttribute("aria-expanded", String(visible));
}

function resize({ width, height }) {
  if (width) document.body.style.setProperty("--width", `${width}px`);
  if (height) document.body.style.setProperty("--height", `${height}px`);
}
