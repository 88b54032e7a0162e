// A call in progress or on hold: who, how long, hold and end; notes for later.

import { h } from "../dom.js";
import { icon } from "../icons.js";
import { _, callerName } from "../words.js";
import { button, callerLines, candidates, reason, since } from "./parts.js";
import { callersKeys, pages } from "./pages.js";
import { records } from "./records.js";
import { transferButton, transferPanel } from "./transfer.js";
import { notesField } from "./wrapup.js";
import { whyThisPerson } from "./why.js";

export function callCard(interaction, page) {
  const { act, busy } = page;
  const held = interaction.state === "held";
  const can = (control) => interaction.controls.includes(control);
  const order = (name) => () => act(name, { interaction: interaction.id });
  return h(
    "section",
    { class: `card ${held ? "card-held" : "card-active"}`, key: interaction.id, "aria-labelledby": `name-${interaction.id}` },
    h(
      "p",
      { class: "card-kind" },
      icon(held ? "pause" : "phone"),
      h("span", {}, held ? _("On hold") : _("On the call"), held && interaction.heldAt && [" ", since(interaction.heldAt, { key: interaction.heldAt, class: "held-timer" })]),
      interaction.answeredAt && h("span", { class: "kind-timer" }, since(interaction.answeredAt, { key: interaction.answeredAt })),
    ),
    h("h2", { class: "caller", id: `name-${interaction.id}`, tabindex: "-1" }, callerName(interaction)),
    reason(interaction),
    callerLines(interaction),
    candidates(interaction, act),
    whyThisPerson(interaction, act),
    h(
      "div",
      { class: "actions" },
      can("hold") &&
        button(_("Hold"), { key: "hold", name: "pause", class: "big plain", shortcut: "H", "data-order": "hold", disabled: Boolean(busy.hold), onclick: order("hold") }),
      can("resume") &&
        button(_("Resume"), { key: "resume", name: "play", class: "big accept", shortcut: "H", "data-first": true, "data-order": "resume", disabled: Boolean(busy.resume), onclick: order("resume") }),
      transferButton(interaction, page),
      can("end") &&
        button(_("End call"), { key: "end", name: "hangup", class: "big end", shortcut: "E", "data-order": "end", disabled: Boolean(busy.end), onclick: order("end") }),
    ),
    transferPanel(interaction, page),
    callersKeys(interaction, page),
    pages(interaction),
    records(interaction, page),
    notesField(interaction, page),
  );
}
