// The workspace's side of the app framework (ZAF v2): JSON texts by postMessage between this page and the frames of the
// app, one frame for each place. Written from what the framework's published SDK sends and expects; strict on purpose,
// because the real workspace drops a wrong message in silence, and this one says why.

const IFRAME = /^iframe\.(handshake|on|off|trigger|reply)(?::(.+))?$/;
const REQUEST = /^request:\d+$/;

/** One place of the app: `background` or `top_bar`. The guid is what the address of the frame carries as `app_guid`. */
export class Instance {
  constructor(location, url) {
    this.location = location;
    this.guid = crypto.randomUUID();
    this.url = new URL(url, window.location.href);
    this.url.searchParams.set("origin", window.location.origin);
    this.url.searchParams.set("app_guid", this.guid);
    this.frame = null;
    this.conditions = {};
    this.wants = new Map(); // guid of the instance that is listened to -> names of events
  }

  get address() {
    return this.url.href;
  }

  /** A page without cookies has no origin either: then the browser can only be told "anybody" and says "null". */
  get origin() {
    return this.conditions.cookies === false ? "null" : this.url.origin;
  }

  send(message) {
    const target = this.origin === "null" ? "*" : this.origin;
    this.frame.contentWindow.postMessage(JSON.stringify(message), target);
  }
}

export class Framework {
  /** `host`: {get, set, invoke, request, metadata, context}, each for one instance; `inspector`. */
  constructor(instances, host, inspector) {
    this.instances = instances;
    this.host = host;
    this.inspector = inspector;
    this.silent = false;
    window.addEventListener("message", (event) => this.receive(event));
  }

  at(location) {
    return this.instances.find((each) => each.location === location);
  }

  receive(event) {
    const from = this.instances.find((each) => each.frame && each.frame.contentWindow === event.source);
    if (!from) return; // something else on the page talks to itself
    const { message, wrong } = read(event, from);
    const name = message ? message.key || `${message.request} ${names(message)}` : "message";
    this.inspector.add("in", `${from.location} ${name}`, message ?? event.data, wrong);
    if (wrong || this.silent) return;
    if (message.request) this.answer(from, message);
    else if (REQUEST.test(message.key)) this.fetch(from, message);
    else this.obey(from, message);
  }

  obey(from, { key, message, instanceGuid }) {
    const [, verb, name] = IFRAME.exec(key) || [];
    if (verb === "handshake") this.register(from);
    if (verb === "on") this.wanted(from, instanceGuid).add(name);
    if (verb === "off" && !message.subscriberCount) this.wanted(from, instanceGuid).delete(name);
    if (verb === "trigger") this.trigger(instanceGuid, name, message);
  }

  register(from) {
    from.wants.clear();
    this.out(from, { key: "zaf.app.registered", message: { metadata: this.host.metadata(), context: this.host.context(from) } });
  }

  wanted(from, guid) {
    if (!from.wants.has(guid)) from.wants.set(guid, new Set());
    return from.wants.get(guid);
  }

  /** An event of the instance `guid`, to everybody who listens to it there. True when somebody did. */
  trigger(guid, name, message) {
    const heard = this.instances.filter((each) => each.frame && each.wants.get(guid)?.has(name));
    heard.forEach((each) => this.out(each, { key: `zaf.${name}`, message, instanceGuid: guid }));
    if (!heard.length) this.inspector.add("note", `${name}: nobody listens`, message);
    return heard.length > 0;
  }

  async answer(from, { id, request, params, instanceGuid }) {
    const about = this.instances.find((each) => each.guid === instanceGuid);
    const result = { errors: {} };
    for (const [name, given] of asked(request, params)) {
      try {
        if (!about) throw new Error("there is no such instance");
        result[name] = await this.host[request](about, name, given);
      } catch (error) {
        result.errors[name] = { name: "Error", message: error.message, path: name };
      }
    }
    this.out(from, { id, result });
  }

  async fetch(from, { key, message }) {
    const { ok, args } = await this.host.request(message);
    this.out(from, { key: `zaf.${key}.${ok ? "done" : "fail"}`, message: { responseArgs: args } });
  }

  out(to, message) {
    const failed = Object.values(message.result?.errors || {})[0];
    this.inspector.add("out", `${to.location} ${message.key || `answer ${message.id}`}`, message, failed ? failed.message : "");
    to.send(message);
  }
}

const asked = (request, params) => (request === "get" ? params.map((path) => [path]) : Object.entries(params));

const names = ({ params }) => (Array.isArray(params) ? params : Object.keys(params)).join(", ");

function read(event, from) {
  if (event.origin !== from.origin) return { wrong: `wrong origin ${event.origin}: the app's address is on ${from.origin}` };
  if (typeof event.data !== "string") return { wrong: "not a string: messages are JSON text" };
  let message;
  try {
    message = JSON.parse(event.data);
  } catch {
    return { wrong: "not JSON" };
  }
  return { message, wrong: problem(message, from) };
}

function problem(message, from) {
  if (!message || typeof message !== "object") return "not an object";
  if (message.appGuid !== from.guid) return `appGuid is not ${from.guid}`;
  if (message.request) {
    const array = Array.isArray(message.params);
    if (!["get", "set", "invoke"].includes(message.request)) return `unknown request ${message.request}`;
    if (!Number.isInteger(message.id)) return "a request needs a number as id";
    return array === (message.request === "get") && typeof message.params === "object" ? "" : "params: an array for get, an object otherwise";
  }
  return IFRAME.test(message.key) || REQUEST.test(message.key) ? "" : `unknown key ${message.key}`;
}
