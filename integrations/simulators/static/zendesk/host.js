// The agent workspace: the app's icon and pane in the top bar, records in tabs, the inspector, and things to try.

import { conditionButtons, load } from "../host/conditions.js";
import { Inspector } from "../host/inspector.js";
import { toast } from "../host/toast.js";
import { Tabs } from "./tabs.js";
import { Framework, Instance } from "./zaf.js";

const config = JSON.parse(document.body.dataset.host);
const at = (id) => document.getElementById(id);
const EVERY = 700;
const PIXELS = /^(\d+)(?:px)?$/;

const inspector = new Inspector(at("inspector"), at("inspector-errors"));
inspector.openedBy(at("inspector-button"));
const tabs = new Tabs(at("tabs"), at("record"), config.base);
const pane = at("pane");
const icon = at("app-button");
const instances = Object.entries(config.urls).map(([location, url]) => new Instance(location, url));
const framework = new Framework(instances, { get, set, invoke, request, metadata, context }, inspector);
const background = framework.at("background");
const topBar = framework.at("top_bar");
let shownBefore = false;

// -- what the app may ask for

function metadata() {
  return { appId: config.appId, installationId: config.appId, name: config.name, version: config.version, settings: { title: config.name } };
}

function context({ guid, location }) {
  return { instanceGuid: guid, product: "support", account: { subdomain: config.subdomain }, location };
}

const all = () => Object.fromEntries(instances.map((each) => [each.guid, context(each)]));

function get(_about, path) {
  const [name, ...rest] = path.split(".");
  const roots = { currentUser: config.user, currentAccount: { subdomain: config.subdomain }, instances: all() };
  const found = rest.reduce((value, part) => value?.[part], roots[name]);
  if (found === undefined) throw new Error("is not available in this location");
  return found;
}

function set(about, path, value) {
  if (path !== "iconSymbol" || about !== topBar) throw new Error("cannot be set in this location");
  at("app-symbol").setAttribute("href", `${config.base}/_icon.svg#${encodeURIComponent(value)}`);
  icon.dataset.symbol = value;
  return value;
}

function invoke(about, action, args) {
  const known = { routeTo, popover, notify, preloadPane, resize };
  if (!known[action]) throw new Error("is no action of this location");
  return known[action](about, ...args);
}

function routeTo(_about, kind, id) {
  tabs.show(kind, id);
}

function popover(about, asked) {
  if (about !== topBar) throw new Error("is an action of the top bar");
  if (asked === "show" || (asked === undefined && !shown())) show();
  else if (asked === "hide" || asked === undefined) hide();
  else resize(about, asked);
}

function resize(about, { width, height } = {}) {
  if (about !== topBar) throw new Error("is an action of the top bar");
  size({ width, height });
}

function preloadPane(about) {
  if (about !== topBar) throw new Error("is an action of the top bar");
  start(topBar, pane.querySelector("iframe"));
}

function notify(_about, text, kind = "notice") {
  toast({ message: text, type: { error: "error", alert: "warning" }[kind] });
}

// An app's request runs in the agent's session; the page adds the token that writes need.
async function request({ url, type = "GET", data, contentType }) {
  const address = new URL(url, location.origin);
  if (address.origin !== location.origin) return { ok: false, args: [{ status: 0, responseText: "only this help desk is simulated" }, "error"] };
  const path = address.pathname.startsWith("/api/") ? config.base + address.pathname : address.pathname;
  const method = type.toUpperCase();
  const body = method === "GET" ? undefined : typeof data === "string" ? data : JSON.stringify(data ?? {});
  const headers = { "X-CSRF-Token": config.token, Accept: "application/json", ...(body && { "Content-Type": contentType || "application/json" }) };
  const answer = await fetch(path + address.search, { method, headers, body });
  const text = await answer.text();
  if (!answer.ok) return { ok: false, args: [{ status: answer.status, statusText: answer.statusText, responseText: text }, "error"] };
  return { ok: true, args: [text && answer.headers.get("content-type")?.includes("json") ? JSON.parse(text) : text, "success"] };
}

// -- the pane of the top bar

const shown = () => !pane.classList.contains("away");

function start(instance, frame) {
  if (!instance || instance.frame) return;
  instance.frame = load(frame, instance.address, instance.conditions);
  inspector.add("note", `${instance.location} loading`, instance.address);
}

function show() {
  if (shown()) return;
  preloadPane(topBar);
  pane.classList.remove("away");
  icon.setAttribute("aria-expanded", "true");
  if (shownBefore) framework.trigger(topBar.guid, "pane.activated", {});
  shownBefore = true;
}

function hide() {
  if (!shown()) return;
  pane.classList.add("away");
  icon.setAttribute("aria-expanded", "false");
  framework.trigger(topBar.guid, "pane.deactivated", {});
}

function size({ width, height }) {
  const pixels = (value) => PIXELS.exec(String(value ?? ""))?.[1];
  if (pixels(width)) pane.style.width = `${pixels(width)}px`;
  if (pixels(height)) pane.style.height = `${pixels(height)}px`;
}

// -- things to try

function clickToCall(detail) {
  if (!config.clickToCall) return toast({ message: "Only with Talk Partner Edition: see the simulator's settings.", type: "warning" });
  if (!background) return toast({ message: "The app has no background page, so nobody hears of it.", type: "warning" });
  return framework.trigger(background.guid, "voice.dialout", detail);
}

function callRecord() {
  const button = at("record").contentDocument?.querySelector("[data-call]");
  if (button) clickToCall(JSON.parse(button.dataset.call));
  else toast({ message: "This record has no phone number.", type: "warning" });
}

async function goTo(event) {
  event.preventDefault();
  try {
    tabs.show(at("go-kind").value, at("go-id").value.trim());
  } catch (error) {
    toast({ message: error.message, type: "warning" });
  }
}

function sendByHand(event) {
  event.preventDefault();
  const to = at("event-name").value === "voice.dialout" ? background : topBar;
  try {
    if (to) framework.trigger(to.guid, at("event-name").value, JSON.parse(at("event-args").value || "{}"));
  } catch (error) {
    inspector.add("note", at("event-name").value, "", `the payload is not JSON: ${error.message}`);
  }
}

async function installPackage() {
  const [file] = at("package").files;
  if (!file) return;
  const answer = await fetch(`${config.base}/_install`, { method: "POST", body: file });
  const told = await answer.json();
  at("install-result").textContent = told.installed ? `Installed: ${told.name} ${told.version ?? ""}. This page starts again.` : told.problems.join(" ");
  at("install-result").classList.toggle("bad-text", !told.installed);
  if (told.installed) setTimeout(() => location.reload(), 1200);
}

// -- what the help desk pushes into this browser

let last = config.last;

async function hear() {
  try {
    const answer = await fetch(`${config.base}/_told?after=${last}`);
    const told = await answer.json();
    last = told.last;
    told.messages.forEach(pushed);
  } catch {
    return; // the simulator is being restarted
  }
}

function pushed(message) {
  if (message.kind === "display") {
    inspector.add("note", `display ${message.record} ${message.id}`, message.title);
    tabs.show(message.record, message.id);
  } else {
    instances.filter((each) => each.frame).forEach((each) => framework.trigger(each.guid, `api_notification.${message.event}`, message.body));
  }
}

// -- beginning

icon.addEventListener("click", () => (shown() ? hide() : show()));
document.addEventListener("simulator:call", (event) => clickToCall(event.detail));
at("person").addEventListener("change", (event) => event.target.form.submit());
at("call").addEventListener("click", callRecord);
at("go").addEventListener("submit", goTo);
at("close").addEventListener("click", () => tabs.close());
at("send-event").addEventListener("submit", sendByHand);
at("package").addEventListener("change", installPackage);
at("silence").addEventListener("click", () => {
  framework.silent = !framework.silent;
  at("silence").setAttribute("aria-pressed", String(framework.silent));
});
conditionButtons(document, (conditions) => {
  if (!topBar) return;
  topBar.conditions = { ...conditions };
  topBar.frame = null;
  topBar.wants.clear();
  start(topBar, pane.querySelector("iframe"));
});
for (const link of document.querySelectorAll("[data-record]")) {
  link.addEventListener("click", (event) => {
    event.preventDefault();
    tabs.show(link.dataset.record, link.dataset.id);
  });
}
size(config.size);
if (config.start.kind) tabs.show(config.start.kind, config.start.id);
if (background) start(background, at("background"));
setInterval(hear, EVERY);
