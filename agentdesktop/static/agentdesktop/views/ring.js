// A call that rings: who, why we think so, from where; and two large buttons.

import { h } from "../dom.js";
import { icon } from "../icons.js";
import { _, callerName } from "../words.js";
import { button, callerLines, candidates, reason, until } from "./parts.js";
import { records } from "./records.js";

export function ringCard(interaction, page) {
  const { act, busy } = page;
  const can = (control) => interaction.controls.includes(control);
  const order = (name) => () => act(name, { interaction: interaction.id });
  const outbound = interaction.direction === "outbound";
  return h(
    "section",
    { class: "card card-ringing", key: interaction.id, "aria-labelledby": `name-${interaction.id}` },
    h(
      "p",
      { class: "card-kind" },
      icon(outbound ? "outgoing" : "incoming"),
      h("span", {}, outbound ? _("Calling") : _("Incoming call")),
      interaction.ringUntil && !outbound && h("span", { class: "kind-timer" }, until(interaction.ringUntil, { "data-unit": "s" })),
    ),
    h("h2", { class: "caller", id: `name-${interaction.id}`, tabindex: "-1" }, callerName(interaction)),
    reason(interaction),
    callerLines(interaction),
    candidates(interaction, act),
    records(interaction, page),
    h(
      "div",
      { class: "actions" },
      can("accept") &&
        button(_("Accept"), { key: "accept", name: "phone", class: "big accept", shortcut: "A", "data-first": true, "data-order": "accept", disabled: Boolean(busy.accept), onclick: order("accept") }),
      can("reject") &&
        button(_("Reject"), { key: "reject", name: "hangup", class: "big reject", shortcut: "R", "data-order": "reject", disabled: Boolean(busy.reject), onclick: order("reject") }),
      can("end") &&
        button(_("End call"), { key: "end", name: "hangup", class: "big end", shortcut: "E", "data-first": true, "data-order": "end", disabled: Boolean(busy.end), onclick: order("end") }),
    ),
  );
}
