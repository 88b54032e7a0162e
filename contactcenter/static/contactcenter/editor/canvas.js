// The drawing: cards and lines on a stage that scrolls, grows and shrinks. What people do with it is told to `actions`.

import { card, sizeOf } from "./cards.js";
import { dragging, panning } from "./dragging.js";
import { _, el, icon, place, svg } from "./dom.js";
import { layout } from "./layout.js";
import { makeMinimap } from "./minimap.js";
import { blockOf, exitsOf, inOrder, linesOf, NEXT, reached, titleOf } from "./model.js";
import { buttonOf, pathOf } from "./routes.js";

const MARGIN = { x: 70, top: 84, bottom: 110 };
const STUB = 26;
const SMALLEST = 0.18;
const LARGEST = 1.5;
const READABLE = 0.72;

export function makeCanvas({ kinds, mayChange, marks = {}, actions }) {
  const lines = svg("svg", { class: "canvas-lines", "aria-hidden": "true" });
  const stage = el("div", { class: "canvas-stage" }, lines);
  const sized = el("div", { class: "canvas-sized" }, stage);
  const scroller = el("div", { class: "canvas-scroller", tabindex: "-1" }, sized);
  const minimap = makeMinimap(scroller, () => zoom);
  const zoomWords = el("button", { type: "button", class: "zoom-words", title: _("Show in full size"), onclick: () => zoomTo(1) });
  const root = el("div", { class: "canvas", role: "group", "aria-label": _("Blocks of the scenario") }, scroller,
    minimap.element,
    el("div", { class: "canvas-zoom", role: "group", "aria-label": _("Zoom") },
      tool("−", _("Smaller"), () => zoomTo(zoom / 1.25)), zoomWords, tool("+", _("Larger"), () => zoomTo(zoom * 1.25)),
      el("button", { type: "button", class: "zoom-fit", onclick: () => fit(), title: _("Show everything (F)") }, _("Fit"))));
  let zoom = 1;
  let drawing = { places: new Map(), sizes: new Map(), width: 0, height: 0 };
  let shown = null;
  let roving = "";

  function tool(sign, words, onclick) {
    return el("button", { type: "button", title: words, "aria-label": words, onclick }, sign);
  }

  function draw(state) {
    const { definition } = state.doc;
    if (shown?.definition === definition && shown.findings === state.findings) return choose(state);
    if (shown?.definition !== definition) drawing = drawn(definition);
    shown = { definition, findings: state.findings };
    const focused = stage.contains(document.activeElement) ? document.activeElement.closest(".node")?.dataset.key : "";
    const overlay = parts(state);
    stage.replaceChildren(lines, ...overlay);
    place(stage, { x: 0, y: 0, width: drawing.width, height: drawing.height });
    lines.setAttribute("viewBox", `0 0 ${drawing.width} ${drawing.height}`);
    lines.replaceChildren(...strokes(state));
    resize();
    rove(blockOf(definition, roving) ? roving : state.selected || definition.start);
    if (focused) node(focused)?.querySelector(".node-main").focus({ preventScroll: true });
    minimap.draw(drawing, state.selected);
    return undefined;
  }

  /** Only another block was chosen: the cards stay. */
  function choose(state) {
    const before = stage.querySelector(".node.is-selected");
    if ((before?.dataset.key ?? "") === state.selected) return;
    before?.classList.remove("is-selected");
    before?.querySelector(".node-main").setAttribute("aria-pressed", "false");
    const now = node(state.selected);
    now?.classList.add("is-selected");
    now?.querySelector(".node-main").setAttribute("aria-pressed", "true");
    lines.replaceChildren(...strokes(state));
    if (now) rove(state.selected);
    minimap.draw(drawing, state.selected);
  }

  function drawn(definition) {
    const sizes = new Map(definition.blocks.map((block) => [block.key, sizeOf(block, kinds)]));
    const nodes = [...sizes].map(([key, size]) => ({ key, ...size }));
    const links = linesOf(definition, kinds).map((line) => ({ ...line, heavy: line.exit === onward(definition, line.from) }));
    const result = layout(nodes, links, definition.start);
    const moved = ([x, y]) => [x + MARGIN.x, y + MARGIN.top];
    const places = new Map([...result.places].map(([key, at]) => [key, { x: at.x + MARGIN.x, y: at.y + MARGIN.top }]));
    return { sizes, places, aside: result.aside, width: result.width + MARGIN.x * 2,
      height: result.height + MARGIN.top + MARGIN.bottom,
      lines: result.lines.map((line) => ({ ...line, points: line.points.map(moved) })) };
  }

  function onward(definition, key) {
    return kinds.get(blockOf(definition, key).kind)?.onward;
  }

  // -- elements

  function parts(state) {
    const { definition } = state.doc;
    const inside = reached(definition, kinds);
    const titles = new Map(definition.blocks.map((block) => [block.key, titleOf(block, kinds)]));
    const elements = inOrder(definition, kinds).map((key, index) => card(blockOf(definition, key), {
      kinds, titles, mayChange, number: index + 1, at: drawing.places.get(key), size: drawing.sizes.get(key),
      reached: inside.has(key), isStart: key === definition.start, selected: key === state.selected,
      mark: marks[key], found: foundAbout(key, state.findings),
    }));
    return [startMark(definition), ...asideTitle(), ...elements, ...(mayChange ? buttons(definition) : ends(definition))];
  }

  function foundAbout(key, findings) {
    const about = (list) => list.filter((one) => one.block === key).length;
    return { problems: about(findings.problems), warnings: about(findings.warnings) };
  }

  function startMark(definition) {
    const at = drawing.places.get(definition.start);
    const x = at ? at.x + drawing.sizes.get(definition.start).width / 2 : MARGIN.x + 118;
    return el("div", { class: "start-mark", at: { x, y: 22 } }, icon("phone"), _("A call arrives"));
  }

  function asideTitle() {
    if (drawing.aside === null) return [];
    return [el("div", { class: "aside-title", at: { x: drawing.aside + MARGIN.x, y: 26 } }, _("Not reached: nothing leads here"))];
  }

  /** A plus on every line to put a block into it, and one at every exit that leads nowhere. */
  function buttons(definition) {
    const onLines = drawing.lines.map((line) => plus(buttonOf(line), "line-plus", { key: line.from, exit: line.exit },
      _("Put a block into this line")));
    const atEnds = openExits(definition).map(({ block, exit, x, y }) => plus([x, y + STUB + 9], "end-plus",
      { key: block.key, exit: exit.key }, _("Add a block at %s", exit.label)));
    return [...onLines, ...atEnds];
  }

  function plus([x, y], kind, data, words) {
    return el("button", { type: "button", class: `plus ${kind}`, tabindex: "-1", title: words, "aria-label": words,
      data, at: { x, y } }, "+");
  }

  function ends(definition) {
    return openExits(definition).map(({ x, y, exit }) => el("span", { class: "end-mark", title: _("%s: the end", exit.label),
      at: { x, y: y + STUB } }));
  }

  function openExits(definition) {
    return definition.blocks.flatMap((block) => exitsOf(block, kinds).filter((exit) => !exit.to && !exit.falls)
      .map((exit) => ({ block, exit, ...portAt(block.key, exit.key) })));
  }

  function portAt(key, exit) {
    const at = drawing.places.get(key);
    const size = drawing.sizes.get(key);
    return { x: at.x + size.ports[exit], y: at.y + size.height };
  }

  // -- lines

  function strokes(state) {
    const { definition } = state.doc;
    const at = drawing.places.get(definition.start);
    const entry = at ? [svg("path", { class: "line is-start", d: `M${at.x + drawing.sizes.get(definition.start).width / 2} 54V${at.y - 7}` }),
      arrow(at.x + drawing.sizes.get(definition.start).width / 2, at.y, "is-near")] : [];
    return [...entry, ...drawing.lines.flatMap((line) => stroke(line, state.selected)), ...stubs(definition), ...falls(definition)];
  }

  function stroke(line, selected) {
    const near = selected && (line.from === selected || line.to === selected);
    const classes = ["line", line.exit === "failed" && "is-failed", near && "is-near"].filter(Boolean).join(" ");
    const [x, y] = line.points.at(-1);
    const short = { ...line, points: [...line.points.slice(0, -1), [x, y - 6]] };
    return [svg("path", { class: classes, d: pathOf(short) }), arrow(x, y, classes)];
  }

  function arrow(x, y, classes = "") {
    return svg("path", { class: `arrow ${classes}`, d: `M${x - 5} ${y - 8}L${x} ${y - 0.5}L${x + 5} ${y - 8}Z` });
  }

  function stubs(definition) {
    return openExits(definition).map(({ x, y }) => svg("path", { class: "line is-stub", d: `M${x} ${y}v${STUB}` }));
  }

  /** An exit that is not connected and goes on at "next": a dotted line into the line of "next". */
  function falls(definition) {
    return definition.blocks.flatMap((block) => exitsOf(block, kinds).filter((exit) => exit.falls).map((exit) => {
      const from = portAt(block.key, exit.key);
      const to = portAt(block.key, NEXT);
      const side = Math.sign(to.x - from.x) || 1;
      return svg("path", { class: "line is-falling",
        d: `M${from.x} ${from.y}v6q0 8 ${side * 8} 8H${to.x - side * 3}` });
    }));
  }

  // -- size and place

  function resize() {
    stage.style.transform = `scale(${zoom})`;
    sized.style.width = `${drawing.width * zoom}px`;
    sized.style.height = `${drawing.height * zoom}px`;
    root.style.setProperty("--zoom", zoom);
    root.classList.toggle("is-far", zoom < 0.5);
    zoomWords.textContent = `${Math.round(zoom * 100)} %`;
    minimap.look();
  }

  /** Another size, with the same point of the stage under the same point of the window. */
  function zoomTo(wanted, point = null) {
    const next = Math.min(LARGEST, Math.max(SMALLEST, wanted));
    const box = scroller.getBoundingClientRect();
    const [x, y] = point ? [point.x - box.left, point.y - box.top] : [box.width / 2, box.height / 2];
    const [stageX, stageY] = [(scroller.scrollLeft + x) / zoom, (scroller.scrollTop + y) / zoom];
    zoom = next;
    resize();
    scroller.scrollTo(stageX * zoom - x, stageY * zoom - y);
  }

  function fit() {
    zoomTo(Math.min(1, scroller.clientWidth / drawing.width, scroller.clientHeight / drawing.height));
    scroller.scrollTo((drawing.width * zoom - scroller.clientWidth) / 2, 0);
  }

  /** The first look: as wide as the window allows, and never too small to read. */
  function open(definition) {
    if (!drawing.width || root.hidden) return;
    const width = scroller.clientWidth / drawing.width;
    zoomTo(Math.min(1, Math.max(READABLE, width)));
    const at = drawing.places.get(definition.start);
    const middle = at ? at.x + drawing.sizes.get(definition.start).width / 2 : drawing.width / 2;
    scroller.scrollTo(middle * zoom - scroller.clientWidth / 2, 0);
  }

  function reveal(key) {
    const at = drawing.places.get(key);
    if (!at) return;
    if (zoom < 0.5) zoomTo(0.85);
    const size = drawing.sizes.get(key);
    const box = { left: at.x * zoom, top: at.y * zoom, right: (at.x + size.width) * zoom, bottom: (at.y + size.height) * zoom };
    const view = { left: scroller.scrollLeft, top: scroller.scrollTop,
      right: scroller.scrollLeft + scroller.clientWidth, bottom: scroller.scrollTop + scroller.clientHeight };
    const edge = 24;
    if (box.left > view.left + edge && box.right < view.right - edge && box.top > view.top + edge && box.bottom < view.bottom - edge) return;
    const calm = matchMedia("(prefers-reduced-motion: reduce)").matches;
    scroller.scrollTo({ left: (box.left + box.right - scroller.clientWidth) / 2, top: (box.top + box.bottom - scroller.clientHeight) / 2,
      behavior: calm ? "instant" : "smooth" });
  }

  // -- keyboard: one card is in the tab order, arrows move between cards

  function node(key) {
    return key ? stage.querySelector(`.node[data-key="${CSS.escape(key)}"]`) : null;
  }

  function rove(key) {
    roving = key;
    stage.querySelector('.node-main[tabindex="0"]')?.setAttribute("tabindex", "-1");
    (node(key) ?? stage.querySelector(".node"))?.querySelector(".node-main").setAttribute("tabindex", "0");
  }

  function focus(key) {
    rove(key);
    node(key)?.querySelector(".node-main").focus({ preventScroll: true });
    reveal(key);
  }

  /** The nearest card in a direction, where a step aside counts more than a step ahead. */
  function neighbour(key, [dx, dy]) {
    const middle = (one) => {
      const [at, size] = [drawing.places.get(one), drawing.sizes.get(one)];
      return [at.x + size.width / 2, at.y + size.height / 2];
    };
    const [x, y] = middle(key);
    let best = null;
    for (const other of drawing.places.keys()) {
      const [ox, oy] = middle(other);
      const ahead = (ox - x) * dx + (oy - y) * dy;
      const aside = Math.abs((ox - x) * dy) + Math.abs((oy - y) * dx);
      if (other === key || ahead < 10 || (dx && aside > 60)) continue;
      const far = ahead + aside * (dx ? 3 : 1.2);
      if (!best || far < best.far) best = { other, far };
    }
    return best?.other ?? null;
  }

  // -- events

  stage.addEventListener("click", (event) => {
    const plusButton = event.target.closest(".plus");
    if (plusButton) return actions.addAt({ key: plusButton.dataset.key, exit: plusButton.dataset.exit });
    const main = event.target.closest(".node-main");
    if (main) return actions.select(main.parentElement.dataset.key, { open: event.detail === 0 }); // 0: by keyboard
    const portButton = event.target.closest(".port");
    if (portButton && !drag.justDragged()) {
      actions.chooseTarget(portButton.closest(".node").dataset.key, portButton.dataset.exit);
    }
    return undefined;
  });
  stage.addEventListener("focusin", (event) => {
    const key = event.target.closest(".node")?.dataset.key;
    if (key && event.target.matches(".node-main")) rove(key);
  });
  scroller.addEventListener("wheel", (event) => {
    if (!event.ctrlKey && !event.metaKey) return;
    event.preventDefault();
    zoomTo(zoom * Math.exp(-event.deltaY / 300), { x: event.clientX, y: event.clientY });
  }, { passive: false });
  scroller.addEventListener("scroll", () => minimap.look(), { passive: true });
  new ResizeObserver(() => minimap.look()).observe(scroller);
  panning(scroller);
  const drag = dragging({ stage, lines, zoom: () => zoom, portAt, enabled: mayChange, actions });

  return { element: root, draw, fit, open, focus, reveal, neighbour, zoomIn: () => zoomTo(zoom * 1.25),
    zoomOut: () => zoomTo(zoom / 1.25), focused: () => document.activeElement?.closest?.(".node")?.dataset.key ?? "" };
}
