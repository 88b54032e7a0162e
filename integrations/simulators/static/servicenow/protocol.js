// The host's side of the messages between the page and the OpenFrame, written from the documented wire format and
// strict on purpose: a real instance drops a wrong message in silence, this one says why.

export const TYPE = "NOW.PostMessage";
export const MESSAGE_LIMIT = 4400;
export const REDIRECTS = ["sysparm_stack", "sysparm_goto_url"];
export const REQUEST = "openframe_request";
export const RESPONSE = "openframe_response";

const COMMANDS = new Set([
  REQUEST, "openframe_show", "openframe_hide", "openframe_set_size", "openframe_set_width", "openframe_set_height",
  "openframe_set_header_title", "openframe_set_header_title_icon", "openframe_set_header_icons",
  "openframe_set_top_frame_url", "openframe_open_form_with_subtab", "openframe_set_frame_mode",
  "openframe_set_presence_indicator", "openframe_toast_message", "openframe_open_interaction", "openframe_set_ic_context",
]);
const METHODS = new Set(["openframe_init", "openframe_get_config", "openframe_visible", "openframe_awa_agent_presence"]);

/** What is wrong with this message event, or an empty string. */
export function problem(event, { frameWindow, frameOrigin, whitelist }) {
  if (event.source !== frameWindow) return "not from the OpenFrame";
  if (event.origin !== frameOrigin) return `wrong origin ${event.origin}: the configured address is on ${frameOrigin}`;
  if (whitelist.enforced && !whitelist.origins.includes(event.origin)) {
    return `refused: ${event.origin} is not in glide.ui.concourse.onmessage_enforce_same_origin_whitelist`;
  }
  if (typeof event.data !== "string") return "not a string: messages are JSON text";
  if (event.data.length > MESSAGE_LIMIT) return `longer than ${MESSAGE_LIMIT} characters (${event.data.length})`;
  return contentProblem(event.data);
}

function contentProblem(data) {
  let message;
  try {
    message = JSON.parse(data);
  } catch {
    return "not JSON";
  }
  if (!message || message.type !== TYPE) return `type is not ${TYPE}`;
  if (!COMMANDS.has(message.eventName)) return `unknown eventName ${message.eventName}`;
  if (message.eventName !== REQUEST) return "";
  const { id, method } = message.args || {};
  if (!METHODS.has(method)) return `unknown method ${method}`;
  return typeof id === "string" && id.startsWith(`${method}_`) ? "" : `the id of a request is "${method}_<random>"`;
}

export function encode(eventName, args) {
  return JSON.stringify({ type: TYPE, eventName, args });
}

/** The page that a screen-pop command asks for, relative to the instance. Throws a reason. */
export function address({ form, list, url }) {
  if (form) return withQuery(`${entity(form)}.do`, form.query);
  if (list) return withQuery(`${entity(list)}_list.do`, list.query && `sysparm_query=${list.query}`);
  const wanted = String(url && url.url);
  if (!url || /^(?:[a-z]+:)?\/\//i.test(wanted)) throw new Error("a custom url must be relative");
  return checked(wanted.replace(/^\//, ""));
}

function entity({ entity: name }) {
  if (!/^[a-z][a-z0-9_]*$/.test(String(name))) throw new Error(`no such entity: ${name}`);
  return name;
}

function withQuery(page, query) {
  return checked(query ? `${page}?${query}` : page);
}

function checked(text) {
  if (REDIRECTS.some((word) => text.includes(word))) throw new Error("the query holds a redirect");
  return text;
}
