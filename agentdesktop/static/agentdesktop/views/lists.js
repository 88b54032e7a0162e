// Calling lists: which ones there are, the person who is next, and the way to call them.

import { h, safeUrl } from "../dom.js";
import { icon } from "../icons.js";
import { _, ngettext } from "../words.js";
import { button, until } from "./parts.js";

export function lists(state, page) {
  const { loaded, failed, row, error } = state.lists;
  if (failed && !loaded) return trouble(failed, page);
  if (!loaded) return h("p", { class: "nothing", key: "loading", role: "status" }, _("Loading…"));
  return h(
    "div",
    { class: "lists", key: "lists" },
    error && h("p", { class: "error", key: "error", role: "alert" }, icon("warning"), h("span", {}, error)),
    row ? person(row, state, page) : overview(state, page),
  );
}

function trouble(failed, page) {
  return h(
    "div",
    { class: "lists", key: "trouble" },
    h("p", { class: "error", role: "alert" }, icon("warning"), h("span", {}, failed)),
    button(_("Try again"), { class: "plain", name: "refresh", onclick: page.loadLists }),
  );
}

function overview(state, page) {
  if (!state.lists.lists.length) return h("p", { class: "nothing", key: "none" }, _("There is no list for your services."));
  return h("ul", { class: "rows", key: "rows" }, state.lists.lists.map((list) => entry(list, state, page)));
}

function entry(list, state, page) {
  const left = list.left ? ngettext("%(count)s person left", "%(count)s people left", list.left) : _("Everybody was called");
  const closed = _("Calls %(hours)s", { hours: list.hours });
  return h(
    "li",
    { class: "row list-entry", key: list.id },
    h("div", { class: "row-words" }, h("span", { class: "row-name" }, list.name), h("span", { class: "row-facts" }, [left, list.service].join(" · ")), !list.open && h("span", { class: "row-facts list-closed" }, icon("clock"), " ", closed)),
    h(
      "button",
      { type: "button", class: "plain", disabled: !list.open || !list.left || Boolean(state.busy.list_next), "aria-label": _("Next on %(name)s", { name: list.name }), onclick: () => page.nextPerson(list.id) },
      _("Next"),
    ),
  );
}

function person(row, state, page) {
  const address = safeUrl(row.url);
  return h(
    "section",
    { class: "list-person", key: `person-${row.id}`, "aria-labelledby": "list-person" },
    h("p", { class: "card-kind" }, icon("list"), h("span", {}, row.listName)),
    h("h3", { class: "caller", id: "list-person", tabindex: "-1" }, row.name || row.number),
    row.name && h("p", { class: "facts" }, h("span", { class: "number" }, row.number)),
    row.attempts > 0 && h("p", { class: "why" }, icon("clock"), h("span", {}, ngettext("Called %(count)s time", "Called %(count)s times", row.attempts), row.last && `: ${row.last}`)),
    row.lastNotes && h("p", { class: "list-notes" }, row.lastNotes),
    row.columns.length > 0 && h("dl", { class: "list-columns" }, row.columns.map(({ name, value }) => [h("dt", {}, name), h("dd", {}, value)])),
    address && h("a", { href: address, target: "_blank", rel: "noopener noreferrer" }, _("Open the record")),
    h(
      "div",
      { class: "list-actions" },
      h("button", { type: "button", class: "big accept", disabled: Boolean(state.busy.list_dial), onclick: () => page.dialPerson(row.id) }, icon("phone"), h("span", { class: "label" }, _("Call"))),
      button(_("Not now"), { key: "not-now", class: "plain", disabled: Boolean(state.busy.list_give_back), onclick: page.giveBack }),
    ),
    row.heldUntil && h("p", { class: "hint" }, _("Yours for"), " ", until(row.heldUntil)),
  );
}
