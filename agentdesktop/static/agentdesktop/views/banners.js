// What the agent must know about the desktop itself. One line each; nothing here takes the eye off a call.

import { h } from "../dom.js";
import { icon } from "../icons.js";
import { _, timeOfDay } from "../words.js";
import { iconButton, until } from "./parts.js";

export function banners(state, { retryNow, dismiss, dismissMessage, openTalk, takeOver, grow }) {
  if (state.phase !== "ready") return [];
  return [
    connection(state.connection, retryNow),
    ...state.notices.map((notice) => noticeLine(notice, dismiss)),
    ...state.messages.map((message) => messageLine(message, { dismissMessage, openTalk })),
    hostLine(state.host, state.interactions),
    microphoneLine(state.host, state.state),
    !state.leads && state.settled && mirror(takeOver),
    grow && state.ui.cramped && line("tall", "info", { key: "grow" }, h("span", {}, _("This frame is small."), " "), h("button", { type: "button", class: "link", onclick: grow }, _("Make it taller"))),
  ];
}

function line(name, level, props, ...words) {
  return h("div", { ...props, class: `banner banner-${level}` }, icon(name), h("div", { class: "banner-words" }, words));
}

function connection({ name, retryAt, recovered }, retryNow) {
  if (name === "live" && recovered) {
    return line("check", "good", { key: "connection", role: "status" }, h("span", {}, _("Connected again. Nothing was missed.")));
  }
  if (name === "offline") {
    return line("warning", "error", { key: "connection", role: "alert" }, h("span", {}, _("This computer is offline. What you see may be out of date, and calls cannot ring here.")));
  }
  if (name !== "reconnecting") return null;
  return line(
    "warning",
    "error",
    { key: "connection", role: "alert" },
    h("span", {}, _("Connection lost. What you see may be out of date."), " "),
    retryAt ? h("span", { class: "nowrap" }, _("Next try in"), " ", until(new Date(retryAt).toISOString(), { "data-unit": "s", "data-local": true }), " ") : h("span", {}, _("Trying…"), " "),
    h("button", { type: "button", class: "link", onclick: retryNow }, _("Try now")),
  );
}

function noticeLine({ id, level, text }, dismiss) {
  const sign = { warning: "warning", error: "warning" }[level] || "info";
  return h(
    "div",
    { class: `banner banner-${level}`, key: `notice-${id}`, role: level === "info" ? "status" : "alert" },
    icon(sign),
    h("div", { class: "banner-words" }, text),
    iconButton(_("Close this message"), "cross", { class: "small", onclick: () => dismiss(id) }),
  );
}

// From a scenario or a colleague: it stays until it is dismissed, on every tab and after the next log-in.
function messageLine({ id, text, at, reference, from }, { dismissMessage, openTalk }) {
  return h(
    "div",
    { class: "banner banner-info", key: `message-${id}`, role: "status" },
    icon("chat"),
    h(
      "div",
      { class: "banner-words" },
      h("strong", {}, from ? from.name : _("Message")),
      " ",
      h("time", { datetime: at }, timeOfDay(at)),
      reference && ` · ${reference}`,
      h("p", { class: "message-text" }, text),
      from && h("button", { type: "button", class: "link", onclick: () => openTalk(from) }, _("Answer")),
    ),
    iconButton(_("Dismiss this message"), "cross", { class: "small", onclick: () => dismissMessage(id) }),
  );
}

// Calm on purpose: the desktop works without it, and only an administrator can change it. Not said beside a call whose
// scenario keeps its own record: that one is written down.
function hostLine({ problem, activity }, interactions) {
  if (problem) return explained("warning", _("The page around the desktop is not connected."), problem, "host");
  if (activity || interactions.some((each) => each.activity?.enabled)) return null;
  return explained(
    "info",
    _("Activity history is off."),
    _("This page was opened without the address of a CRM, so calls are not written into its activity history. Everything else works, and calls for which a scenario keeps a record in Salesforce, Zendesk or Oracle Service Cloud are written there all the same. Your administrator can add topDomain to the address of this page."),
    "activity",
  );
}

// Only the page around us can change it, so the way out is a window of our own.
function microphoneLine({ microphone, page }, { device }) {
  if (microphone || device !== "softphone") return null;
  return line(
    "warning",
    "warning",
    { key: "microphone" },
    h("span", {}, _("The page around the desktop does not hand on the microphone, so the softphone cannot be heard here."), " "),
    h("a", { href: page, target: "_blank", rel: "noopener" }, _("Open in its own window")),
  );
}

function explained(level, sentence, text, key) {
  return h(
    "details",
    { class: `banner banner-${level} banner-why`, key },
    h("summary", {}, icon(level === "info" ? "info" : "warning"), h("span", {}, sentence, " ", h("span", { class: "link" }, _("Why?")))),
    h("p", {}, text),
  );
}

function mirror(takeOver) {
  return line(
    "info",
    "info",
    { key: "mirror" },
    h("span", {}, _("Another tab rings and opens records."), " "),
    h("button", { type: "button", class: "link", onclick: takeOver }, _("Use this tab")),
  );
}

export function help(state, { closeHelp }) {
  const rows = [
    ["Alt A", _("Accept the call")],
    ["Alt R", _("Reject the call")],
    ["Alt H", _("Hold and resume")],
    ["Alt T", _("Transfer the call or chat")],
    ["Alt E", _("End the call")],
    ["Alt S", _("Complete after-call work")],
    ["Alt D", _("Dial a number")],
    ["Alt K", _("This list")],
  ];
  return [
    h("div", { class: "help-head" }, h("h2", {}, _("Keyboard shortcuts")), iconButton(_("Close"), "cross", { onclick: closeHelp })),
    h("dl", { class: "shortcuts" }, rows.map(([keys, words]) => h("div", { key: keys }, h("dt", {}, h("kbd", {}, keys)), h("dd", {}, words)))),
    h("p", { class: "hint" }, _("In a frame, click into the desktop first: keys go to the page that has the focus.")),
  ];
}
