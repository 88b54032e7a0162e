// One block as a card on the canvas: how large it is, where its exits are, and its elements.

import { _, count, el, icon } from "./dom.js";
import { exitsOf, titleOf } from "./model.js";

const HEIGHT = 92;
const PORT_HEIGHT = 24;
const LETTER = 6.4;
const TITLE_LETTER = 7;
const PORT_PADDING = 20;
const WIDEST_PORT = 150;
const NARROWEST = 236;
const ICONS = { crm: "contact", logic: "flow", call: "phone", chat: "inbox", other: "plug" };

export function iconOf(kind) {
  return ICONS[kind?.group] ?? "plug";
}

/** Width, height and the places of the exits, from the words alone, so that drawing needs no measuring. */
export function sizeOf(block, kinds) {
  const exits = exitsOf(block, kinds);
  if (exits.length < 2) {
    const ports = Object.fromEntries(exits.map((exit) => [exit.key, NARROWEST / 2]));
    return { width: NARROWEST, height: HEIGHT + 8, ports, widths: {} };
  }
  const widths = exits.map((exit) => Math.min(WIDEST_PORT, exit.label.length * LETTER + PORT_PADDING));
  const gap = 6;
  const all = widths.reduce((sum, width) => sum + width, gap * (widths.length - 1));
  const width = Math.max(NARROWEST, all + 24);
  let x = (width - all) / 2;
  const ports = {};
  exits.forEach((exit, index) => {
    ports[exit.key] = x + widths[index] / 2;
    x += widths[index] + gap;
  });
  return { width, height: HEIGHT + PORT_HEIGHT / 2, ports,
    widths: Object.fromEntries(exits.map((exit, index) => [exit.key, widths[index]])) };
}

/** `view`: { kinds, number, at, size, reached, isStart, found: { problems, warnings }, selected, mark, mayChange,
 * titles }. */
export function card(block, view) {
  const kind = view.kinds.get(block.kind);
  const exits = exitsOf(block, view.kinds);
  const title = titleOf(block, view.kinds);
  const tone = view.found.problems ? "bad" : view.found.warnings ? "warn" : "";
  const classes = ["node", `group-${kind?.group ?? "other"}`, tone && `has-${tone}`, !view.reached && "is-unreached",
    view.mark && `mark-${view.mark}`, view.selected && "is-selected"].filter(Boolean).join(" ");
  const notes = notesOf(view);
  return el("div", { class: classes, data: { key: block.key }, at: { ...view.at, width: view.size.width } },
    el("button", { type: "button", class: "node-main", tabindex: "-1", "aria-label": spoken(title, kind, exits, notes, view),
      "aria-pressed": view.selected ? "true" : "false" },
    el("span", { class: "node-kind" }, icon(iconOf(kind)), el("span", {}, kind?.label ?? block.kind),
      view.isStart && el("span", { class: "node-start" }, _("Start")),
      notes.length > 0 && el("span", { class: "node-note" }, notes[0])),
    el("span", { class: "node-title" }, title),
    title.length * TITLE_LETTER < view.size.width - 31 && el("span", { class: "node-says" }, sayingOf(block, kind))),
    el("div", { class: exits.length > 1 ? "ports" : "ports single" },
      exits.map((exit) => port(block, exit, view))));
}

function port(block, exit, view) {
  const single = !view.size.widths[exit.key];
  const open = !exit.to && !exit.falls;
  const where = exit.to ? view.titles.get(exit.to) ?? exit.to : exit.falls ? _("goes on at Next") : _("not connected");
  const classes = ["port", open && "is-open", exit.falls && "is-falling", exit.key === "failed" && "is-failed",
    single && "is-dot"].filter(Boolean).join(" ");
  const width = view.size.widths[exit.key];
  const x = view.size.ports[exit.key] - (width ?? 18) / 2;
  const element = el("button", { type: "button", class: classes, tabindex: "-1", disabled: !view.mayChange,
    data: { exit: exit.key }, title: `${exit.label} → ${where}`, "aria-label": _("Exit %s: %s", exit.label, where),
    at: { x, y: 0 } }, single ? "" : el("span", {}, exit.label));
  if (width) element.style.width = `${width}px`;
  return element;
}

/** One line about what the block does: its first settings that are set, a choice in the words of the form. */
function sayingOf(block, kind) {
  const set = (kind?.says ?? []).map((one) => [one, block.settings?.[one.name]]).filter(([, value]) => typeof value === "string" && value);
  return set.slice(0, 3).map(([one, value]) => one.choices[value] ?? value).join(" · ");
}

function notesOf(view) {
  return [
    view.found.problems && count(view.found.problems, "1 problem", "%s problems"),
    view.found.warnings && count(view.found.warnings, "1 warning", "%s warnings"),
    !view.reached && _("Not reached"),
    view.mark === "added" && _("Added"),
    view.mark === "changed" && _("Changed"),
  ].filter(Boolean);
}

/** What a screen reader says: the number in the order of the flow, the words on the card, and where its exits lead. */
function spoken(title, kind, exits, notes, view) {
  const led = exits.map((exit) => {
    if (exit.to) return _("%s to %s", exit.label, view.titles.get(exit.to) ?? exit.to);
    return exit.falls ? "" : _("%s not connected", exit.label);
  }).filter(Boolean);
  return [`${view.number}. ${title}`, kind?.label, ...notes, ...led].filter(Boolean).join(", ");
}
