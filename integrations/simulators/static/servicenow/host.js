// The page around the OpenFrame: phone icon, panel, main frame, inspector, click-to-call.

import { choose, payload } from "./calls.js";
import { Inspector } from "../host/inspector.js";
import { toast } from "../host/toast.js";
import { Panel } from "./panel.js";
import { REQUEST, RESPONSE, address, encode, problem } from "./protocol.js";

const settings = JSON.parse(document.body.dataset.host);
const main = document.getElementById("gsft_main");
const phone = document.getElementById("openframe-button");
const inspector = new Inspector(document.getElementById("inspector"), document.getElementById("inspector-errors"));
const panel = new Panel(document.getElementById("openframe"), {
  onShown: () => {
    phone.setAttribute("aria-expanded", "true");
    send("openframe_shown", panel.titleIcon || {});
  },
  onHidden: () => {
    phone.setAttribute("aria-expanded", "false");
    send("openframe_hidden", panel.titleIcon || {});
  },
  onMode: (mode) => send(mode === "collapse" ? "openframe_collapse" : "openframe_expand", {}),
  onIcon: (kind, icon) => {
    send("openframe_header_icon_clicked", icon);
    send(kind === "title" ? "openframe_title_icon_clicked" : "openframe_icon_clicked", icon);
  },
});
let config = null;
let frameOrigin = "";

window.g_ck = settings.g_ck;
window.addEventListener("message", receive);
window.addEventListener("beforeunload", () => send("openframe_before_destroy", ""));
phone.addEventListener("click", () => (panel.visible ? panel.hide() : panel.show()));
inspector.openedBy(document.getElementById("inspector-button"));
document.addEventListener("simulator:call", (event) => call(event.detail));
document.getElementById("person").addEventListener("change", (event) => event.target.form.submit());
document.getElementById("send-event").addEventListener("submit", sendByHand);
for (const link of document.querySelectorAll("nav [data-main]")) {
  link.addEventListener("click", (event) => {
    event.preventDefault();
    main.src = link.href;
  });
}
await start();

async function start() {
  const answer = await configuration();
  config = answer.config;
  if (!config) {
    inspector.add("note", "no OpenFrame", "", answer.reason || "no configuration");
    return;
  }
  phone.hidden = false;
  frameOrigin = new URL(config.url, location.href).origin;
  apply(config);
  panel.frame.src = config.url;
  inspector.add("note", "OpenFrame loading", config.url);
  if (settings.whitelist.enforced && !settings.whitelist.origins.length) {
    inspector.add("note", "whitelist", "", "enforced and empty: every message will be refused");
  }
}

async function configuration() {
  const body = new URLSearchParams({ sysparm_processor: "OpenFrameAjaxUtility", sysparm_name: "getOpenFrameConfiguration" });
  try {
    const answer = await fetch("/servicenow/sn_openframe_openFrameAjaxProcessor.do", { method: "POST", body });
    return await answer.json();
  } catch (error) {
    return { config: null, reason: `the configuration could not be read: ${error.message}` };
  }
}

function apply({ width, height, title, subTitle }) {
  panel.resize({ width, height });
  panel.setTitle({ title: title || undefined, subtitle: subTitle || undefined });
}

function send(eventName, args) {
  if (!config) return;
  inspector.add("out", eventName, args);
  panel.frame.contentWindow.postMessage(encode(eventName, args), frameOrigin);
}

function receive(event) {
  const fromFrame = event.source === panel.frame.contentWindow;
  const ours = typeof event.data === "string" && event.data.includes("NOW.PostMessage");
  if (!fromFrame && !ours) return; // something else on the page talks to itself
  const wrong = problem(event, { frameWindow: panel.frame.contentWindow, frameOrigin, whitelist: settings.whitelist });
  if (wrong) {
    inspector.add("in", name(event.data), event.data, wrong);
    return;
  }
  const { eventName, args } = JSON.parse(event.data);
  inspector.add("in", eventName === REQUEST ? args.method : eventName, args);
  obey(eventName, args);
}

function name(data) {
  try {
    return JSON.parse(data).eventName || "message";
  } catch {
    return "message";
  }
}

function obey(eventName, args) {
  const command = {
    [REQUEST]: () => answer(args),
    openframe_show: () => panel.show(),
    openframe_hide: () => panel.hide(),
    openframe_set_size: () => panel.resize(args),
    openframe_set_width: () => panel.resize({ width: args.width }),
    openframe_set_height: () => panel.resize({ height: args.height }),
    openframe_set_header_title: () => panel.setTitle(args),
    openframe_set_header_title_icon: () => panel.setTitleIcon(args),
    openframe_set_header_icons: () => panel.setIcons(Array.isArray(args) ? args : Object.values(args)),
    openframe_set_frame_mode: () => panel.setMode(args),
    openframe_set_presence_indicator: () => panel.setPresence(args),
    openframe_set_top_frame_url: () => open(() => address(args)),
    openframe_open_form_with_subtab: () => open(() => address({ form: { entity: args.form.entity, query: `sys_id=${args.form.sys_id}` } })),
    openframe_open_interaction: () => open(() => address({ form: { entity: "interaction", query: `sys_id=${args.sys_id}` } })),
    openframe_toast_message: () => toast(args),
  }[eventName];
  if (!command) return;
  try {
    command();
  } catch (error) {
    inspector.add("note", eventName, args, error.message);
  }
}

function open(page) {
  main.src = `/servicenow/${page()}`;
}

async function answer({ id, method, payload: asked }) {
  const respond = (result, isSuccess = true) => send(RESPONSE, { isSuccess, context: { id, result } });
  if (method === "openframe_init") respond({ topDomain: location.origin });
  if (method === "openframe_visible") respond(panel.visible);
  if (method === "openframe_awa_agent_presence") respond({ name: "Available", available: true });
  if (method === "openframe_get_config") {
    apply(asked || {});
    const stored = await configuration();
    respond(stored.config || "error", Boolean(stored.config));
  }
}

async function call({ numbers }) {
  const chosen = await choose(document.getElementById("picker"), numbers);
  if (!chosen) return;
  if (!config) {
    toast({ message: "This user has no OpenFrame, so nobody can place the call.", type: "error" });
    return;
  }
  send("openframe_communication", payload(chosen));
}

function sendByHand(event) {
  event.preventDefault();
  const form = new FormData(event.target);
  try {
    send(form.get("name"), JSON.parse(form.get("args") || "{}"));
  } catch (error) {
    inspector.add("note", form.get("name"), "", `the payload is not JSON: ${error.message}`);
  }
}
