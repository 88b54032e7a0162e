// After-call work: how it ended, notes, and whether what was written has reached the CRM.

import { h } from "../dom.js";
import { icon } from "../icons.js";
import { _, callerName, clock, secondsBetween } from "../words.js";
import { button, callerLines, candidates, reason, until } from "./parts.js";
import { pages } from "./pages.js";
import { records } from "./records.js";
import { whyThisPerson } from "./why.js";

export const draftOf = (interaction, drafts) => ({
  disposition: interaction.disposition || "",
  notes: interaction.notes || "",
  ...drafts[interaction.id],
});

const SAVING = {
  saving: () => _("Saving…"),
  saved: () => _("Saved"),
  failed: () => _("Not saved yet"),
};

export function notesField(interaction, { drafts, edit }) {
  const draft = draftOf(interaction, drafts);
  const id = `notes-${interaction.id}`;
  return h(
    "div",
    { class: "field notes", key: "notes" },
    h(
      "div",
      { class: "field-head" },
      h("label", { for: id }, _("Notes")),
      h("span", { class: `saving saving-${draft.saving || "none"}`, role: "status" }, SAVING[draft.saving]?.()),
    ),
    h("textarea", {
      id,
      rows: 3,
      maxlength: 4000,
      value: draft.notes,
      oninput: (event) => edit(interaction.id, { notes: event.target.value }),
    }),
  );
}

function dispositions(interaction, { drafts, edit, fieldErrors }) {
  const chosen = draftOf(interaction, drafts).disposition;
  const error = fieldErrors[interaction.id]?.disposition;
  if (!(interaction.dispositions || []).length) return null;
  const group = `disposition-${interaction.id}`;
  return h(
    "fieldset",
    { class: "dispositions", key: "dispositions", "aria-describedby": error ? `${group}-error` : null },
    h("legend", {}, _("How did it end?")),
    error && h("p", { class: "error", id: `${group}-error`, role: "alert" }, icon("warning"), h("span", {}, error)),
    interaction.dispositions.map(({ code, name }, index) =>
      h(
        "label",
        { class: "chip", key: code },
        h("input", {
          type: "radio",
          name: group,
          value: code,
          checked: chosen === code,
          "data-first": index === 0,
          onchange: () => edit(interaction.id, { disposition: code }),
        }),
        h("span", {}, icon("check"), name),
      ),
    ),
  );
}

const ACTIVITY = { saved: "clock", posted: "check", stuck: "warning", off: "info" };

const ACTIVITY_WORDS = {
  saved: () => _("Saved, will post later"),
  posted: () => _("Posted"),
};

export function activityLine({ activity }) {
  if (!activity || activity.status === "none" || !activity.text) return null;
  const { status, text } = activity;
  return h(
    "p",
    { class: `activity activity-${status}`, key: "activity", "data-status": status },
    icon(ACTIVITY[status] || "info"),
    h("span", {}, ACTIVITY_WORDS[status] ? ACTIVITY_WORDS[status]() : text),
  );
}

export function wrapUpCard(interaction, page) {
  const { complete, busy } = page;
  const { answeredAt, endedAt } = interaction;
  return h(
    "section",
    { class: "card card-wrapup", key: interaction.id, "aria-labelledby": `name-${interaction.id}` },
    h(
      "p",
      { class: "card-kind" },
      icon("pen"),
      h("span", {}, _("After-call work")),
      interaction.wrapUpUntil &&
        h("span", { class: "kind-timer" }, until(interaction.wrapUpUntil), h("span", { class: "sr" }, " ", _("left"))),
    ),
    h(
      "h2",
      { class: "caller", id: `name-${interaction.id}`, tabindex: "-1" },
      callerName(interaction),
      answeredAt && endedAt && h("small", { class: "spoke" }, _("spoke %(time)s", { time: clock(secondsBetween(answeredAt, endedAt)) })),
    ),
    reason(interaction),
    callerLines(interaction),
    candidates(interaction, page.act),
    whyThisPerson(interaction, page.act),
    dispositions(interaction, page),
    notesField(interaction, page),
    activityLine(interaction),
    pages(interaction),
    records(interaction, page),
    h(
      "div",
      { class: "actions" },
      button(_("Complete"), {
        key: "complete",
        name: "check",
        class: "big primary",
        shortcut: "S",
        "data-order": "complete",
        disabled: Boolean(busy.complete),
        onclick: () => complete(interaction.id),
      }),
    ),
  );
}
