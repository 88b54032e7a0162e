// Problems and warnings of the whole scenario: a button that counts them, and the list that leads to each block.

import { _, count, el, icon } from "./dom.js";

export function makeFindings(actions) {
  const summary = el("summary", { class: "button plain findings-summary" });
  const list = el("ul", { class: "findings-list" });
  const element = el("details", { class: "findings", "data-closes": "" }, summary, el("div", { class: "menu findings-menu" }, list));

  function draw({ findings, checked }) {
    const { problems, warnings } = findings;
    const tone = problems.length ? "bad" : warnings.length ? "warn" : "ok";
    const words = [
      problems.length && count(problems.length, "1 problem", "%s problems"),
      warnings.length && count(warnings.length, "1 warning", "%s warnings"),
    ].filter(Boolean).join(", ") || _("No problems");
    summary.className = `button plain findings-summary tone-${tone}`;
    summary.replaceChildren(icon(tone === "ok" ? "check-circle" : "alert"), checked ? words : _("Checking"));
    list.replaceChildren(...problems.map((one) => row(one, "bad")), ...warnings.map((one) => row(one, "warn")));
    if (!list.children.length) list.append(el("li", { class: "quiet" }, _("It can be published.")));
  }

  function row(finding, tone) {
    if (!finding.block) return el("li", { class: `finding-${tone}` }, finding.words);
    return el("li", { class: `finding-${tone}` }, el("button", { type: "button", onclick: () => {
      element.open = false;
      actions.select(finding.block, { open: true, reveal: true });
    } }, finding.words));
  }

  return { element, draw };
}
