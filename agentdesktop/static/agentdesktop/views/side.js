// The lists beside the work; below a certain width they take its place, one at a time.

import { h } from "../dom.js";
import { icon } from "../icons.js";
import { _ } from "../words.js";
import { dialPad } from "./dialpad.js";
import { directory } from "./directory.js";
import { knowledge } from "./knowledge.js";
import { lists } from "./lists.js";
import { recents } from "./recents.js";

const VIEWS = {
  work: { label: () => _("Calls"), name: "phone" },
  recents: { label: () => _("Recents"), name: "clock", body: recents },
  lists: { label: () => _("Lists"), name: "list", body: lists, shown: (state) => state.hasLists },
  directory: { label: () => _("Directory"), name: "people", body: directory },
  knowledge: { label: () => _("Topics"), name: "book", body: knowledge },
  dial: { label: () => _("Dial"), name: "keypad", body: dialPad },
};

export function navigation(state, { go }) {
  const { view, side } = state.ui;
  const count = state.interactions.length;
  const shown = Object.entries(VIEWS).filter(([, each]) => !each.shown || each.shown(state));
  return shown.map(([key, { label, name }]) => {
    const current = key === view ? "page" : null;
    return h(
      "button",
      { key, type: "button", class: `tab tab-${key} ${shown.length > 5 ? "tab-many" : ""} ${key === side ? "tab-side" : ""}`, "aria-current": current, onclick: () => go(key) },
      icon(name),
      h("span", {}, label()),
      key === "work" && count > 0 && h("span", { class: "badge" }, String(count), h("span", { class: "sr" }, " ", _("at hand"))),
    );
  });
}

export function side(state, page) {
  if (state.phase !== "ready") return [];
  const { label, body } = VIEWS[state.ui.side];
  return [h("h2", { class: "side-title", key: `title-${state.ui.side}` }, label()), body(state, page)];
}
