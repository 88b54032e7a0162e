/*
 * The OpenFrame client library as the simulator serves it: an independent implementation of the documented members
 * (ServiceNow docs, openFrameAPI - Client) over the documented messages between the frame and its host page.
 *
 * A classic script on purpose: pages load it with a plain script element and find the global `openFrameAPI`.
 */
(function () {
  "use strict";

  const VERSION = "1.0.5";
  const TYPE = "NOW.PostMessage";
  const MESSAGE_LIMIT = 4400;
  const TEXT_LIMIT = 256;
  const URL_LIMIT = 2083;
  const INIT_MILLISECONDS = 3000;
  const REDIRECTS = ["sysparm_stack", "sysparm_goto_url"];
  const COLORS = ["red", "orange", "grey", "green"];

  const EVENTS = Object.freeze({
    COMMUNICATION_EVENT: "openframe_communication",
    COMMUNICATION_FAILURE: "openframe_communication_failure",
    OPENFRAME_SHOWN: "openframe_shown",
    OPENFRAME_HIDDEN: "openframe_hidden",
    OPENFRAME_BEFORE_DESTROY: "openframe_before_destroy",
    HEADER_ICON_CLICKED: "openframe_header_icon_clicked",
    ICON_CLICKED: "openframe_icon_clicked",
    TITLE_ICON_CLICKED: "openframe_title_icon_clicked",
    EXPAND: "openframe_expand",
    COLLAPSE: "openframe_collapse",
    AWA_AGENT_PRESENCE: "openframe_awa_agent_presence",
    AWA_WORKITEM_OFFERED: "openframe_awa_workitem_offered",
    AWA_WORKITEM_ACCEPTED: "openframe_awa_workitem_accepted",
    AWA_WORKITEM_REJECTED: "openframe_awa_workitem_rejected",
    AWA_CLIENT_OFFER: "openframe_awa_client_offer",
    AGENT_OFF_INTERACTION: "openframe_agent_off_interaction",
    HEART_BEAT: "openframe_heart_beat",
    WRAP_UP_SUBMITTED: "openframe_wrap_up_submitted",
    INTERACTION_CONTROL_ACTION: "interaction_control_action",
  });
  const FRAME_MODE = Object.freeze({ EXPAND: "expand", COLLAPSE: "collapse" });

  const listeners = new Map();
  const waiting = new Map();
  let target = "*"; // until the host has named its domain

  window.addEventListener("message", receive);

  function receive(event) {
    if (event.source !== window.top || typeof event.data !== "string") return;
    let message;
    try {
      message = JSON.parse(event.data);
    } catch {
      return;
    }
    if (message.type !== TYPE) return;
    if (message.eventName === "openframe_response") answered(message.args);
    else tell(message.eventName, message.args);
  }

  function answered(args) {
    const request = waiting.get(args.context.id);
    if (!request) return;
    waiting.delete(args.context.id);
    (args.isSuccess ? request.success : request.failure)(args.context.result);
  }

  function tell(name, args) {
    for (const callback of listeners.get(name) || []) callback(args);
  }

  function publish(eventName, args) {
    const text = JSON.stringify({ type: TYPE, eventName, args });
    if (text.length > MESSAGE_LIMIT) {
      tell(EVENTS.COMMUNICATION_FAILURE, "Message payload exceeds the supported limit");
      return;
    }
    window.top.postMessage(text, target);
  }

  function request(method, payload, success, failure) {
    const id = `${method}_${Date.now()}_${Math.random().toString(36).slice(2)}`;
    waiting.set(id, { success: success || ignore, failure: failure || ignore });
    publish("openframe_request", { id, method, payload });
    return id;
  }

  function ignore() {}

  function init(config, success, failure) {
    let settled = false;
    const once = (callback) => (value) => {
      if (settled) return;
      settled = true;
      clearTimeout(timer);
      callback(value);
    };
    const failed = once(failure || ignore);
    const timer = setTimeout(() => failed("Openframe init request timed out"), INIT_MILLISECONDS);
    const named = once((result) => {
      target = result.topDomain;
      request("openframe_get_config", config || {}, success, failure);
    });
    request("openframe_init", {}, named, failed);
  }

  function text(value, limit) {
    if (typeof value !== "string") throw "Input is incorrect. Only string is supported";
    if (value.length > limit) throw `Length cannot be more than ${limit}`;
    return value;
  }

  function size(value) {
    if (typeof value !== "number" || !(value >= 0)) {
      throw "Input is incorrect. Only number is supported and it should be greater than 0";
    }
    return value;
  }

  function object(value) {
    if (value === null || typeof value !== "object") throw "Input is incorrect. Only object is supported";
    return value;
  }

  function safeQuery(query) {
    if (REDIRECTS.some((word) => query.includes(word))) throw "Url query string cannot have redirects";
    return query;
  }

  function relative(address) {
    text(address, URL_LIMIT);
    if (/^(?:[a-z]+:)?\/\//i.test(address)) throw "Custom url cannot be absolute";
    return address;
  }

  function openRecords(kind, details) {
    if (!object(details).query) return; // without a query the library does nothing
    safeQuery(details.query);
    publish("openframe_set_top_frame_url", { [kind]: details });
  }

  function subscribe(name, callback) {
    if (!Object.values(EVENTS).includes(name)) throw `${name} is not a valid event for subscription`;
    listeners.set(name, [...(listeners.get(name) || []), callback]);
  }

  function presence(state, color) {
    if (!COLORS.includes(color)) throw `Color is not supported. Supported colors: ${COLORS.join(", ")}`;
    publish("openframe_set_presence_indicator", { state: text(state, TEXT_LIMIT), color });
  }

  function frameMode(mode) {
    if (!Object.values(FRAME_MODE).includes(mode)) throw "Frame mode is not supported";
    publish("openframe_set_frame_mode", mode);
  }

  const api = {
    EVENTS,
    events: EVENTS,
    FRAME_MODE,
    version: () => VERSION,
    init,
    subscribe,
    show: () => publish("openframe_show"),
    hide: () => publish("openframe_hide"),
    isVisible: (success, failure) => request("openframe_visible", {}, success, failure),
    setTitle: (title) => publish("openframe_set_header_title", { title: text(title, TEXT_LIMIT) }),
    setSubtitle: (subtitle) => publish("openframe_set_header_title", { subtitle: text(subtitle, TEXT_LIMIT) }),
    setTitleIcon: (icon) => publish("openframe_set_header_title_icon", object(icon)),
    setIcons: (icons) => publish("openframe_set_header_icons", object(icons)),
    setSize: (width, height) => publish("openframe_set_size", { width: size(width), height: size(height) }),
    setWidth: (width) => publish("openframe_set_width", { width: size(width) }),
    setHeight: (height) => publish("openframe_set_height", { height: size(height) }),
    setFrameMode: frameMode,
    setPresenceIndicator: presence,
    openServiceNowForm: (details) => openRecords("form", details),
    openServiceNowList: (details) => openRecords("list", details),
    openServiceNowFormwithChildTab: (details) => publish("openframe_open_form_with_subtab", { form: object(details) }),
    openCustomURL: (address) => publish("openframe_set_top_frame_url", { url: { url: relative(address) } }),
    openInteraction: (sysId) => publish("openframe_open_interaction", { sys_id: text(sysId, TEXT_LIMIT) }),
    toastMessage: (message, type, duration) =>
      publish("openframe_toast_message", { message: text(message, TEXT_LIMIT), type: type || "info", duration: duration || 4000 }),
    getAWAAgentPresence: (success, failure) => request("openframe_awa_agent_presence", {}, success, failure),
    setICContext: (type, context) => publish("openframe_set_ic_context", { type, context }),
  };

  window.SNC = window.SNC || {};
  window.SNC.OpenFrame = api;
  window.openFrameAPI = api;
})();
