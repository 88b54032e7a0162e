// The panel beside the canvas: one block with its title, its settings and its exits; or the scenario's own name.
// The form of the settings comes from the server, which also says what is wrong in it.

import { iconOf } from "./cards.js";
import { _, el, icon, settled } from "./dom.js";
import { blockOf, exitsOf, inOrder, titleOf } from "./model.js";
import { pick } from "./picker.js";

const PAUSE = 350;

export function makePanel({ kinds, mayChange, server, actions }) {
  const element = el("aside", { class: "panel", "aria-label": _("Details"), hidden: true, onkeydown: escape });
  let shown = { what: "", settings: null };
  let form = null;
  let loading = null;
  let underWay = Promise.resolve();
  const send = settled(() => { underWay = typed(); return underWay; }, PAUSE);

  function update(state) {
    element.hidden = !state.panel;
    if (!state.panel) return leave();
    const what = state.panel === "block" ? `block ${state.selected}` : "scenario";
    const block = state.panel === "block" ? blockOf(state.doc.definition, state.selected) : null;
    if (state.panel === "block" && !block) return leave();
    if (what !== shown.what) {
      flush();
      shown = { what, settings: block?.settings, kind: block?.kind };
      if (block) openBlock(block, state);
      else openScenario(state);
      return undefined;
    }
    if (block && block.settings !== shown.settings) {
      shown = { ...shown, settings: block.settings };
      loadForm(block.key);
    }
    refresh(block, state);
    return undefined;
  }

  function leave() {
    flush();
    shown = { what: "", settings: null };
    form = null;
    element.replaceChildren();
  }

  // -- a block

  function openBlock(block, state) {
    const kind = kinds.get(block.kind);
    const title = el("input", { type: "text", id: "panel-title", maxlength: 120, value: titleOf(block, kinds), disabled: !mayChange,
      autocomplete: "off", oninput: () => actions.rename(block.key, title.value) });
    form = el("form", { class: "panel-form", novalidate: true, oninput: () => { actions.typing(); send(); },
      onchange: () => send(), onsubmit: (event) => { event.preventDefault(); send.now(); } });
    element.replaceChildren(
      head(kind?.label ?? block.kind, iconOf(kind), kind?.group),
      el("div", { class: "panel-body" },
        el("p", { class: "quiet small" }, kind?.words ?? _("This version of the program does not have this kind of block.")),
        el("ul", { class: "panel-findings" }),
        el("div", { class: "form-row" }, el("label", { for: "panel-title" }, _("Title")), title),
        form,
        el("section", { "aria-labelledby": "panel-exits" }, el("h3", { id: "panel-exits" }, _("Where it goes on")),
          el("div", { class: "panel-exits" }))),
      mayChange ? foot(block.key) : "");
    refresh(block, state);
    loadForm(block.key);
  }

  function head(words, sign, group = "other") {
    return el("div", { class: `panel-head group-${group}` }, icon(sign), el("h2", {}, words),
      el("button", { type: "button", class: "icon-button", "aria-label": _("Close"), title: _("Close (Esc)"),
        onclick: () => actions.closePanel() }, icon("cross")));
  }

  function foot(key) {
    return el("div", { class: "panel-foot" },
      el("button", { type: "button", class: "button plain", "data-start-here": "", onclick: () => actions.startAt(key) }, _("Start here")),
      el("button", { type: "button", class: "button plain", onclick: () => actions.duplicate(key) }, _("Duplicate")),
      el("button", { type: "button", class: "button quiet-danger", onclick: () => actions.remove(key) }, _("Remove")));
  }

  /** What other changes may have changed: findings, exits, the title after an undo. */
  function refresh(block, state) {
    if (!block) return refreshScenario(state);
    const title = element.querySelector("#panel-title");
    if (title && document.activeElement !== title) title.value = titleOf(block, kinds);
    const about = (list, tone) => list.filter((one) => one.block === block.key).map((one) => el("li", { class: `finding-${tone}` },
      one.words.replace(/^Block "[^"]*",?:? ?/, "")));
    element.querySelector(".panel-findings")?.replaceChildren(...about(state.findings.problems, "bad"), ...about(state.findings.warnings, "warn"));
    const start = element.querySelector("[data-start-here]");
    if (start) start.disabled = state.doc.definition.start === block.key;
    drawExits(block, state);
    return undefined;
  }

  function drawExits(block, state) {
    const box = element.querySelector(".panel-exits");
    if (!box) return;
    const { definition } = state.doc;
    const order = inOrder(definition, kinds);
    const focused = box.contains(document.activeElement) ? document.activeElement.id : "";
    box.replaceChildren(...exitsOf(block, kinds).map((exit) => {
      const id = `panel-exit-${exit.key}`;
      const none = kinds.get(block.kind)?.exits.find((one) => one.key === exit.key)?.falls ? _("Not connected: goes on at Next") : _("Not connected: the end");
      const select = el("select", { id, disabled: !mayChange, onchange: () => actions.connect(block.key, exit.key, select.value) },
        el("option", { value: "" }, none),
        order.map((key, index) => el("option", { value: key }, `${index + 1} ${titleOf(blockOf(definition, key), kinds)}`)));
      select.value = exit.to;
      const row = exit.key === "failed" ? "panel-exit is-failed" : "panel-exit";
      return el("div", { class: row }, el("label", { for: id }, exit.label), select,
        mayChange && el("button", { type: "button", class: "icon-button", title: _("New block here"),
          "aria-label": _("New block at %s", exit.label), onclick: () => actions.addAt({ key: block.key, exit: exit.key }) }, icon("plus")));
    }));
    if (!box.children.length) box.append(el("p", { class: "quiet small" }, _("It has no exits: the scenario ends here.")));
    if (focused) document.getElementById(focused)?.focus();
  }

  // -- the settings

  async function loadForm(key) {
    loading?.abort();
    loading = new AbortController();
    const mine = form;
    if (!mine) return;
    mine.classList.add("is-loading");
    const answer = await server.form(actions.definition(), key, loading.signal);
    if (answer.aborted || mine !== form) return;
    mine.classList.remove("is-loading");
    if (!answer.ok) {
      mine.replaceChildren(el("p", { class: "note note-bad" }, answer.fault),
        el("button", { type: "button", class: "button", onclick: () => loadForm(key) }, _("Try again")));
      return;
    }
    const focused = mine.contains(document.activeElement) ? document.activeElement.name : "";
    const fields = new DOMParser().parseFromString(answer.html, "text/html").body;
    const rows = el("fieldset", { class: "panel-fields", disabled: !mayChange }, ...fields.childNodes);
    mine.replaceChildren(...(rows.querySelector(".form-row") ? [el("h3", {}, _("Settings")), rows] : []));
    for (const field of rows.querySelectorAll("[data-names]")) offerNames(field, answer.names);
    showErrors(answer.errors);
    if (focused) mine.elements[focused]?.focus();
  }

  async function typed() {
    const key = shown.what.replace(/^block /, "");
    const mine = form;
    if (!mine || !mayChange) return;
    const answer = await server.typed(actions.definition(), key, new URLSearchParams(new FormData(mine)).toString());
    if (!answer.ok) {
      actions.say(answer.fault, "bad");
      return;
    }
    if (shown.what === `block ${key}`) {
      shown = { ...shown, settings: answer.settings };
      showErrors(answer.errors);
    }
    actions.setSettings(key, answer.settings);
  }

  /** What was typed is on its way to the definition: resolves when it has arrived. */
  function flush() {
    send.now();
    return underWay;
  }

  function showErrors(errors) {
    if (!form) return;
    for (const list of form.querySelectorAll(".errorlist")) list.remove();
    for (const row of form.querySelectorAll(".form-row.errors")) row.classList.remove("errors");
    for (const field of form.querySelectorAll("[aria-invalid]")) field.removeAttribute("aria-invalid");
    for (const [name, sentences] of Object.entries(errors)) {
      const list = el("ul", { class: "errorlist", id: `panel-error-${name}` }, sentences.map((words) => el("li", {}, words)));
      const row = name && form.querySelector(`.form-row.field-${CSS.escape(name)}`);
      if (!row) {
        form.prepend(list);
        continue;
      }
      row.classList.add("errors");
      const help = row.querySelector(".help");
      if (help) help.before(list);
      else row.append(list);
      const field = row.querySelector("input, select, textarea");
      field?.setAttribute("aria-invalid", "true");
      field?.setAttribute("aria-describedby", [list.id, help?.id].filter(Boolean).join(" "));
    }
  }

  /** A button at the field that puts a `$(name)` where the caret is. */
  function offerNames(field, names) {
    if (!mayChange) return;
    const label = field.closest(".form-row")?.querySelector("label");
    const button = el("button", { type: "button", class: "insert-name", title: _("Insert a value that is known at this point"),
      onclick: () => insert(field, names) }, "$( )", el("span", { class: "visually-hidden" }, _("Insert a value into %s", label?.textContent ?? "")));
    label?.after(button);
  }

  async function insert(field, names) {
    const { selectionStart: from, selectionEnd: to } = field;
    const groups = names.map((group) => ({ label: group.label,
      items: group.names.map((one) => ({ value: one.name, label: `$(${one.name})`, words: one.words })) }));
    const name = await pick({ title: _("Insert a value"), placeholder: _("Search names"), groups });
    field.focus();
    if (!name) return;
    field.setRangeText(`$(${name})`, from, to, "end");
    field.dispatchEvent(new Event("input", { bubbles: true }));
  }

  // -- the scenario itself

  function openScenario(state) {
    form = null;
    const name = el("input", { type: "text", id: "panel-name", maxlength: 120, value: state.doc.name, disabled: !mayChange,
      oninput: () => actions.describe({ name: name.value }, "name") });
    const description = el("textarea", { id: "panel-description", rows: 3, value: state.doc.description, disabled: !mayChange,
      oninput: () => actions.describe({ description: description.value }, "description") });
    const start = el("select", { id: "panel-start", disabled: !mayChange, onchange: () => actions.startAt(start.value) });
    element.replaceChildren(head(_("Scenario"), "flow"), el("div", { class: "panel-body" },
      el("ul", { class: "panel-findings" }),
      el("div", { class: "form-row" }, el("label", { for: "panel-name" }, _("Name")), name),
      el("div", { class: "form-row" }, el("label", { for: "panel-description" }, _("Description")), description),
      el("div", { class: "form-row" }, el("label", { for: "panel-start" }, _("Starts at")), start)));
    refreshScenario(state);
  }

  function refreshScenario(state) {
    const { definition } = state.doc;
    for (const part of ["name", "description"]) {
      const field = element.querySelector(`#panel-${part}`);
      if (field && document.activeElement !== field) field.value = state.doc[part];
    }
    const start = element.querySelector("#panel-start");
    start?.replaceChildren(el("option", { value: "" }, _("Nowhere yet")), ...inOrder(definition, kinds).map((key) => el("option", { value: key }, titleOf(blockOf(definition, key), kinds))));
    if (start) start.value = definition.start ?? "";
  }

  function nameFault(sentences) {
    element.querySelector(".panel-findings")?.replaceChildren(...sentences.map((words) => el("li", { class: "finding-bad" }, words)));
    element.querySelector("#panel-name")?.focus();
  }

  function escape(event) {
    if (event.key !== "Escape" || event.defaultPrevented) return;
    event.preventDefault();
    actions.closePanel();
  }

  return { element, update, flush, nameFault,
    focus: () => element.querySelector("#panel-title, #panel-name")?.focus(),
    focusExits: () => element.querySelector(".panel-exits select")?.focus() };
}
