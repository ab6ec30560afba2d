// All albums as points, sorted into a uniform grid so that what is in view lies in a few runs of memory.
import { ask } from "../api.js";

const CELLS = 128; // per side; at 127,467 albums some eight to a cell

/** Fetch the points of a map; `version` makes the answer good for ever. */
export async function loadPoints(version, n) {
  const response = await ask(`/api/map/points.bin?v=${encodeURIComponent(version)}`);
  return sortPoints(await response.arrayBuffer(), n);
}

/** Points from points.bin: N x, N y (up), N families, N has-cover. */
export function sortPoints(buffer, n) {
  const x = new Float32Array(buffer, 0, n);
  const y = new Float32Array(buffer, 4 * n, n);
  const family = new Uint8Array(buffer, 8 * n, n);
  const hasCover = new Uint8Array(buffer, 9 * n, n);
  const cells = new Uint16Array(n);
  const starts = new Uint32Array(CELLS * CELLS + 1);
  for (let row = 0; row < n; row += 1) {
    cells[row] = cellOf(1 - y[row]) * CELLS + cellOf(x[row]);
    starts[cells[row] + 1] += 1;
  }
  for (let cell = 0; cell < CELLS * CELLS; cell += 1) starts[cell + 1] += starts[cell];
  const next = starts.slice();
  const points = new Points(n, starts);
  for (let row = 0; row < n; row += 1) {
    const i = next[cells[row]]++;
    points.xs[i] = x[row];
    points.ys[i] = 1 - y[row]; // down, as on the screen
    points.families[i] = family[row];
    points.hasCover[i] = hasCover[row];
    points.rows[i] = row;
    points.indexOfRow[row] = i;
  }
  return points;
}

/** Albums by index `i` in grid order; `rows[i]` is what the server calls them. */
export class Points {
  constructor(n, starts) {
    this.n = n;
    this.starts = starts;
    this.xs = new Float32Array(n);
    this.ys = new Float32Array(n);
    this.families = new Uint8Array(n);
    this.hasCover = new Uint8Array(n);
    this.rows = new Uint32Array(n);
    this.indexOfRow = new Uint32Array(n);
  }

  /** The box that holds all of them, or those that `passes` marks; null without any. */
  extent(passes = null) {
    const box = { left: Infinity, right: -Infinity, top: Infinity, bottom: -Infinity };
    for (let i = 0; i < this.n; i += 1) {
      if (passes && !passes[i]) continue;
      const [x, y] = [this.xs[i], this.ys[i]];
      if (x < box.left) box.left = x;
      if (x > box.right) box.right = x;
      if (y < box.top) box.top = y;
      if (y > box.bottom) box.bottom = y;
    }
    return box.left <= box.right ? box : null;
  }

  /** Runs [from, to) of indices that hold all points of a box, and some around it. */
  runs({ left, top, right, bottom }) {
    if (right < 0 || bottom < 0 || left > 1 || top > 1) return [];
    const found = [];
    for (let line = cellOf(top); line <= cellOf(bottom); line += 1) {
      const from = this.starts[line * CELLS + cellOf(left)];
      const to = this.starts[line * CELLS + cellOf(right) + 1];
      if (to > from) found.push([from, to]);
    }
    return found;
  }

  /** Call `visit(i)` for every point in a box. */
  each(box, visit) {
    for (const [from, to] of this.runs(box)) {
      for (let i = from; i < to; i += 1) {
        const [x, y] = [this.xs[i], this.ys[i]];
        if (x >= box.left && x <= box.right && y >= box.top && y <= box.bottom) visit(i);
      }
    }
  }

  /** The point nearest to a place within a reach, among those that `isWanted` passes; -1 without. */
  nearest(x, y, reach, isWanted = () => true) {
    let [best, bestDistance] = [-1, reach * reach];
    this.each({ left: x - reach, right: x + reach, top: y - reach, bottom: y + reach }, (i) => {
      const distance = (this.xs[i] - x) ** 2 + (this.ys[i] - y) ** 2;
      if (distance <= bestDistance && isWanted(i)) [best, bestDistance] = [i, distance];
    });
    return best;
  }
}

function cellOf(part) {
  return Math.min(CELLS - 1, Math.max(0, Math.floor(part * CELLS)));
}
