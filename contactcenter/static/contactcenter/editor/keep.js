// Changes that were not saved survive a closed window: a copy in the browser's own storage, until they are saved.

const PREFIX = "scenario-unsaved-";

export function makeKeep(id) {
  const name = `${PREFIX}${id}`;
  return {
    store(doc, seen) {
      try {
        localStorage.setItem(name, JSON.stringify({ doc, seen, at: Date.now() }));
      } catch {
        // A full or forbidden storage: the question on leaving the page remains.
      }
    },
    drop() {
      try {
        localStorage.removeItem(name);
      } catch {
        // Nothing was stored then.
      }
    },
    /** { doc, seen, at } of an earlier visit, or null. */
    find() {
      try {
        const found = JSON.parse(localStorage.getItem(name));
        return found?.doc?.definition?.blocks ? found : null;
      } catch {
        return null;
      }
    },
  };
}
