// What can be done to a scenario: pure functions that answer with a new definition and leave the old one as it was.
//
//   definition = { start: "key", blocks: [{ key, kind, title, settings: {}, exits: { name: "key" } }] }
//   kinds = Map of kind -> { label, words, group, exits: [{ key, label, falls }], onward }

export const NEXT = "next";
const LONGEST_KEY = 60;

export function kindsOf(catalogue) {
  return new Map(catalogue.kinds.map((kind) => [kind.kind, kind]));
}

export function blockOf(definition, key) {
  return definition.blocks.find((block) => block.key === key);
}

export function titleOf(block, kinds) {
  return block.title || kinds.get(block.kind)?.label || block.key;
}

/** Every exit with where it leads: { key, label, to, falls }. `falls`: not connected, goes on where "next" leads. */
export function exitsOf(block, kinds) {
  const exits = block.exits ?? {};
  const known = kinds.get(block.kind)?.exits ?? Object.keys(exits).map((key) => ({ key, label: key }));
  return known.map((exit) => ({ key: exit.key, label: exit.label, to: exits[exit.key] || "",
    falls: Boolean(exit.falls) && !exits[exit.key] }));
}

/** Exits that really lead somewhere. */
export function linesOf(definition, kinds) {
  const keys = new Set(definition.blocks.map((block) => block.key));
  return definition.blocks.flatMap((block) => exitsOf(block, kinds)
    .filter((exit) => keys.has(exit.to))
    .map((exit) => ({ from: block.key, exit: exit.key, to: exit.to })));
}

export function reached(definition, kinds) {
  const seen = new Set();
  const todo = [definition.start];
  const blocks = new Map(definition.blocks.map((block) => [block.key, block]));
  while (todo.length) {
    const block = blocks.get(todo.pop());
    if (!block || seen.has(block.key)) continue;
    seen.add(block.key);
    todo.push(...exitsOf(block, kinds).map((exit) => exit.to));
  }
  return seen;
}

/** Keys in the order in which a call meets the blocks; those that nothing leads to at the end. */
export function inOrder(definition, kinds) {
  const blocks = new Map(definition.blocks.map((block) => [block.key, block]));
  const seen = new Set();
  const done = [];
  const visit = (key) => {
    const block = blocks.get(key);
    if (!block || seen.has(key)) return;
    seen.add(key);
    for (const exit of exitsOf(block, kinds).reverse()) visit(exit.to);
    done.unshift(key);
  };
  visit(definition.start);
  return [...done, ...[...blocks.keys()].filter((key) => !seen.has(key))];
}

// -- changes

function change(definition, key, changed) {
  const blocks = definition.blocks.map((block) => (block.key === key ? { ...block, ...changed(block) } : block));
  return { ...definition, blocks };
}

function freeKey(definition, wanted) {
  const taken = new Set(definition.blocks.map((block) => block.key));
  const base = wanted.slice(0, LONGEST_KEY - 4);
  let key = base;
  for (let number = 2; taken.has(key); number += 1) key = `${base}_${number}`;
  return key;
}

/** A new block of the kind. With `after: { key, exit }` that exit leads to it, and it leads where the exit led. */
export function add(definition, kind, after = null) {
  const key = freeKey(definition, kind.kind);
  const source = after && blockOf(definition, after.key);
  const to = after ? (source?.exits?.[after.exit] ?? "") : "";
  const block = { key, kind: kind.kind, title: kind.label, settings: {}, exits: {} };
  if (to && kind.onward) block.exits[kind.onward] = to;
  let next = { ...definition, blocks: inserted(definition.blocks, block, after?.key) };
  if (after) next = connect(next, after.key, after.exit, key);
  else if (!blockOf(definition, definition.start)) next = { ...next, start: key };
  return { definition: next, key };
}

function inserted(blocks, block, after) {
  const at = blocks.findIndex((one) => one.key === after);
  return at < 0 ? [...blocks, block] : [...blocks.slice(0, at + 1), block, ...blocks.slice(at + 1)];
}

/** Where the flow goes on behind a block, if that is one place: "next", or the only place that any exit leads to.
 * Null where it is not clear. */
export function onwardOf(block, kinds) {
  const exits = exitsOf(block, kinds);
  const next = exits.find((exit) => exit.key === NEXT);
  const places = new Set(exits.map((exit) => exit.to).filter(Boolean));
  if (next?.to && next.to !== block.key) return next.to;
  places.delete(block.key);
  if (places.size === 0) return "";
  return places.size === 1 && !next ? [...places][0] : null;
}

/** Without the block. What led to it leads to what came after it, where that is clear; `open` counts exits that are
 * now not connected because it was not. */
export function remove(definition, key, kinds) {
  const block = blockOf(definition, key);
  const onward = onwardOf(block, kinds);
  let open = 0;
  const blocks = definition.blocks.filter((one) => one.key !== key).map((one) => {
    const exits = Object.entries(one.exits ?? {});
    if (!exits.some(([, to]) => to === key)) return one;
    const led = exits.filter(([, to]) => to === key).length;
    if (onward === null) open += led;
    return { ...one, exits: Object.fromEntries(exits.map(([exit, to]) => [exit, to === key ? onward ?? "" : to])) };
  });
  const start = definition.start === key ? onward ?? "" : definition.start;
  return { definition: { ...definition, start, blocks }, onward, open };
}

/** A second block with the same settings and exits. Nothing leads to it yet. */
export function duplicate(definition, key, title) {
  const block = blockOf(definition, key);
  const copy = { ...structuredClone(block), key: freeKey(definition, block.kind), title };
  return { definition: { ...definition, blocks: inserted(definition.blocks, copy, key) }, key: copy.key };
}

export function connect(definition, key, exit, to) {
  return change(definition, key, (block) => ({ exits: { ...block.exits, [exit]: to } }));
}

export function startAt(definition, key) {
  return { ...definition, start: key };
}

export function rename(definition, key, title) {
  return change(definition, key, () => ({ title }));
}

export function setSettings(definition, key, settings) {
  return change(definition, key, () => ({ settings }));
}

/** Both people's changes since `base`, block by block. `clashes` names what both changed in different ways; there the
 * result has mine. Blocks are compared as text, so the same change on both sides is none. */
export function merged(base, mine, theirs) {
  const clashes = [];
  const text = (value) => JSON.stringify(value ?? null);
  const choose = (name, was, my, their) => {
    if (text(my) === text(was)) return their;
    if (text(their) !== text(was) && text(their) !== text(my)) clashes.push(name);
    return my;
  };
  const keys = [...new Set([...theirs.blocks, ...mine.blocks].map((block) => block.key))];
  const blocks = keys.map((key) => choose(key, blockOf(base, key), blockOf(mine, key), blockOf(theirs, key)));
  const start = choose("", base.start, mine.start, theirs.start);
  return { definition: { ...mine, start, blocks: blocks.filter(Boolean) }, clashes };
}
