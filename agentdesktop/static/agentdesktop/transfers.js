// Transferring, as the page orders it: opening the choice, and giving the interaction away with its notes.

export function createTransfers({ store, setUi, act, load, saveNow, passing }) {
  const setTransfer = (change) => setUi({ transfer: { ...store.get().ui.transfer, ...change } });
  const closeTransfer = () => setUi({ transfer: null });

  // Who is ready changes by the minute, so the list is asked for again.
  function openTransfer(id) {
    setUi({ transfer: { id } });
    load();
    setTimeout(() => document.querySelector("[data-transfer]")?.focus());
  }

  async function transfer(id, to) {
    await saveNow(id);
    const answer = await act("transfer", { interaction: id, ...to });
    if (!answer.ok) return answer.error && setTransfer({ error: answer.error });
    closeTransfer();
    return passing(answer.body.text);
  }

  return { setTransfer, closeTransfer, openTransfer, transfer };
}
