// A line drawn around albums, and which albums it holds.

/** Holds places, not pixels, so that it stays where it was drawn. */
export class Lasso {
  constructor() {
    this.isDrawing = false;
    this.places = [];
  }

  start() {
    [this.isDrawing, this.places] = [true, []];
  }

  clear() {
    [this.isDrawing, this.places] = [false, []];
  }

  add(x, y) {
    this.places.push([x, y]);
  }

  /** Indices of the points inside that pass the filter, by the even-odd rule. */
  hold(points, filter) {
    if (this.places.length < 3) return [];
    const [xs, ys] = [this.places.map(([x]) => x), this.places.map(([, y]) => y)];
    const box = { left: Math.min(...xs), right: Math.max(...xs), top: Math.min(...ys), bottom: Math.max(...ys) };
    const held = [];
    points.each(box, (i) => {
      if ((!filter.passes || filter.passes[i]) && isInside(points.xs[i], points.ys[i], xs, ys)) held.push(i);
    });
    return held;
  }

  paint(context, view, colour, wash) {
    if (this.places.length < 2) return;
    context.beginPath();
    for (const [x, y] of this.places) context.lineTo(view.screenX(x), view.screenY(y));
    if (!this.isDrawing) context.closePath();
    context.fillStyle = wash;
    context.fill();
    context.lineWidth = 2;
    context.strokeStyle = colour;
    context.setLineDash(this.isDrawing ? [] : [6, 4]);
    context.stroke();
    context.setLineDash([]);
  }
}

function isInside(x, y, xs, ys) {
  let inside = false;
  for (let i = 0, j = xs.length - 1; i < xs.length; j = i, i += 1) {
    if (ys[i] > y !== ys[j] > y && x < ((xs[j] - xs[i]) * (y - ys[i])) / (ys[j] - ys[i]) + xs[i]) inside = !inside;
  }
  return inside;
}
