// Where the blocks stand: a layered drawing from top to bottom, after Sugiyama. Pure arithmetic, no page needed.
//
//   layout(nodes, lines, start)
//     nodes: [{ key, width, height, ports: { exit: x } }]   ports: distance of each exit from the left edge
//     lines: [{ from, exit, to, heavy }]                    heavy: should be straight
//   -> { places: Map of key -> { x, y, layer }, lines: [{ ...line, points, back }], width, height, aside }
//
// Blocks that cannot be reached from the start stand in a drawing of their own beside the first; `aside` is its left
// edge, or null. Points go down through the layers; a line that leads back up has `back` and goes around, with corners.
//
// 1. lines that close a loop are turned round  2. each block stands one layer below the lowest block that leads to it
// 3. long lines get a bend in each layer that they pass  4. the order within layers is improved until no sweep makes
// fewer crossings  5. each layer is moved to where its neighbours are, as near as the widths allow.

const GAP_X = 34;
const GAP_Y = 62;
const BEND = 22;
const LANE = 20;
const ASIDE = 110;
const SWEEPS = 8;
const SETTLES = 16;
const GATHER = 14;

export function layout(nodes, lines, start) {
  const inside = reachable(lines, start, new Set(nodes.map((node) => node.key)));
  const first = drawn(nodes.filter((node) => inside.has(node.key)), lines, start);
  const rest = nodes.filter((node) => !inside.has(node.key));
  if (!rest.length) return { ...first, aside: null };
  const second = drawn(rest, lines.filter((line) => !inside.has(line.from) && !inside.has(line.to)), null);
  const result = beside(first, second, first.width ? first.width + ASIDE : 0);
  result.lines.push(...crossing(lines, inside, result.places, nodes));
  return result;
}

function reachable(lines, start, keys) {
  const seen = new Set();
  const todo = keys.has(start) ? [start] : [];
  while (todo.length) {
    const key = todo.pop();
    if (seen.has(key)) continue;
    seen.add(key);
    for (const line of lines) if (line.from === key && keys.has(line.to)) todo.push(line.to);
  }
  return seen;
}

function beside(first, second, by) {
  const places = new Map(first.places);
  for (const [key, at] of second.places) places.set(key, { ...at, x: at.x + by });
  const moved = second.lines.map((line) => ({ ...line, points: line.points.map(([x, y]) => [x + by, y]) }));
  const height = Math.max(first.height, second.height);
  return { places, lines: [...first.lines, ...moved], width: by + second.width, height, aside: by };
}

/** Lines from a block that is never reached into the drawing: straight across. */
function crossing(lines, inside, places, nodes) {
  const byKey = new Map(nodes.map((node) => [node.key, node]));
  return lines.filter((line) => !inside.has(line.from) && inside.has(line.to)).map((line) => {
    const source = byKey.get(line.from);
    const target = byKey.get(line.to);
    const from = places.get(line.from);
    const to = places.get(line.to);
    const start = [from.x + source.ports[line.exit], from.y + source.height];
    const end = [to.x + target.width / 2, to.y];
    return { ...line, back: end[1] < start[1] + 20, points: end[1] < start[1] + 20
      ? around(start, end, Math.min(from.x, start[0]) - LANE) : [start, end] };
  });
}

function drawn(nodes, lines, start) {
  if (!nodes.length) return { places: new Map(), lines: [], width: 0, height: 0 };
  const graph = graphOf(nodes, lines, start);
  rank(graph);
  gather(graph);
  const layers = layered(graph);
  arrange(layers);
  settle(layers);
  return finished(graph, layers);
}

// -- 1. loops

function graphOf(nodes, lines, start) {
  const items = new Map(nodes.map((node) => [node.key, { ...node, out: [], layer: 0, up: [], down: [] }]));
  const links = lines.filter((line) => items.has(line.from) && items.has(line.to))
    .map((line) => ({ ...line, back: false, bends: [] }));
  for (const link of links) items.get(link.from).out.push(link);
  const state = new Map();
  const order = [];
  const visit = (item) => {
    state.set(item.key, "open");
    for (const link of item.out) {
      const found = state.get(link.to);
      if (found === "open") link.back = true;
      else if (!found) visit(items.get(link.to));
    }
    state.set(item.key, "done");
    order.unshift(item);
  };
  const led = new Set(links.map((link) => link.to));
  const roots = [items.get(start), ...[...items.values()].filter((item) => !led.has(item.key)), ...items.values()];
  for (const item of roots) if (item && !state.has(item.key)) visit(item);
  return { items, links, order };
}

// -- 2. layers

function rank({ items, order }) {
  for (const item of order) {
    for (const link of item.out) {
      const target = items.get(link.to);
      if (!link.back) target.layer = Math.max(target.layer, item.layer + 1);
    }
  }
}

/** Where branches come together again, the block stands under the one at which they parted, as far as it can: without
 * that a long flow would wander sideways. `above` is the nearest block through which every way leads. */
function gather({ items, links, order }) {
  const depth = new Map();
  const meet = (one, other) => {
    let [a, b] = [one, other];
    while (a !== b) {
      if (!a || !b) return null;
      if (depth.get(a) >= depth.get(b)) a = a.above;
      else b = b.above;
    }
    return a;
  };
  for (const item of order) {
    const sources = links.filter((link) => link.to === item.key && !link.back).map((link) => items.get(link.from));
    item.above = sources.length ? sources.reduce(meet) : null;
    depth.set(item, item.above ? depth.get(item.above) + 1 : 0);
    item.gathers = [];
    if (item.above && new Set(sources).size > 1) item.above.gathers.push(item);
  }
}

// -- 3. bends

function layered({ items, order }) {
  const layers = [];
  const put = (item) => { (layers[item.layer] ??= []).push(item); };
  const placed = new Set();
  const visit = (item) => {
    if (placed.has(item)) return;
    placed.add(item);
    put(item);
    for (const link of item.out.filter((one) => !one.back)) {
      const target = items.get(link.to);
      let above = item;
      let port = link.exit;
      for (let layer = item.layer + 1; layer < target.layer; layer += 1) {
        const bend = { bend: true, width: BEND, height: 0, layer, up: [], down: [] };
        link.bends.push(bend);
        put(bend);
        tie(above, port, bend, link.heavy ? 6 : 4, link.heavy);
        above = bend;
        port = null;
      }
      tie(above, port, target, link.heavy ? 5 : 1, link.heavy);
      visit(target);
    }
  };
  for (const item of order) visit(item);
  return layers;
}

/** A piece of a line between neighbouring layers. `offset` is that of the exit from the middle of its block. The heavy
 * line pulls the blocks themselves under each other: a flow whose first exit is on the left must not wander off. */
function tie(above, port, below, weight, heavy) {
  const offset = port === null ? 0 : above.ports[port] - above.width / 2;
  const stronger = above.bend && below.bend ? 10 : weight;
  const piece = { above, below, offset, pull: heavy && !below.bend ? 0 : offset, weight: stronger };
  above.down.push(piece);
  below.up.push(piece);
}

// -- 4. order

function arrange(layers) {
  number(layers);
  let best = crossings(layers);
  let kept = layers.map((layer) => [...layer]);
  for (let sweep = 0; sweep < SWEEPS && best > 0; sweep += 1) {
    const down = sweep % 2 === 0;
    for (const layer of down ? layers.slice(1) : layers.slice(0, -1).reverse()) {
      for (const item of layer) item.wish = down ? wishFromAbove(item) : wishFromBelow(item);
      layer.sort((a, b) => a.wish - b.wish || a.index - b.index);
      layer.forEach((item, index) => { item.index = index; });
    }
    swapNeighbours(layers);
    const now = crossings(layers);
    if (now < best) [best, kept] = [now, layers.map((layer) => [...layer])];
  }
  kept.forEach((layer, index) => { layers[index] = layer; });
  number(layers);
}

function number(layers) {
  for (const layer of layers) layer.forEach((item, index) => { item.index = index; });
}

const from = (piece) => piece.above.index + piece.offset / (piece.above.width + 1);
const mean = (values) => values.reduce((sum, value) => sum + value, 0) / values.length;
const wishFromAbove = (item) => (item.up.length ? mean(item.up.map(from)) : item.index);
const wishFromBelow = (item) => (item.down.length ? mean(item.down.map((piece) => piece.below.index)) : item.index);

function crossings(layers) {
  let total = 0;
  for (const layer of layers.slice(0, -1)) {
    const pieces = layer.flatMap((item) => item.down);
    for (let a = 0; a < pieces.length; a += 1) {
      for (let b = a + 1; b < pieces.length; b += 1) total += crossed(pieces[a], pieces[b]);
    }
  }
  return total;
}

function crossed(one, other) {
  const above = from(one) - from(other);
  const below = one.below.index - other.below.index;
  return above * below < 0 ? 1 : 0;
}

function swapNeighbours(layers) {
  for (const layer of layers) {
    for (let index = 0; index + 1 < layer.length; index += 1) {
      const [left, right] = [layer[index], layer[index + 1]];
      const before = between(left, right);
      [left.index, right.index] = [right.index, left.index];
      if (between(left, right) < before) [layer[index], layer[index + 1]] = [right, left];
      else [left.index, right.index] = [right.index, left.index];
    }
  }
}

function between(left, right) {
  let total = 0;
  for (const one of left.up) for (const other of right.up) total += crossed(one, other);
  for (const one of left.down) for (const other of right.down) total += crossed(one, other);
  return total;
}

// -- 5. places

function settle(layers) {
  for (const layer of layers) {
    let x = 0;
    for (const item of layer) {
      item.middle = x + item.width / 2;
      x += item.width + GAP_X;
    }
  }
  for (let turn = 0; turn < SETTLES; turn += 1) {
    const both = turn > 3;
    const down = turn % 2 === 0;
    for (const layer of down ? layers : [...layers].reverse()) moveToNeighbours(layer, both || down, both || !down);
  }
}

function moveToNeighbours(layer, up, down) {
  const wishes = layer.map((item) => {
    const pulls = [
      ...(up ? item.up.map((piece) => [piece.above.middle + piece.pull, piece.weight]) : []),
      ...(down ? item.down.map((piece) => [piece.below.middle - piece.pull, piece.weight]) : []),
      ...(item.above && item.above.gathers.includes(item) ? [[item.above.middle, GATHER]] : []),
      ...(item.gathers ?? []).map((below) => [below.middle, GATHER / 2]),
    ];
    const weight = pulls.reduce((sum, pull) => sum + pull[1], 0);
    if (!weight) return [item.middle, 0.1];
    return [pulls.reduce((sum, pull) => sum + pull[0] * pull[1], 0) / weight, weight];
  });
  nearest(layer, wishes).forEach((middle, index) => { layer[index].middle = middle; });
}

/** The middles that are nearest to the wishes (least squares) and keep their order and distances: pooled averages. */
function nearest(layer, wishes) {
  let reach = 0;
  const shift = layer.map((item, index) => {
    if (index) reach += (layer[index - 1].width + item.width) / 2 + GAP_X;
    return reach;
  });
  const pools = [];
  wishes.forEach(([wish, weight], index) => {
    let pool = { value: wish - shift[index], weight, size: 1 };
    while (pools.length && pools.at(-1).value > pool.value) {
      const last = pools.pop();
      const sum = last.weight + pool.weight;
      pool = { value: (last.value * last.weight + pool.value * pool.weight) / sum, weight: sum,
        size: last.size + pool.size };
    }
    pools.push(pool);
  });
  const values = pools.flatMap((pool) => Array(pool.size).fill(pool.value));
  return values.map((value, index) => value + shift[index]);
}

function finished({ items, links }, layers) {
  const left = Math.min(...layers.flat().map((item) => item.middle - item.width / 2));
  for (const item of layers.flat()) item.x = item.middle - item.width / 2 - left;
  let y = 0;
  for (const layer of layers) {
    const height = Math.max(...layer.map((item) => item.height));
    for (const item of layer) [item.y, item.floor] = [y, y + height];
    y += height + GAP_Y;
  }
  const right = Math.max(...layers.flat().map((item) => item.x + item.width));
  let lanes = 0;
  const lines = links.map((link) => {
    if (link.back) lanes += 1;
    return { from: link.from, exit: link.exit, to: link.to, back: link.back, points: pointsOf(link, items, right, lanes) };
  });
  const places = new Map([...items.values()].map((item) => [item.key, { x: item.x, y: item.y, layer: item.layer }]));
  return { places, lines, width: right + lanes * LANE, height: y - GAP_Y };
}

function pointsOf(link, items, right, lane) {
  const source = items.get(link.from);
  const target = items.get(link.to);
  const start = [source.x + source.ports[link.exit], source.y + source.height];
  const end = [target.x + target.width / 2, target.y];
  if (link.back) return around(start, end, right + lane * LANE);
  const middle = link.bends.flatMap((bend) => {
    const x = bend.x + bend.width / 2;
    return [[x, bend.y], [x, bend.floor]];
  });
  return [start, ...middle, end];
}

function around(start, end, x) {
  const low = start[1] + 22;
  const high = end[1] - 22;
  return [start, [start[0], low], [x, low], [x, high], [end[0], high], end];
}
