// What the editor knows: the scenario as it is now, what can be undone, what is saved, which block is chosen.

const MOST_STEPS = 300;

/** `listen(state)` is called after every change. A state is replaced, never changed: two that are the same object are
 * the same. */
export function makeStore(first) {
  let state = { selected: "", findings: { problems: [], warnings: [] }, ...first, saved: first.doc };
  let past = [];
  let future = [];
  let group = "";
  const listeners = [];
  const tell = () => { for (const listen of listeners) listen(state); };

  return {
    get state() { return state; },
    get dirty() { return state.doc !== state.saved; },
    get canUndo() { return past.length > 0; },
    get canRedo() { return future.length > 0; },
    listen(listener) { listeners.push(listener); },

    /** Something that is no change of the scenario: a choice, findings. */
    set(changes) {
      state = { ...state, ...changes };
      tell();
    },

    /** A change of { name, description, definition }. Changes in a row of the same `kind` are undone together. */
    change(doc, kind = "", more = {}) {
      if (!kind || kind !== group) past = [...past.slice(-MOST_STEPS), { doc: state.doc, selected: state.selected }];
      group = kind;
      future = [];
      state = { ...state, ...more, doc: { ...state.doc, ...doc } };
      tell();
    },

    undo() { [past, future] = step(past, future); },
    redo() { [future, past] = step(future, past); },

    /** What was sent is saved now. It may have been changed since. */
    savedAs(doc, seen) {
      state = { ...state, saved: doc, seen };
      group = "";
      tell();
    },
  };

  function step(source, target) {
    if (!source.length) return [source, target];
    const { doc, selected } = source.at(-1);
    const here = { doc: state.doc, selected: state.selected };
    group = "";
    const there = doc.definition.blocks.some((block) => block.key === selected) ? selected : "";
    const panel = !there && state.panel === "block" ? "" : state.panel;
    state = { ...state, doc, selected: there, panel };
    queueMicrotask(tell);
    return [source.slice(0, -1), [...target, here]];
  }
}
