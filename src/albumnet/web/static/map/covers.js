// Covers where there is room: which albums get one, and fetching their pictures without haste.
import { pictureAddress } from "../elements.js";

const CELL = 64; // px of screen that one cover may fill
const CROWDED = 20; // albums to a cell of screen: beyond this the dots say more than a few covers would
const MOST = 8192; // albums to choose from at a time
const GAP = 5;
const SETTLE_MS = 120;
const MAX_IN_FLIGHT = 6;
const MAX_KEPT = 1500;

/** Chooses covers for a view so that none overlaps another; the same album wins wherever it stands. */
export class Covers {
  /** `onChange` is called when a picture has come. */
  constructor(points, onChange) {
    this.points = points;
    this.thumbnails = new Thumbnails(onChange);
    this.placed = [];
    this.side = 0;
    this.candidates = [];
    // A fixed order of who comes first, as good as drawn by lot.
    this.priority = Uint32Array.from(points.rows, (row) => Math.imul(row + 1, 0x9e3779b1) >>> 0);
  }

  /** Choose covers for what is in view; `first` are indices of albums that go before all others, in this order. */
  place(view, filter, first = []) {
    const cells = (view.width * view.height) / CELL ** 2;
    this.placed = [];
    this.side = 0;
    const limit = Math.round(cells * CROWDED);
    const found = this.find(view, filter, limit);
    if (found === null) return this.placed;
    const crowd = found.length / cells;
    const side = crowd > 2 ? CELL - 2 * Math.min(12, crowd) + 4 : crowd > 0.3 ? CELL : Math.min(128, CELL + 64 * (0.3 - crowd) * 3.3);
    this.side = Math.round(side);
    const step = this.side + GAP;
    const taken = new Map();
    const orders = new Float64Array(found.length);
    const ranks = new Map(first.map((i, rank) => [i, rank]));
    for (let k = 0; k < found.length; k += 1) orders[k] = (ranks.get(found[k]) ?? this.priority[found[k]] + first.length) * MOST + k % MOST;
    // Sorting numbers is much faster than sorting by a function; the place in the list rides in the last digits.
    const byOrder = found.length <= MOST ? orders.sort() : [];
    for (const order of byOrder) {
      const i = found[order % MOST];
      const [x, y] = [view.screenX(this.points.xs[i]), view.screenY(this.points.ys[i])];
      if (!hasRoom(taken, x, y, step)) continue;
      taken.set(cellKey(Math.floor(x / step), Math.floor(y / step)), [x, y]);
      this.placed.push({ i, row: this.points.rows[i], x, y });
    }
    return this.placed;
  }

  /** Indices of the albums in view that have a cover and pass; null if they are too many. */
  find(view, filter, limit) {
    const box = view.box(CELL);
    const { points } = this;
    const most = Math.min(MOST, limit);
    const found = [];
    let inGrid = 0;
    for (const [from, to] of points.runs(view.box())) inGrid += to - from;
    if (!filter.passes && inGrid > most * 3) return null;
    for (const [from, to] of points.runs(box)) {
      for (let i = from; i < to; i += 1) {
        if (!points.hasCover[i] || (filter.passes && !filter.passes[i])) continue;
        const [x, y] = [points.xs[i], points.ys[i]];
        if (x < box.left || x > box.right || y < box.top || y > box.bottom) continue;
        found.push(i);
        if (found.length > most) return null;
      }
    }
    return found;
  }

  /** Paint the covers whose pictures are here; returns how many, and whether any is still fading in. */
  paint(context, view, { paper, accent, selected, isStill, now }) {
    let [painted, isFading] = [0, false];
    const half = this.side / 2;
    const size = this.side * view.ratio > 72 ? 128 : 64;
    for (const cover of this.placed) {
      const picture = this.thumbnails.get(cover.row, size);
      if (!picture) continue;
      const age = isStill ? 1 : Math.min(1, (now - picture.at) / 160);
      isFading ||= age < 1;
      context.globalAlpha = age;
      const [x, y] = [Math.round(cover.x - half), Math.round(cover.y - half)];
      context.fillStyle = cover.i === selected ? accent : paper;
      const edge = cover.i === selected ? 3 : 1.5;
      context.fillRect(x - edge, y - edge, this.side + 2 * edge, this.side + 2 * edge);
      context.drawImage(picture.bitmap, x, y, this.side, this.side);
      painted += 1;
    }
    context.globalAlpha = 1;
    return { painted, isFading };
  }

  /** The cover under a pixel, if any. */
  at(x, y) {
    const half = this.side / 2;
    return this.placed.find((cover) => Math.abs(cover.x - x) <= half && Math.abs(cover.y - y) <= half && this.thumbnails.has(cover.row));
  }

  /** Once the map has stood still for a moment, fetch what is missing, from the middle outwards. */
  settle(view) {
    const size = this.side * view.ratio > 72 ? 128 : 64;
    const distance = (cover) => Math.hypot(cover.x - view.width / 2, cover.y - view.height / 2);
    const inView = this.placed.filter(({ x, y }) => x > -CELL / 2 && y > -CELL / 2 && x < view.width + CELL / 2 && y < view.height + CELL / 2);
    this.thumbnails.want(inView.sort((a, b) => distance(a) - distance(b)).map(({ row }) => row), size);
  }
}

/** Small pictures by row, the least lately used forgotten first. */
class Thumbnails {
  constructor(onChange) {
    this.onChange = onChange;
    this.pictures = new Map();
    this.wanted = [];
    this.inFlight = 0;
    this.mostInFlight = 0;
    this.timer = 0;
    this.settledAt = 0;
    this.firstAt = 0;
  }

  has(row) {
    return this.pictures.get(row)?.bitmap !== undefined;
  }

  /** The picture of a row if it is here, at whatever size it came. */
  get(row) {
    const picture = this.pictures.get(row);
    if (!picture?.bitmap) return null;
    this.pictures.delete(row);
    this.pictures.set(row, picture);
    return picture;
  }

  /** Forget earlier wishes; fetch these after a moment's stillness. */
  want(rows, size) {
    clearTimeout(this.timer);
    this.wanted = [];
    this.timer = setTimeout(() => {
      this.settledAt = performance.now();
      this.firstAt = 0;
      this.wanted = rows.filter((row) => !this.pictures.has(row) || this.pictures.get(row).size < size).map((row) => [row, size]);
      this.fetchNext();
    }, SETTLE_MS);
  }

  /** Begin nothing more until something is wanted again. */
  hold() {
    clearTimeout(this.timer);
    this.wanted = [];
  }

  fetchNext() {
    while (this.inFlight < MAX_IN_FLIGHT && this.wanted.length) this.fetch(...this.wanted.shift());
  }

  async fetch(row, size) {
    this.inFlight += 1;
    this.mostInFlight = Math.max(this.mostInFlight, this.inFlight);
    try {
      const response = await fetch(pictureAddress(row, size));
      if (!response.ok) throw new Error(`${response.status}`);
      const bitmap = await createImageBitmap(await response.blob());
      const before = this.pictures.get(row);
      before?.bitmap?.close();
      this.pictures.set(row, { bitmap, size, at: before?.bitmap ? 0 : performance.now() });
      this.firstAt ||= performance.now();
      this.onChange();
    } catch {
      // An album whose picture cannot be had stays a dot.
      if (!this.pictures.has(row)) this.pictures.set(row, { size });
    }
    this.forget();
    this.inFlight -= 1;
    this.fetchNext();
  }

  forget() {
    for (const [row, picture] of this.pictures) {
      if (this.pictures.size <= MAX_KEPT) return;
      picture.bitmap?.close();
      this.pictures.delete(row);
    }
  }
}

/** Whether a square of side `step` about a place meets none of those taken; a cell of that side holds one at most. */
function hasRoom(taken, x, y, step) {
  const [column, line] = [Math.floor(x / step), Math.floor(y / step)];
  for (let dx = -1; dx <= 1; dx += 1) {
    for (let dy = -1; dy <= 1; dy += 1) {
      const other = taken.get(cellKey(column + dx, line + dy));
      if (other && Math.abs(other[0] - x) < step && Math.abs(other[1] - y) < step) return false;
    }
  }
  return true;
}

function cellKey(column, line) {
  return (line + 1000) * 10_000 + column + 1000;
}
