// Saving and publishing, two people at once, and what a closed window has left unsaved.

import { askConflict, askPublish } from "./dialogs.js";
import { _, el, settled } from "./dom.js";
import { makeKeep } from "./keep.js";
import * as model from "./model.js";

const KEEP_PAUSE = 500;

/** `data` is what the page handed over; `flush()` takes what is still being typed into the document, `show()` draws the
 * state anew, `faults(errors)` shows what is wrong with name and description. */
export function makeSaving({ data, kinds, server, store, say, flush, show, faults }) {
  const keep = makeKeep(data.id);
  const keepLater = settled(() => keep.store(store.state.doc, store.state.seen), KEEP_PAUSE);
  const opened = store.state.doc;
  let busy = false;
  let leaving = false;

  addEventListener("beforeunload", (event) => {
    if (!store.dirty || leaving) return;
    keepLater.now();
    event.preventDefault();
  });

  /** Whether everything is saved now. */
  async function save() {
    await flush();
    if (!store.dirty || busy) return !store.dirty;
    const sent = store.state.doc;
    busy = true;
    show();
    const answer = await server.save(sent, store.state.seen);
    busy = false;
    if (answer.ok) return saved(sent, answer);
    if (answer.status === 409) return conflict(answer);
    if (answer.errors) faults(answer.errors);
    say(answer.fault ?? _("Nothing was saved: one value needs another look."), "bad");
    show();
    return false;
  }

  function saved(sent, answer) {
    store.savedAs(sent, answer.seen);
    keepLater.forget();
    if (store.dirty) keepLater();
    else keep.drop();
    for (const name of document.querySelectorAll("[data-scenario-name]")) name.textContent = answer.name;
    for (const mark of document.querySelectorAll("[data-unpublished]")) mark.hidden = !answer.unpublished;
    const { problems } = store.state.findings;
    say(problems.length ? _("Saved as a draft. It cannot be published before its problems are solved.") : _("Saved. It takes effect with the next Publish."));
    return true;
  }

  /** Another person saved since this page was loaded. Theirs and mine are both kept in what can be undone. */
  async function conflict({ theirs, differences }) {
    const mine = store.state.doc;
    const base = store.state.saved.definition;
    const together = model.merged(base, mine.definition, theirs.definition);
    const names = new Map([...mine.definition.blocks, ...theirs.definition.blocks].map((block) => [block.key, model.titleOf(block, kinds)]));
    const clashes = together.clashes.map((key) => (key ? `“${names.get(key)}”` : _("the start")));
    const choice = await askConflict({ theirs, differences, clashes });
    show();
    if (!choice) return false;
    const other = { name: theirs.name, description: theirs.description, definition: theirs.definition };
    store.change(other);
    store.savedAs(store.state.doc, theirs.seen);
    if (choice === "theirs") {
      keep.drop();
      say(_("This is what was saved by somebody else. Undo brings yours back."));
      return true;
    }
    store.change(choice === "merge" ? { ...pickedText(mine, other), definition: together.definition } : mine);
    return save();
  }

  /** Name and description: mine where I changed them. */
  function pickedText(mine, theirs) {
    const changed = (part) => mine[part] !== opened[part];
    return { name: changed("name") ? mine.name : theirs.name, description: changed("description") ? mine.description : theirs.description };
  }

  async function publish() {
    await flush();
    const answer = await server.check(store.state.doc.definition);
    if (!answer.ok) return say(answer.fault, "bad");
    const note = await askPublish({ problems: answer.problems, version: data.nextVersion, compare: data.compare });
    if (note === null || !(await save())) return undefined;
    leaving = true;
    const token = document.querySelector("[name=csrfmiddlewaretoken]").value;
    const form = el("form", { method: "post", action: data.urls.publish, hidden: true }, el("input", { type: "hidden", name: "csrfmiddlewaretoken", value: token }),
      el("input", { type: "hidden", name: "note", value: note }));
    document.body.append(form);
    form.submit();
    return undefined;
  }

  /** A note that offers what an earlier visit has left unsaved; nothing where there is none. */
  function keptNote() {
    const kept = keep.find();
    if (!kept || JSON.stringify(kept.doc) === JSON.stringify(opened)) return void keep.drop();
    const at = new Date(kept.at).toLocaleString([], { dateStyle: "medium", timeStyle: "short" });
    const note = el("div", { class: "note note-warn kept-note", role: "status" }, el("p", {}, _("There are changes of %s that were not saved.", at)),
      el("div", { class: "buttons" },
        el("button", { type: "button", class: "button primary", onclick: () => { note.remove(); store.set({ seen: kept.seen }); store.change(kept.doc); } }, _("Take them up again")),
        el("button", { type: "button", class: "button", onclick: () => { note.remove(); keep.drop(); } }, _("Drop them"))));
    return note;
  }

  return {
    save, publish, keptNote,
    get busy() { return busy; },
    keepLater() { if (store.dirty) keepLater(); },
  };
}
