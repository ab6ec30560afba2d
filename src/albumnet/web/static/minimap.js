// A small picture of the whole map with one place marked; a canvas says where by data-x and data-y.
import { askJson } from "./api.js";
import { loadPoints } from "./map/points.js";
import { colour, css } from "./palette.js";

let loading = null;

/** Draw the map's outline and mark a place; without a map the canvas stays empty. */
export async function drawMinimap(canvas) {
  loading ??= askJson("/api/map/meta").then((meta) => loadPoints(meta.version, meta.n));
  let points;
  try {
    points = await loading;
  } catch {
    loading = null;
    return;
  }
  const draw = () => paint(canvas, points, Number(canvas.dataset.x), Number(canvas.dataset.y));
  draw();
  document.addEventListener("themechange", draw);
}

function paint(canvas, points, x, y) {
  const ratio = Math.min(2, devicePixelRatio || 1);
  const [width, height] = [canvas.clientWidth || canvas.width, canvas.clientHeight || canvas.height];
  [canvas.width, canvas.height] = [width * ratio, height * ratio];
  const context = canvas.getContext("2d");
  context.scale(ratio, ratio);
  const scale = Math.min(width, height) - 16;
  const [left, top] = [(width - scale) / 2, (height - scale) / 2];
  const step = Math.max(1, Math.floor(points.n / 6000));
  context.fillStyle = css(colour("--muted"), points.n > 3000 ? 0.35 : 0.55);
  for (let i = 0; i < points.n; i += step) context.fillRect(left + points.xs[i] * scale, top + points.ys[i] * scale, 1.2, 1.2);
  const [markX, markY] = [left + x * scale, top + (1 - y) * scale];
  context.lineWidth = 5;
  context.strokeStyle = css(colour("--paper"));
  ring(context, markX, markY);
  context.lineWidth = 2.5;
  context.strokeStyle = css(colour("--model"));
  ring(context, markX, markY);
}

function ring(context, x, y) {
  context.beginPath();
  context.arc(x, y, 6, 0, 2 * Math.PI);
  context.stroke();
}

for (const canvas of document.querySelectorAll("canvas.minimap[data-x]")) drawMinimap(canvas);
