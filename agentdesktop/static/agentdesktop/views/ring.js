// A call that rings: who, why we think so, from where; and two large buttons.

import { h } from "../dom.js";
import { icon } from "../icons.js";
import { _, callerName, ringsHere } from "../words.js";
import { button, callerLines, candidates, reason, until } from "./parts.js";
import { callersKeys, pages } from "./pages.js";
import { records } from "./records.js";
import { whyThisPerson } from "./why.js";

export function ringCard(interaction, page) {
  const { act, busy } = page;
  const can = (control) => interaction.controls.includes(control);
  const order = (name) => () => act(name, { interaction: interaction.id });
  const { chat } = interaction;
  const callingOut = !ringsHere(interaction);
  return h(
    "section",
    { class: "card card-ringing", key: interaction.id, "aria-labelledby": `name-${interaction.id}` },
    h(
      "p",
      { class: "card-kind" },
      icon(chat ? "chat" : callingOut ? "outgoing" : "incoming"),
      h("span", {}, chat ? _("Chat by %(channel)s", { channel: chat.channel }) : callingOut ? _("Calling") : _("Incoming call")),
      interaction.ringUntil && !callingOut && h("span", { class: "kind-timer" }, until(interaction.ringUntil, { "data-unit": "s" })),
    ),
    h("h2", { class: "caller", id: `name-${interaction.id}`, tabindex: "-1" }, callerName(interaction)),
    reason(interaction),
    callerLines(interaction),
    handedOn(interaction),
    chat && firstWords(chat),
    candidates(interaction, act),
    whyThisPerson(interaction, act),
    callersKeys(interaction, page),
    pages(interaction),
    records(interaction, page),
    h(
      "div",
      { class: "actions" },
      can("accept") &&
        button(_("Accept"), { key: "accept", name: chat ? "chat" : "phone", class: "big accept", shortcut: "A", "data-first": true, "data-order": "accept", disabled: Boolean(busy.accept), onclick: order("accept") }),
      can("reject") &&
        button(_("Reject"), { key: "reject", name: chat ? "cross" : "hangup", class: "big reject", shortcut: "R", "data-order": "reject", disabled: Boolean(busy.reject), onclick: order("reject") }),
      can("end") &&
        button(_("End call"), { key: "end", name: "hangup", class: "big end", shortcut: "E", "data-first": true, "data-order": "end", disabled: Boolean(busy.end), onclick: order("end") }),
    ),
  );
}

// Whoever takes over reads first what was found out already.
function handedOn({ transferredBy, notes }) {
  if (!transferredBy) return null;
  return [
    h("p", { class: "why", key: "handed-on" }, icon("outgoing"), h("span", {}, _("Transferred by %(name)s.", { name: transferredBy }))),
    notes && h("blockquote", { class: "first-words", key: "handed-notes" }, notes),
  ];
}

// What the customer wrote last: enough to know what it is about before accepting.
function firstWords({ messages }) {
  const said = messages.filter((message) => message.text).at(-1);
  return said && h("blockquote", { class: "first-words", key: "first-words" }, said.text);
}
