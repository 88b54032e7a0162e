// A chat in progress: what was said, what could be answered, and the field to write into.

import { h } from "../dom.js";
import { icon } from "../icons.js";
import { _, callerName, timeOfDay } from "../words.js";
import { addPicture, attachment, pickedPicture, takesPictures } from "./attachments.js";
import { button, candidates, reason, since } from "./parts.js";
import { pages } from "./pages.js";
import { records } from "./records.js";
import { transferButton, transferPanel } from "./transfer.js";
import { notesField } from "./wrapup.js";
import { whyThisPerson } from "./why.js";

export function chatCard(interaction, page) {
  const { act, busy } = page;
  const { chat, service } = interaction;
  return h(
    "section",
    { class: "card card-active card-chat", key: interaction.id, "aria-labelledby": `name-${interaction.id}` },
    h(
      "p",
      { class: "card-kind" },
      icon("chat"),
      h("span", {}, _("Chat by %(channel)s", { channel: chat.channel })),
      interaction.answeredAt && h("span", { class: "kind-timer" }, since(interaction.answeredAt, { key: interaction.answeredAt })),
    ),
    h("h2", { class: "caller", id: `name-${interaction.id}`, tabindex: "-1" }, callerName(interaction)),
    reason(interaction),
    h("p", { class: "facts" }, service && h("span", { class: "service" }, service.name)),
    candidates(interaction, act),
    whyThisPerson(interaction, act),
    conversation(interaction, page),
    chat.canSay && reply(interaction, page),
    h(
      "div",
      { class: "actions" },
      transferButton(interaction, page),
      button(_("End chat"), {
        key: "end", name: "cross", class: "big end", shortcut: "E", "data-order": "end", disabled: Boolean(busy.end),
        onclick: () => act("end", { interaction: interaction.id }),
      }),
    ),
    transferPanel(interaction, page),
    pages(interaction),
    records(interaction, page),
    notesField(interaction, page),
  );
}

export function conversation(interaction, page) {
  const { messages } = interaction.chat;
  return h(
    "div",
    { class: "conversation", key: "conversation", role: "log", tabindex: "0", "aria-label": _("Conversation"), "data-end": `${messages.length} ${messages.at(-1)?.status} ${Object.keys(page.media).length}` },
    messages.map((message) => line(message, interaction, page)),
  );
}

function line(message, interaction, page) {
  const trouble = message.status === "failed" || message.status === "uncertain";
  return h(
    "div",
    { class: `said ${message.ours ? "said-ours" : "said-theirs"}`, key: message.id },
    h("span", { class: "sr" }, speaker(message), " "),
    message.text && h("p", { class: "said-text" }, message.text),
    message.media.map((_entry, number) => attachment(message, number, page)),
    h(
      "p",
      { class: `said-foot ${trouble ? "said-trouble" : ""}` },
      trouble && icon("warning"),
      h("time", { datetime: message.at }, timeOfDay(message.at)),
      message.byBot && h("span", {}, _("Bot")),
      message.ours && h("span", {}, statusWords(message)),
      MOODS[message.mood] && h("span", { class: `mood mood-${message.mood}` }, MOODS[message.mood]()),
    ),
    message.error && h("p", { class: "said-error" }, message.error),
    trouble && interaction.chat.canSay &&
      button(_("Send again"), { class: "plain small", name: "refresh", disabled: Boolean(page.busy.say_again), onclick: () => page.act("say_again", { interaction: interaction.id, message: message.id }) }),
  );
}

function speaker(message) {
  if (message.byBot) return _("Bot:");
  return message.ours ? _("You:") : _("Customer:");
}

// Neutral says nothing, so nothing is said.
const MOODS = {
  positive: () => _("Pleased"),
  negative: () => _("Upset"),
};

const STATUS = {
  waiting: () => _("Waiting"),
  sending: () => _("Sending…"),
  sent: () => _("Sent"),
  delivered: () => _("Delivered"),
  seen: () => _("Seen"),
  failed: () => _("Not sent"),
  uncertain: () => _("Perhaps not sent"),
};

const statusWords = (message) => (STATUS[message.status] || (() => message.statusText))();

function reply(interaction, page) {
  const { chat } = interaction;
  const { replies, setReply, say, busy } = page;
  const { text = "", picture = null, error = "" } = replies[interaction.id] || {};
  const id = `reply-${interaction.id}`;
  const send = (event) => {
    event.preventDefault();
    say(interaction.id);
  };
  const enter = (event) => {
    if (event.key === "Enter" && !event.shiftKey && !event.isComposing) send(event);
  };
  return h(
    "form",
    { class: "reply", key: "reply", onsubmit: send, ...takesPictures(interaction, page) },
    chat.outOfReach && h("p", { class: "why why-failed", role: "status" }, icon("warning"), h("span", {}, _("This customer cannot be reached any more. They have to write first."))),
    suggestions(interaction, page),
    h("label", { for: id }, _("Your answer")),
    h("textarea", {
      id, rows: 2, maxlength: 5000, value: text, "data-first": true,
      "aria-describedby": error ? `${id}-error` : null,
      oninput: (event) => setReply(interaction.id, { text: event.target.value, error: "" }), onkeydown: enter,
    }),
    pickedPicture(interaction, page),
    error && h("p", { class: "error", id: `${id}-error`, role: "alert" }, icon("warning"), h("span", {}, error)),
    h(
      "div",
      { class: "reply-actions" },
      h("button", { class: "big primary", disabled: Boolean(busy.say) || !(picture ? picture.id : text.trim()) }, icon("send"), h("span", { class: "label" }, _("Send"))),
      addPicture(interaction, page),
    ),
  );
}

function suggestions(interaction, { insertIntoReply }) {
  const proposed = interaction.chat.suggestions;
  if (!proposed.length) return null;
  const take = (text) => () => insertIntoReply(interaction.id, text);
  return h(
    "div",
    { class: "suggestions", key: "suggestions", role: "group", "aria-label": _("Suggested by the bot") },
    h("span", { class: "suggestions-head" }, icon("bolt"), _("Suggested by the bot")),
    proposed.map(({ text }) => h("button", { type: "button", class: "suggestion", onclick: take(text) }, text)),
  );
}
