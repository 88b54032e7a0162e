// One dialog to choose from a long list: kinds of blocks, blocks to lead to, names to insert. Typing narrows the list,
// arrows move in it, Enter chooses, Escape leaves.

import { _, el, icon } from "./dom.js";

/** `groups`: [{ label, items: [{ value, label, words, icon, tone }] }]. The chosen value, or null. */
export function pick({ title, placeholder, groups }) {
  return new Promise((resolve) => {
    let options = [];
    let active = 0;
    let chosen = null;
    const list = el("div", { class: "picker-list", role: "listbox", id: "picker-list", "aria-label": title, tabindex: "-1" });
    const nothing = el("p", { class: "picker-nothing quiet", role: "status" });
    const search = el("input", { type: "search", class: "picker-search", placeholder, role: "combobox", "aria-expanded": "true",
      "aria-controls": "picker-list", "aria-label": placeholder, autocomplete: "off", spellcheck: "false",
      oninput: () => show(search.value), onkeydown: keys });
    const dialog = el("dialog", { class: "sheet picker", "aria-label": title, onclose: close,
      onclick: (event) => { if (event.target === dialog) dialog.close(); } },
    el("div", { class: "sheet-head" }, el("h2", {}, title), el("button", { type: "button", class: "icon-button", "aria-label": _("Close"),
      onclick: () => dialog.close() }, icon("cross"))),
    el("div", { class: "picker-body" }, search, list, nothing));

    function show(term) {
      const words = term.toLowerCase().split(/\s+/).filter(Boolean);
      const fits = (item, label) => words.every((word) => `${item.label} ${item.words ?? ""} ${label}`.toLowerCase().includes(word));
      options = [];
      const shown = groups.map(({ label, items }) => [label, items.filter((item) => fits(item, label))])
        .filter(([, items]) => items.length);
      list.replaceChildren(...shown.map(([label, items], index) => el("div", { role: "group", "aria-labelledby": `picker-group-${index}` },
        label && el("div", { class: "picker-group", id: `picker-group-${index}` }, label), items.map(option))));
      nothing.textContent = options.length ? "" : _("Nothing matches.");
      activate(bestOf(term.trim().toLowerCase()));
    }

    /** The first whose own name begins with what was typed, else the first that has it in its name, else the first. */
    function bestOf(term) {
      const begins = options.findIndex(({ item }) => item.label.toLowerCase().startsWith(term));
      const has = options.findIndex(({ item }) => item.label.toLowerCase().includes(term));
      return begins >= 0 ? begins : Math.max(0, has);
    }

    function option(item) {
      const at = options.length;
      const element = el("div", { class: `picker-option ${item.tone ?? ""}`, role: "option", id: `picker-${at}`, "aria-selected": "false",
        onclick: () => choose(item), onpointermove: () => { if (active !== at) activate(at, { still: true }); } },
      item.icon && el("span", { class: "picker-icon" }, icon(item.icon)),
      el("span", { class: "picker-words" }, el("b", {}, item.label), item.words && el("span", {}, item.words)));
      options.push({ item, element });
      return element;
    }

    function activate(index, { still = false } = {}) {
      options[active]?.element.setAttribute("aria-selected", "false");
      active = Math.max(0, Math.min(index, options.length - 1));
      const found = options[active];
      found?.element.setAttribute("aria-selected", "true");
      if (found) search.setAttribute("aria-activedescendant", found.element.id);
      else search.removeAttribute("aria-activedescendant");
      if (!still) found?.element.scrollIntoView({ block: "nearest" });
    }

    function keys(event) {
      const step = { ArrowDown: 1, ArrowUp: -1, PageDown: 6, PageUp: -6 }[event.key];
      if (step) {
        event.preventDefault();
        activate(active + step);
      } else if (event.key === "Enter") {
        event.preventDefault();
        if (options[active]) choose(options[active].item);
      }
    }

    function choose(item) {
      chosen = item.value;
      dialog.close();
    }

    function close() {
      dialog.remove();
      resolve(chosen);
    }

    document.body.append(dialog);
    show("");
    dialog.showModal();
    search.focus();
  });
}
