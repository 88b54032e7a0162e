// What the agent and a colleague write to each other; stands in the directory's place.

import { h } from "../dom.js";
import { icon } from "../icons.js";
import { _, timeOfDay } from "../words.js";
import { iconButton } from "./parts.js";

export function talk(state, page) {
  const { login, name } = state.ui.talk;
  const { lines, failed, note } = state.talks[login] || {};
  return h(
    "section",
    { class: "talk", key: `talk-${login}`, "aria-label": _("Messages with %(name)s", { name }) },
    h("div", { class: "talk-head" }, iconButton(_("Back to the directory"), "back", { onclick: page.closeTalk }), h("h3", {}, name)),
    failed && h("p", { class: "error", key: "failed", role: "alert" }, icon("warning"), h("span", {}, failed)),
    h(
      "div",
      { class: "conversation", key: "lines", role: "log", tabindex: "0", "aria-label": _("Messages with %(name)s", { name }), "data-end": String(lines?.at(-1)?.id) },
      lines ? lines.map((line) => said(line, login)) : !failed && h("p", { class: "nothing" }, _("Loading…")),
      lines?.length === 0 && h("p", { class: "nothing", key: "none" }, _("Nothing was written yet.")),
    ),
    note && h("p", { class: "why", key: "note", role: "status" }, icon("info"), h("span", {}, note)),
    writing(login, state, page),
  );
}

function said({ id, text, at, from }, login) {
  const ours = from.login !== login;
  return h(
    "div",
    { class: `said ${ours ? "said-ours" : "said-theirs"}`, key: id },
    h("span", { class: "sr" }, ours ? _("You:") : `${from.name}:`, " "),
    h("p", { class: "said-text" }, text),
    h("p", { class: "said-foot" }, h("time", { datetime: at }, timeOfDay(at))),
  );
}

function writing(login, state, { setTalk, sendTalk }) {
  const { text = "", error = "" } = state.talks[login] || {};
  const send = (event) => {
    event.preventDefault();
    if (text.trim()) sendTalk(login);
  };
  // A handler that returns false would swallow the key.
  const enter = (event) => {
    if (event.key === "Enter" && !event.shiftKey && !event.isComposing) send(event);
  };
  return h(
    "form",
    { class: "reply", key: "write", onsubmit: send },
    h("label", { for: "talk-text" }, _("Your message")),
    h("textarea", {
      id: "talk-text", rows: 2, maxlength: 1000, value: text, "aria-describedby": error ? "talk-error" : null,
      oninput: (event) => setTalk(login, { text: event.target.value, error: "" }),
      onkeydown: enter,
    }),
    error && h("p", { class: "error", id: "talk-error", role: "alert" }, icon("warning"), h("span", {}, error)),
    h("div", { class: "reply-actions" }, h("button", { class: "big primary", disabled: Boolean(state.busy.write_message) || !text.trim() }, icon("send"), h("span", { class: "label" }, _("Send")))),
  );
}
