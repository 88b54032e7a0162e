// Colleagues: who is there, in which state, on which extension.

import { h } from "../dom.js";
import { icon, stateIcon } from "../icons.js";
import { _, ngettext, STATE_LABELS } from "../words.js";
import { iconButton } from "./parts.js";
import { talk } from "./talk.js";

const matches = (person, text) => `${person.name} ${person.extension}`.toLowerCase().includes(text.trim().toLowerCase());

// A colleague's state is a word here and may come as {"state"} there.
const stateOf = (person) => (typeof person.state === "string" ? person.state : person.state?.state) || "LOGGED_OUT";

function row(person, { dialNumber, openTalk }) {
  const state = stateOf(person);
  return h(
    "li",
    { class: "row", key: `${person.name}/${person.extension}` },
    h("span", { class: `row-sign state-${state}` }, stateIcon(state)),
    h(
      "div",
      { class: "row-words" },
      h("span", { class: "row-name" }, person.name),
      h("span", { class: "row-facts" }, [person.extension, (STATE_LABELS[state] || (() => state))()].filter(Boolean).join(" · ")),
    ),
    iconButton(_("Write to %(name)s", { name: person.name }), "chat", { onclick: () => openTalk(person) }),
    person.extension && iconButton(_("Call %(name)s", { name: person.name }), "phone", { onclick: () => dialNumber(person.extension) }),
  );
}

export function directory(state, page) {
  if (state.ui.talk) return talk(state, page);
  const { filter } = state.ui;
  const found = state.directory.filter((person) => matches(person, filter));
  return h(
    "div",
    { class: "directory", key: "directory" },
    h("label", { class: "sr", for: "directory-filter" }, _("Find a colleague")),
    h(
      "div",
      { class: "search" },
      icon("people"),
      h("input", { id: "directory-filter", type: "search", value: filter, placeholder: _("Name or extension"), autocomplete: "off", oninput: (event) => page.setUi({ filter: event.target.value }) }),
    ),
    h("p", { class: "sr", role: "status" }, filter ? ngettext("%(count)s colleague found", "%(count)s colleagues found", found.length) : ""),
    found.length
      ? h("ul", { class: "rows" }, found.map((person) => row(person, page)))
      : h("p", { class: "nothing" }, filter ? _("Nobody matches “%(text)s”.", { text: filter }) : _("No colleagues yet.")),
  );
}
