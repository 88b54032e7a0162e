// The mouse on the canvas: a line pulled from an exit to a card, and the ground pulled to another place.

import { svg } from "./dom.js";

const THRESHOLD = 5;

/** `portAt(key, exit)` in the stage's own measure. Dropped on a card, the exit leads there; dropped on the ground, a
 * new block is asked for. */
export function dragging({ stage, lines, zoom, portAt, enabled, actions }) {
  let drag = null;
  let dropped = 0;
  if (!enabled) return { justDragged: () => false };

  stage.addEventListener("pointerdown", (event) => {
    const port = event.target.closest(".port");
    if (!port || event.button !== 0) return;
    const key = port.closest(".node").dataset.key;
    drag = { key, exit: port.dataset.exit, from: { x: event.clientX, y: event.clientY }, start: portAt(key, port.dataset.exit),
      line: null, over: null };
    addEventListener("pointermove", move);
    addEventListener("pointerup", drop, { once: true });
    addEventListener("keydown", escape, true);
  });

  function move(event) {
    const far = Math.hypot(event.clientX - drag.from.x, event.clientY - drag.from.y);
    if (!drag.line && far < THRESHOLD) return;
    if (!drag.line) {
      drag.line = svg("path", { class: "line is-pulled" });
      lines.append(drag.line);
      stage.classList.add("is-connecting");
    }
    const box = stage.getBoundingClientRect();
    const [x, y] = [(event.clientX - box.left) / zoom(), (event.clientY - box.top) / zoom()];
    const { start } = drag;
    const bow = Math.min(80, Math.abs(y - start.y) / 2 + 20);
    drag.line.setAttribute("d", `M${start.x} ${start.y}C${start.x} ${start.y + bow} ${x} ${y - bow} ${x} ${y}`);
    mark(document.elementFromPoint(event.clientX, event.clientY)?.closest(".node"));
  }

  function mark(node) {
    if (drag.over === node) return;
    drag.over?.classList.remove("is-target");
    node?.classList.add("is-target");
    drag.over = node;
  }

  function drop(event) {
    const { key, exit, line } = drag;
    const under = document.elementFromPoint(event.clientX, event.clientY);
    const target = under?.closest(".node")?.dataset.key;
    const ground = under && stage.parentElement.parentElement.contains(under);
    end();
    if (!line) return;
    dropped = performance.now();
    if (target) actions.connect(key, exit, target);
    else if (ground) actions.addAt({ key, exit });
  }

  function escape(event) {
    if (event.key !== "Escape") return;
    event.stopPropagation();
    removeEventListener("pointerup", drop);
    end();
  }

  function end() {
    removeEventListener("pointermove", move);
    removeEventListener("keydown", escape, true);
    mark(null);
    drag.line?.remove();
    stage.classList.remove("is-connecting");
    drag = null;
  }

  return { justDragged: () => performance.now() - dropped < 80 };
}

/** The ground follows the mouse. */
export function panning(scroller) {
  scroller.addEventListener("pointerdown", (event) => {
    if (event.button !== 0 || event.pointerType !== "mouse" || event.target.closest("button, .node")) return;
    const from = { x: event.clientX + scroller.scrollLeft, y: event.clientY + scroller.scrollTop };
    const move = (now) => scroller.scrollTo(from.x - now.clientX, from.y - now.clientY);
    const end = () => {
      scroller.classList.remove("is-panning");
      removeEventListener("pointermove", move);
    };
    scroller.classList.add("is-panning");
    addEventListener("pointermove", move);
    addEventListener("pointerup", end, { once: true });
  });
}
