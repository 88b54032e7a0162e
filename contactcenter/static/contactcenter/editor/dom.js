// Builds elements from plain descriptions. Text is always text: no markup is ever made from data.
//
//   el("button", { class: "button", onclick: save }, "Save")

const SVG = "http://www.w3.org/2000/svg";

/** Sentences of the editor, in the reader's language where the page has a catalogue. `%s` stands for the values. */
export function _(text, ...values) {
  const said = globalThis.gettext?.(text) ?? text;
  return values.reduce((words, value) => words.replace("%s", () => value), said);
}

/** One form of the sentence for 1, another for every other number, which takes the place of `%s`. */
export function count(number, one, many) {
  return _(number === 1 ? one : many, number);
}

export function el(tag, props = {}, ...children) {
  return filled(document.createElement(tag), props, children);
}

export function svg(tag, props = {}, ...children) {
  return filled(document.createElementNS(SVG, tag), props, children);
}

export function icon(name) {
  return svg("svg", { class: "icon", "aria-hidden": "true" }, svg("use", { href: `#i-${name}` }));
}

function filled(element, props, children) {
  for (const [name, value] of Object.entries(props)) set(element, name, value);
  element.append(...children.flat().filter((child) => child !== null && child !== undefined && child !== false));
  return element;
}

function set(element, name, value) {
  if (value === undefined || value === null || value === false) return;
  if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
  else if (name === "data") Object.assign(element.dataset, value);
  else if (name === "value" || name === "checked" || name === "hidden" || name === "disabled") element[name] = value;
  else if (name === "at") place(element, value);
  else element.setAttribute(name, value === true ? "" : value);
}

/** Position and size in pixels. Through the object model, because the policy of the page forbids style attributes. */
export function place(element, { x, y, width, height }) {
  element.style.left = `${x}px`;
  element.style.top = `${y}px`;
  if (width !== undefined) element.style.width = `${width}px`;
  if (height !== undefined) element.style.height = `${height}px`;
}

/** Call `work` when nothing asked for it again for that long. `.now()` does it at once if it is due. */
export function settled(work, milliseconds) {
  let timer = 0;
  let due = null;
  const later = (...values) => {
    clearTimeout(timer);
    due = () => work(...values);
    timer = setTimeout(later.now, milliseconds);
  };
  later.now = () => {
    clearTimeout(timer);
    const run = due;
    due = null;
    return run?.();
  };
  later.forget = () => {
    clearTimeout(timer);
    due = null;
  };
  return later;
}
