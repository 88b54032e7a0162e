// The scenario editor. The page hands over the scenario as JSON; what is done to it is done by `model`, remembered by
// `store`, drawn by `canvas` and `outline`, and judged by the server.

import { iconOf } from "./cards.js";
import { makeCanvas } from "./canvas.js";
import { editText, showKeys } from "./dialogs.js";
import { _, el, icon, settled } from "./dom.js";
import { makeFindings } from "./findings.js";
import { listenToKeys } from "./keyboard.js";
import * as model from "./model.js";
import { makeOutline } from "./outline.js";
import { makePanel } from "./panel.js";
import { pick } from "./picker.js";
import { makeSaving } from "./saving.js";
import { makeServer } from "./server.js";
import { makeStore } from "./store.js";

const CHECK_PAUSE = 300;
const NARROW = matchMedia("(max-width: 767px)");

const root = document.querySelector("[data-editor]");
const data = JSON.parse(document.getElementById("scenario-data").textContent);
const kinds = model.kindsOf(data.catalogue);
const { mayChange } = data;
const working = Boolean(data.urls.save);
const server = makeServer(data.urls);
const doc = { name: data.name ?? "", description: data.description ?? "", definition: data.definition };
const store = makeStore({ doc, seen: data.seen, panel: "", checked: !working });
let view = localStorage.getItem("scenario-view") ?? "canvas";

const actions = {
  definition: () => store.state.doc.definition,
  say,
  typing: () => { unsaved.hidden = false; },

  select(key, { open = false, reveal = false } = {}) {
    store.set({ selected: key, panel: "block" });
    if (reveal || narrowed() === "canvas") shownView().reveal(key);
    if (open) panel.focus();
  },

  closePanel() {
    const { selected } = store.state;
    store.set({ selected: "", panel: "" });
    if (selected) shownView().focus(selected);
  },

  async addAt(after) {
    const kind = await chooseKind();
    if (!kind) return;
    await panel.flush();
    const { definition, key } = model.add(actions.definition(), kind, after);
    change(definition, "", { selected: key, panel: "block" });
    shownView().focus(key);
    if (!model.reached(definition, kinds).has(key)) say(_("“%s” is added. Nothing leads to it yet: pull a line to it, or choose it at an exit.", kind.label));
  },

  connect(key, exit, to) {
    change(model.connect(actions.definition(), key, exit, to));
  },

  async chooseTarget(key, exit) {
    if (!mayChange) return actions.select(key);
    const definition = actions.definition();
    const block = model.blockOf(definition, key);
    const { label, to } = model.exitsOf(block, kinds).find((one) => one.key === exit);
    const blocks = blockItems(definition).filter((item) => item.value !== to);
    const first = [{ value: "+", label: _("New block"), words: _("Choose a kind and put it here"), icon: "plus" },
      ...(to ? [{ value: "-", label: _("Nothing"), words: _("Not connected"), icon: "cross" }] : [])];
    const target = await pick({ title: _("“%s” leads to", label), placeholder: _("Search blocks"),
      groups: [{ label: "", items: first }, { label: _("Blocks"), items: blocks }] });
    if (target === "+") return actions.addAt({ key, exit });
    if (target) actions.connect(key, exit, target === "-" ? "" : target);
    return undefined;
  },

  rename: (key, title) => change(model.rename(actions.definition(), key, title), `title ${key}`),
  setSettings(key, settings) {
    const block = model.blockOf(actions.definition(), key);
    if (!block || JSON.stringify(block.settings ?? {}) === JSON.stringify(settings)) return showState();
    return change(model.setSettings(actions.definition(), key, settings), `settings ${key}`);
  },
  startAt: (key) => change(model.startAt(actions.definition(), key)),
  describe: (changes, kind) => store.change(changes, kind),

  async duplicate(key) {
    await panel.flush();
    const title = _("%s (copy)", model.titleOf(model.blockOf(actions.definition(), key), kinds));
    const made = model.duplicate(actions.definition(), key, title);
    change(made.definition, "", { selected: made.key, panel: "block" });
    shownView().focus(made.key);
  },

  async remove(key) {
    await panel.flush();
    const definition = actions.definition();
    const title = model.titleOf(model.blockOf(definition, key), kinds);
    const order = model.inOrder(definition, kinds);
    const result = model.remove(definition, key, kinds);
    change(result.definition, "", { selected: "", panel: "" });
    shownView().focus(result.onward || order[Math.max(0, order.indexOf(key) - 1)]);
    const open = result.open ? ` ${result.open === 1 ? _("1 exit is not connected now.") : _("%s exits are not connected now.", result.open)}` : "";
    say(_("“%s” is removed.", title) + open);
  },
};

const canvas = makeCanvas({ kinds, mayChange, marks: data.marks, actions });
const outline = makeOutline({ kinds, mayChange, marks: data.marks, actions });
const panel = makePanel({ kinds, mayChange, server, actions });
const findings = makeFindings(actions);
const saving = makeSaving({ data, kinds, server, store, say, flush: () => panel.flush(), show: showState, faults: (errors) => {
  store.set({ selected: "", panel: "scenario" });
  panel.nameFault(Object.values(errors).flat());
} });

// -- the page

const status = el("p", { class: "editor-said", role: "status" });
const unsaved = el("span", { class: "unsaved", hidden: true }, _("Not saved yet"));
const undoButton = tool("undo", "↶", _("Undo (Ctrl Z)"), () => commands.undo());
const redoButton = tool("redo", "↷", _("Redo (Ctrl Shift Z)"), () => commands.redo());
const saveButton = el("button", { type: "button", class: "button", onclick: () => saving.save() }, _("Save"));
const publishButton = el("button", { type: "button", class: "button primary", onclick: () => saving.publish() }, _("Publish"));
const viewButtons = ["canvas", "list"].map((name) => el("button", { type: "button", class: "segment", "aria-pressed": "false",
  data: { view: name }, onclick: () => show(name) }, name === "canvas" ? _("Canvas") : _("List")));
const nothing = el("div", { class: "canvas-empty" }, el("p", {}, _("Nothing happens yet when a call arrives.")),
  mayChange && el("button", { type: "button", class: "button primary", onclick: () => commands.add("") }, icon("plus"), _("Add the first block")));
const stage = el("div", { class: "editor-main" }, canvas.element, outline.element, nothing, status);

function tool(name, sign, words, onclick) {
  return el("button", { type: "button", class: "icon-button", title: words, "aria-label": words, data: { tool: name }, onclick }, sign);
}

function toolbar() {
  return el("div", { class: "editor-bar", role: "group", "aria-label": _("Tools") },
    mayChange && el("button", { type: "button", class: "button", "data-tool": "add", onclick: () => commands.add(store.state.selected) }, icon("plus"), el("span", {}, _("Add block"))),
    mayChange && el("span", { class: "editor-pair" }, undoButton, redoButton),
    el("button", { type: "button", class: "button plain editor-find", "data-tool": "find", title: _("Find a block (/)"), onclick: () => commands.find() }, icon("search"), el("span", {}, _("Find"))),
    el("span", { class: "segments", role: "group", "aria-label": _("View") }, viewButtons),
    el("span", { class: "editor-space" }),
    mayChange && unsaved,
    working && findings.element,
    el("details", { class: "editor-more", "data-closes": "" }, el("summary", { class: "button plain", "aria-label": _("More") }, "⋯"),
      el("div", { class: "menu" },
        working && menuItem("settings", _("Name and description"), () => { store.set({ selected: "", panel: "scenario" }); panel.focus(); }),
        menuItem("copy", _("Edit as text"), () => commands.text()),
        menuItem("search", _("Keys"), () => showKeys()))),
    data.try && el("a", { class: "button", href: data.try }, _("Try")),
    mayChange && saveButton, mayChange && publishButton);
}

function menuItem(sign, words, onclick) {
  return el("button", { type: "button", onclick: (event) => { event.target.closest("details").open = false; onclick(); } }, icon(sign), words);
}

root.append(toolbar(), el("div", { class: "editor-body" }, stage, panel.element));
root.hidden = false;
for (const part of document.querySelectorAll("[data-without-editor], #scenario_form")) part.hidden = true;

// -- views

function shownView() {
  return narrowed() === "list" ? outline : canvas;
}

function narrowed() {
  return NARROW.matches ? "list" : view;
}

function show(name) {
  view = name;
  localStorage.setItem("scenario-view", name);
  showState();
}

function showState() {
  const { state } = store;
  const now = narrowed();
  const empty = state.doc.definition.blocks.length === 0;
  canvas.element.hidden = now !== "canvas" || empty;
  outline.element.hidden = now !== "list" || empty;
  nothing.hidden = !empty;
  for (const button of viewButtons) button.setAttribute("aria-pressed", String(button.dataset.view === now));
  if (!empty) (now === "canvas" ? canvas : outline).draw(state);
  panel.update(state);
  stage.inert = NARROW.matches && Boolean(state.panel);
  root.classList.toggle("has-panel", Boolean(state.panel));
  findings.draw(state);
  undoButton.disabled = !store.canUndo;
  redoButton.disabled = !store.canRedo;
  unsaved.hidden = !store.dirty;
  saveButton.disabled = saving.busy || !store.dirty;
}

function say(words, tone = "") {
  status.textContent = words;
  status.className = `editor-said ${tone && `tone-${tone}`}`;
  fade();
}
const fade = settled(() => { status.textContent = ""; }, 9000);

// -- changes

function change(definition, kind = "", more = {}) {
  store.change({ definition }, kind, more);
}

function kindItems() {
  const label = (kind) => (kind.group === "crm" ? kind.vendor : data.catalogue.groups.find((group) => group.key === kind.group).label);
  const order = data.catalogue.groups.map((group) => group.key);
  const groups = new Map();
  for (const kind of [...kinds.values()].sort((a, b) => order.indexOf(a.group) - order.indexOf(b.group))) {
    if (!groups.has(label(kind))) groups.set(label(kind), []);
    groups.get(label(kind)).push({ value: kind.kind, label: kind.label, words: kind.words, icon: iconOf(kind), tone: `group-${kind.group}` });
  }
  return [...groups].map(([name, items]) => ({ label: name, items }));
}

async function chooseKind() {
  const kind = await pick({ title: _("Add a block"), placeholder: _("Search kinds of blocks"), groups: kindItems() });
  return kind ? kinds.get(kind) : null;
}

function blockItems(definition) {
  return model.inOrder(definition, kinds).map((key, index) => {
    const block = model.blockOf(definition, key);
    const kind = kinds.get(block.kind);
    return { value: key, label: `${index + 1} ${model.titleOf(block, kinds)}`, words: kind?.label ?? block.kind, icon: iconOf(kind), tone: `group-${kind?.group}` };
  });
}

const commands = {
  save: () => (mayChange ? saving.save() : undefined),
  async undo() { await panel.flush(); store.undo(); },
  async redo() { await panel.flush(); store.redo(); },
  keys: () => showKeys(),
  fit: () => canvas.fit(),
  zoomIn: () => canvas.zoomIn(),
  zoomOut: () => canvas.zoomOut(),
  switchView: () => show(view === "canvas" ? "list" : "canvas"),
  exits: (key) => { actions.select(key); panel.focusExits(); },
  remove: (key) => (mayChange ? actions.remove(key) : undefined),
  duplicate: (key) => (mayChange ? actions.duplicate(key) : undefined),

  /** Behind the block; the first block of an empty scenario; otherwise beside the drawing. */
  add(key) {
    if (!mayChange) return undefined;
    const block = model.blockOf(actions.definition(), key || store.state.selected);
    const exit = block && kinds.get(block.kind)?.onward;
    return actions.addAt(exit ? { key: block.key, exit } : null);
  },

  async find() {
    const key = await pick({ title: _("Find a block"), placeholder: _("Title or kind"), groups: [{ label: "", items: blockItems(actions.definition()) }] });
    if (!key) return;
    store.set({ selected: key, panel: "block" });
    shownView().focus(key);
  },

  async text() {
    await panel.flush();
    const check = async (definition) => (await server.check(definition)).fault;
    const changed = await editText(actions.definition(), check, mayChange && working);
    if (changed) change(changed, "", { selected: "", panel: "" });
  },

  move(key, direction) {
    if (!key) return false;
    const list = narrowed() === "list";
    const order = model.inOrder(actions.definition(), kinds);
    const step = direction[0] || direction[1];
    const next = list ? order[order.indexOf(key) + step] : canvas.neighbour(key, direction);
    if (next) shownView().focus(next);
    return true;
  },
};

// -- the server

let checking = null;
const check = settled(async () => {
  checking?.abort();
  checking = new AbortController();
  const answer = await server.check(actions.definition(), checking.signal);
  if (answer.ok) store.set({ findings: { problems: answer.problems, warnings: answer.warnings }, checked: true });
  else if (!answer.aborted) say(answer.fault, "bad");
}, CHECK_PAUSE);

let checkedDefinition = null;
store.listen((state) => {
  showState();
  if (!working) return;
  saving.keepLater();
  if (state.doc.definition !== checkedDefinition) {
    checkedDefinition = state.doc.definition;
    check();
  }
});
NARROW.addEventListener("change", showState);
listenToKeys(root, commands);
showState();
canvas.open(doc.definition);
if (working) {
  checkedDefinition = doc.definition;
  check();
  check.now();
  if (mayChange) root.prepend(saving.keptNote() ?? "");
}
root.dataset.ready = "yes";
