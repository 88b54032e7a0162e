// The shape of lines: points to paths, and where on a line something can be put.

const ROUND = 10;

/** The path of a line: curves between layers, straight through them; with round corners where it leads back up. */
export function pathOf(line) {
  return line.back ? cornered(line.points) : curved(line.points);
}

function curved(points) {
  const parts = [`M${at(points[0])}`];
  for (let index = 1; index < points.length; index += 1) {
    const [a, b] = [points[index - 1], points[index]];
    if (Math.abs(a[0] - b[0]) < 1) parts.push(`L${at(b)}`);
    else parts.push(`C${at([a[0], a[1] + bow(a, b)])} ${at([b[0], b[1] - bow(a, b)])} ${at(b)}`);
  }
  return parts.join("");
}

function bow(a, b) {
  return Math.min(70, Math.max(18, (b[1] - a[1]) * 0.55));
}

function cornered(points) {
  const parts = [`M${at(points[0])}`];
  for (let index = 1; index < points.length - 1; index += 1) {
    const corner = points[index];
    parts.push(`L${at(towards(corner, points[index - 1]))}Q${at(corner)} ${at(towards(corner, points[index + 1]))}`);
  }
  parts.push(`L${at(points.at(-1))}`);
  return parts.join("");
}

function towards(corner, other) {
  const [dx, dy] = [other[0] - corner[0], other[1] - corner[1]];
  const far = Math.hypot(dx, dy) || 1;
  const step = Math.min(ROUND, far / 2) / far;
  return [corner[0] + dx * step, corner[1] + dy * step];
}

/** A point on the first piece of the line, near its middle, where a button can stand. */
export function buttonOf(line) {
  const [a, b] = line.points;
  if (line.back || Math.abs(a[0] - b[0]) < 1) return [a[0], a[1] + Math.min(30, (b[1] - a[1]) / 2)];
  const k = bow(a, b);
  return cubic(a, [a[0], a[1] + k], [b[0], b[1] - k], b, 0.5);
}

function cubic(a, b, c, d, t) {
  const u = 1 - t;
  return [0, 1].map((i) => u ** 3 * a[i] + 3 * u * u * t * b[i] + 3 * u * t * t * c[i] + t ** 3 * d[i]);
}

function at([x, y]) {
  return `${Math.round(x * 10) / 10} ${Math.round(y * 10) / 10}`;
}
