// Every album as a dot, written straight into pixels: 127,467 of them take a few milliseconds without a GPU.

const OPAQUE = 64; // alpha in 64ths, so that two channels fit one multiplication
const MAX_SIDE = 9; // device pixels

/** Draws dots into an ImageData of its own, and keeps it while nothing changes. */
export class Dots {
  constructor(points) {
    this.points = points;
    this.image = null;
    this.key = "";
    this.visible = 0;
  }

  /**
   * The picture of all dots.
   *
   * @param {View} view
   * @param {object} look paper and muted as [r, g, b], families as a list of them, and a name for the lot
   * @param {object} filter `passes`, a Uint8Array by index or null for all, and its `version`
   */
  draw(view, look, filter) {
    const [width, height] = [Math.round(view.width * view.ratio), Math.round(view.height * view.ratio)];
    const key = `${view.key} ${look.name} ${filter.version}`;
    if (key === this.key) return this.image;
    this.key = key;
    if (this.image?.width !== width || this.image?.height !== height) {
      this.image = new ImageData(width, height);
      this.pixels = new Uint32Array(this.image.data.buffer);
    }
    this.pixels.fill(packed(look.paper));
    this.visible = 0;
    const side = dotSide(view, this.points.n);
    const runs = this.points.runs(view.box());
    if (filter.passes) {
      this.stamp(view, runs, makeStamp(Math.min(side, 3), 0.3, width), () => look.muted, look, filter.passes, 0);
      this.visible = 0;
      this.stamp(view, runs, makeStamp(Math.min(MAX_SIDE, side + 1), 0.95, width), null, look, filter.passes, 1);
    } else {
      this.stamp(view, runs, makeStamp(side, side < 3 ? 0.62 : 0.85, width), null, look, null, 1);
    }
    return this.image;
  }

  stamp(view, runs, { side, offsets, alphas }, colourOf, look, passes, wanted) {
    const { pixels, points: { xs, ys, families } } = this;
    const [width, height] = [this.image.width, this.image.height];
    const scale = view.scale * view.ratio;
    const left = width / 2 - view.x * scale - (side - 1) / 2;
    const top = height / 2 - view.y * scale - (side - 1) / 2;
    const [right, bottom] = [width - side, height - side];
    // Per family and stamp pixel: the colour's two halves, multiplied by the alpha beforehand.
    const size = offsets.length;
    const unknown = look.families.length - 1;
    const redBlue = new Int32Array((unknown + 1) * size);
    const green = new Int32Array((unknown + 1) * size);
    for (let family = 0; family <= unknown; family += 1) {
      const [r, g, b] = colourOf ? colourOf(family) : look.families[family];
      for (let k = 0; k < size; k += 1) {
        redBlue[family * size + k] = (r | (b << 16)) * alphas[k];
        green[family * size + k] = (g << 8) * alphas[k];
      }
    }
    let visible = 0;
    for (let run = 0; run < runs.length; run += 1) {
      const to = runs[run][1];
      for (let i = runs[run][0]; i < to; i += 1) {
        if (passes !== null && passes[i] !== wanted) continue;
        const x = (xs[i] * scale + left + 0.5) | 0;
        const y = (ys[i] * scale + top + 0.5) | 0;
        if (x < 0 || y < 0 || x > right || y > bottom) continue;
        visible += 1;
        const family = families[i] < unknown ? families[i] : unknown;
        const base = y * width + x;
        for (let k = 0, f = family * size; k < size; k += 1, f += 1) {
          const at = base + offsets[k];
          const beneath = pixels[at];
          const rest = OPAQUE - alphas[k];
          const rb = (((beneath & 0xff00ff) * rest + redBlue[f]) >>> 6) & 0xff00ff;
          const g = (((beneath & 0xff00) * rest + green[f]) >>> 6) & 0xff00;
          pixels[at] = 0xff000000 | rb | g;
        }
      }
    }
    this.visible += visible;
  }
}

/** A dot's side in device pixels: a share of the mean distance between albums. */
export function dotSide(view, n) {
  const spacing = view.scale / Math.sqrt(n);
  return Math.round(Math.min(MAX_SIDE, Math.max(1.5, 0.42 * spacing + 0.8) * view.ratio));
}

/** The pixels of a round dot, with soft edges, as offsets into the picture. */
function makeStamp(side, alpha, width) {
  const offsets = [];
  const alphas = [];
  const middle = (side - 1) / 2;
  for (let y = 0; y < side; y += 1) {
    for (let x = 0; x < side; x += 1) {
      const inside = Math.min(1, Math.max(0, side / 2 + 0.25 - Math.hypot(x - middle, y - middle)));
      const share = side < 3 ? 1 : inside;
      if (share <= 0.05) continue;
      offsets.push(y * width + x);
      alphas.push(Math.round(OPAQUE * alpha * share));
    }
  }
  return { side, offsets: Int32Array.from(offsets), alphas: Int32Array.from(alphas) };
}

function packed([r, g, b]) {
  return (0xff000000 | (b << 16) | (g << 8) | r) >>> 0;
}
