// Builds and updates the page from plain descriptions. Text is always text: no markup is ever made from data.
//
//   render(root, [h("p", { class: "why" }, sentence)])
//
// Nodes that stay keep their focus, their scroll position and what was typed into them.

const SVG = "http://www.w3.org/2000/svg";
const SVG_TAGS = new Set(["svg", "path", "circle", "rect"]);
const AS_PROPERTY = new Set(["value", "checked", "disabled", "hidden", "open", "max"]);

export function h(tag, props, ...children) {
  const { key, ...rest } = props || {};
  return { tag, key, props: rest, children: flat(children) };
}

function flat(children) {
  return children
    .flat(Infinity)
    .filter((child) => child !== null && child !== undefined && child !== false && child !== "")
    .map((child) => (typeof child === "object" ? child : { text: String(child) }));
}

export function render(root, children) {
  root.drawn = reconcile(root, root.drawn || [], flat([children]));
}

function reconcile(parent, before, after) {
  const keyed = new Map(before.filter((old) => old.key !== undefined).map((old) => [old.key, old]));
  const plain = before.filter((old) => old.key === undefined);
  const kept = new Set();
  for (const item of after) {
    const old = item.key === undefined ? plain.shift() : keyed.get(item.key);
    if (old && old.tag === item.tag && !kept.has(old)) {
      kept.add(old);
      update(old, item);
    } else {
      create(item);
    }
  }
  before.filter((old) => !kept.has(old)).forEach((old) => old.node.remove());
  let cursor = parent.firstChild;
  for (const item of after) {
    if (item.node === cursor) cursor = cursor.nextSibling;
    else parent.insertBefore(item.node, cursor);
  }
  return after;
}

function create(item) {
  if (item.tag === undefined) {
    item.node = document.createTextNode(item.text);
    return;
  }
  item.node = SVG_TAGS.has(item.tag) ? document.createElementNS(SVG, item.tag) : document.createElement(item.tag);
  for (const [name, value] of Object.entries(item.props)) setProp(item.node, name, value);
  reconcile(item.node, [], item.children);
}

function update(old, item) {
  item.node = old.node;
  if (item.tag === undefined) {
    if (item.text !== old.text) item.node.data = item.text;
    return;
  }
  for (const name of Object.keys(old.props)) {
    if (!(name in item.props)) setProp(item.node, name, null);
  }
  for (const [name, value] of Object.entries(item.props)) {
    if (value !== old.props[name]) setProp(item.node, name, value);
  }
  reconcile(item.node, old.children, item.children);
}

function setProp(node, name, value) {
  if (name.startsWith("on")) node[name] = value;
  else if (AS_PROPERTY.has(name)) setProperty(node, name, value);
  else if (value === null || value === undefined || value === false) node.removeAttribute(name);
  else node.setAttribute(name, value === true ? "" : String(value));
}

function setProperty(node, name, value) {
  const wanted = value ?? (name === "value" ? "" : false);
  if (node[name] !== wanted) node[name] = wanted;
}

// Only web addresses become links: a record's address comes from outside.
export function safeUrl(url) {
  try {
    return ["http:", "https:"].includes(new URL(url).protocol) ? url : "";
  } catch {
    return "";
  }
}
