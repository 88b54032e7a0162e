// Small pieces that several views share.

import { h } from "../dom.js";
import { icon } from "../icons.js";
import { _, callerName } from "../words.js";

// The page's one clock writes into these every second; drawing again does not disturb them.
export const since = (iso, props) => h("time", { ...props, class: `timer ${props?.class || ""}`, "data-since": iso, role: "timer" });
export const until = (iso, props) => h("time", { ...props, class: `timer ${props?.class || ""}`, "data-until": iso, role: "timer" });

export function button(label, { name, key, shortcut, ...props }) {
  return h(
    "button",
    { type: "button", ...props, key, "aria-keyshortcuts": shortcut ? `Alt+${shortcut}` : null },
    name && icon(name),
    h("span", { class: "label" }, label),
    shortcut && h("kbd", { "aria-hidden": "true" }, `Alt ${shortcut}`),
  );
}

export const iconButton = (label, name, props) =>
  h("button", { type: "button", ...props, class: `icon-button ${props.class || ""}`, "aria-label": label, title: label }, icon(name));

export function callerLines(interaction) {
  const { customer, service } = interaction;
  if (interaction.chat && !customer.raw) return h("p", { class: "facts" }, service && h("span", { class: "service" }, service.name));
  const number = customer.anonymous ? _("Number withheld") : customer.number || customer.raw;
  const showNumber = customer.anonymous || callerName(interaction) !== number;
  return h(
    "p",
    { class: "facts" },
    showNumber && h("span", { class: "number" }, number),
    service && h("span", { class: "service" }, service.name),
  );
}

const NO_MATCH = {
  looking_up: () => _("Looking up the number…"),
  none: () => _("No record with this number."),
  anonymous: () => _("The caller withholds the number."),
  failed: () => _("The look-up failed. The call is not affected."),
  rejected: () => _("You said that it is somebody else."),
};

// Why this record: the sentence that decides whether an agent trusts the name on the screen.
export function reason({ caller }) {
  if (!caller) return null;
  const text = caller.rule || (NO_MATCH[caller.status] || (() => ""))();
  if (!text) return null;
  const sign = { looking_up: "refresh", matched: "check", failed: "warning" }[caller.status] || "info";
  return h("p", { class: `why why-${caller.status || "none"}`, key: "why" }, icon(sign), h("span", {}, text));
}

export function candidates(interaction, act) {
  const { caller } = interaction;
  if (!caller || caller.status !== "several" || !(caller.candidates || []).length) return null;
  const choose = (index) => () => act("choose_caller", { interaction: interaction.id, index });
  return h(
    "fieldset",
    { class: "candidates", key: "candidates" },
    h("legend", {}, _("Who is calling?")),
    caller.candidates.map((candidate, index) =>
      h(
        "button",
        { type: "button", class: "candidate", onclick: choose(index) },
        icon("person"),
        h("span", { class: "candidate-name" }, candidate.name),
        candidate.detail && h("span", { class: "candidate-detail" }, candidate.detail),
      ),
    ),
  );
}
