// Which part of the map is on the screen: the place in its middle, and how far one has zoomed in.

export const MAX_ZOOM = 10;
export const MIN_ZOOM = -0.5;
const MARGIN = 36; // px around the map when all of it is shown

/** Places are in [0, 1] x [0, 1] with y down; zoom 0 shows all, each step doubles the scale. */
export class View {
  /** `extent` is the box of all that is on the map. */
  constructor(extent) {
    this.extent = extent;
    [this.x, this.y, this.zoom] = [0.5, 0.5, 0];
    [this.width, this.height, this.ratio] = [1, 1, 1];
  }

  /** Take the canvas's size in CSS pixels. */
  resize(width, height) {
    this.width = Math.max(1, width);
    this.height = Math.max(1, height);
    this.ratio = Math.min(2, window.devicePixelRatio || 1);
  }

  /** CSS pixels from one side of the map to the other; at zoom 0 its extent just fits in. */
  get scale() {
    const [width, height] = [this.extent.right - this.extent.left, this.extent.bottom - this.extent.top];
    const fit = (space, size) => Math.max(120, space - 2 * MARGIN) / Math.max(0.05, size);
    return Math.min(fit(this.width, width), fit(this.height, height)) * 2 ** this.zoom;
  }

  /** Where all is shown. */
  get home() {
    return { x: (this.extent.left + this.extent.right) / 2, y: (this.extent.top + this.extent.bottom) / 2, zoom: 0 };
  }

  /** The box of places in view, with so many pixels around it. */
  box(margin = 0) {
    const [halfWidth, halfHeight] = [(this.width / 2 + margin) / this.scale, (this.height / 2 + margin) / this.scale];
    return { left: this.x - halfWidth, right: this.x + halfWidth, top: this.y - halfHeight, bottom: this.y + halfHeight };
  }

  screenX(x) {
    return (x - this.x) * this.scale + this.width / 2;
  }

  screenY(y) {
    return (y - this.y) * this.scale + this.height / 2;
  }

  /** The place under a pixel. */
  placeAt(screenX, screenY) {
    return [(screenX - this.width / 2) / this.scale + this.x, (screenY - this.height / 2) / this.scale + this.y];
  }

  /** Move by pixels. */
  pan(dx, dy) {
    this.set({ x: this.x - dx / this.scale, y: this.y - dy / this.scale });
  }

  /** Zoom so that the place under a pixel stays there. */
  zoomAbout(screenX, screenY, zoom) {
    const [placeX, placeY] = this.placeAt(screenX, screenY);
    this.set({ zoom });
    const [nowX, nowY] = this.placeAt(screenX, screenY);
    this.set({ x: this.x + placeX - nowX, y: this.y + placeY - nowY });
  }

  /** Go somewhere, within bounds. */
  set({ x = this.x, y = this.y, zoom = this.zoom }) {
    this.zoom = clamp(zoom, MIN_ZOOM, MAX_ZOOM);
    this.x = clamp(x, -0.05, 1.05);
    this.y = clamp(y, -0.05, 1.05);
  }

  /** Where it is now, as `set` takes it. */
  get place() {
    return { x: this.x, y: this.y, zoom: this.zoom };
  }

  /** Whether two views would draw the same dots. */
  get key() {
    return [this.x, this.y, this.zoom, this.width, this.height, this.ratio].join(" ");
  }
}

export function clamp(value, low, high) {
  return Math.min(high, Math.max(low, value));
}
