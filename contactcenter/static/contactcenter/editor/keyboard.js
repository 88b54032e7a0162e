// Everything by keyboard. Letters alone work only inside of the editor, outside of fields, so they surprise nobody.

const ARROWS = { ArrowUp: [0, -1], ArrowDown: [0, 1], ArrowLeft: [-1, 0], ArrowRight: [1, 0] };

export function listenToKeys(editor, commands) {
  document.addEventListener("keydown", (event) => {
    if (document.querySelector("dialog[open]")) return;
    const typing = event.target.matches?.("input, textarea, select");
    if ((event.ctrlKey || event.metaKey) && !event.altKey) return withControl(event, typing, commands);
    if (event.altKey || typing || !editor.contains(event.target)) return undefined;
    const key = event.target.closest?.("[data-key]")?.dataset.key ?? "";
    const done = ARROWS[event.key] ? commands.move(key, ARROWS[event.key]) : alone(event.key, key, commands);
    if (done) event.preventDefault();
    return undefined;
  });
}

function withControl(event, typing, commands) {
  const letter = event.key.toLowerCase();
  if (letter === "s") {
    event.preventDefault();
    commands.save();
  }
  if (typing || !["z", "y"].includes(letter)) return;
  event.preventDefault();
  if (letter === "y" || event.shiftKey) commands.redo();
  else commands.undo();
}

/** Whether the key meant something. */
function alone(pressed, key, commands) {
  const plain = { "/": commands.find, "?": commands.keys, f: commands.fit, l: commands.switchView, "+": commands.zoomIn,
    "=": commands.zoomIn, "-": commands.zoomOut, a: () => commands.add(key) }[pressed.length === 1 ? pressed.toLowerCase() : pressed];
  const onCard = { Delete: commands.remove, Backspace: commands.remove, d: commands.duplicate, e: commands.exits }[
    pressed.length === 1 ? pressed.toLowerCase() : pressed];
  if (onCard && key) onCard(key);
  else if (plain) plain();
  else return false;
  return true;
}
