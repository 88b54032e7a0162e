// The blocks as a list in the order of the flow: the view of narrow screens, and the one that reads best aloud.

import { iconOf } from "./cards.js";
import { _, count, el, icon } from "./dom.js";
import { blockOf, exitsOf, inOrder, reached, titleOf } from "./model.js";

export function makeOutline({ kinds, mayChange, marks = {}, actions }) {
  const list = el("ol", { class: "outline-list" });
  const empty = el("p", { class: "quiet" }, _("No blocks yet."));
  const element = el("div", { class: "outline", role: "region", "aria-label": _("Blocks as a list"), tabindex: "0" }, empty, list);

  function draw(state) {
    const { definition } = state.doc;
    const order = inOrder(definition, kinds);
    const numbers = new Map(order.map((key, index) => [key, index + 1]));
    const focused = element.contains(document.activeElement) ? document.activeElement.closest("li[data-key]")?.dataset.key : "";
    const inside = reached(definition, kinds);
    list.replaceChildren(...order.map((key) => item(key, state, numbers, inside)));
    empty.hidden = order.length > 0;
    if (focused) focus(focused);
  }

  function item(key, state, numbers, inside) {
    const { definition } = state.doc;
    const block = blockOf(definition, key);
    const kind = kinds.get(block.kind);
    const about = (found) => found.filter((one) => one.block === key).length;
    const [bad, warn] = [about(state.findings.problems), about(state.findings.warnings)];
    const classes = ["outline-item", `group-${kind?.group ?? "other"}`, key === state.selected && "is-selected",
      marks[key] && `mark-${marks[key]}`].filter(Boolean).join(" ");
    return el("li", { class: classes, data: { key } },
      el("span", { class: "block-number", "aria-hidden": "true" }, String(numbers.get(key))),
      el("button", { type: "button", class: "outline-main", onclick: () => actions.select(key, { open: true }) },
        el("b", {}, titleOf(block, kinds)),
        el("span", { class: "outline-kind" }, icon(iconOf(kind)), kind?.label ?? block.kind)),
      el("span", { class: "outline-marks" },
        key === definition.start && el("span", { class: "badge badge-info" }, _("Start")),
        !inside.has(key) && el("span", { class: "badge badge-warn" }, _("Not reached")),
        bad > 0 && el("span", { class: "badge badge-bad" }, count(bad, "1 problem", "%s problems")),
        warn > 0 && el("span", { class: "badge badge-warn" }, count(warn, "1 warning", "%s warnings")),
        marks[key] && el("span", { class: "badge badge-ok" }, marks[key] === "added" ? _("Added") : _("Changed"))),
      el("ul", { class: "outline-exits" }, exitsOf(block, kinds).map((exit) => exitRow(block, exit, definition, numbers))));
  }

  function exitRow(block, exit, definition, numbers) {
    const target = exit.to && blockOf(definition, exit.to);
    const open = !target && !exit.falls;
    const add = mayChange && el("button", { type: "button", class: "outline-add", title: _("Add a block here"),
      "aria-label": _("Add a block at %s of %s", exit.label, titleOf(block, kinds)),
      onclick: () => actions.addAt({ key: block.key, exit: exit.key }) }, "+");
    const words = target
      ? el("button", { type: "button", class: "outline-link", onclick: () => go(exit.to) }, `${numbers.get(exit.to)} ${titleOf(target, kinds)}`)
      : el("span", { class: "quiet" }, exit.falls ? _("goes on at Next") : _("not connected"));
    return el("li", { class: open ? "is-open" : "" }, el("span", { class: "outline-exit" }, exit.label), el("span", { "aria-hidden": "true" }, "→"), words, add);
  }

  function go(key) {
    actions.select(key);
    focus(key);
  }

  function focus(key) {
    const found = list.querySelector(`li[data-key="${CSS.escape(key)}"]`);
    found?.scrollIntoView({ block: "nearest" });
    found?.querySelector(".outline-main").focus({ preventScroll: true });
  }

  return { element, draw, focus, reveal: (key) => list.querySelector(`li[data-key="${CSS.escape(key)}"]`)?.scrollIntoView({ block: "nearest" }) };
}
