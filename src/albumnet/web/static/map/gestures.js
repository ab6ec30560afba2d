// Mouse, pen and fingers on the canvas: drag to move, wheel or pinch to zoom, press to choose, hover to ask.

const IS_DRAG = 5; // px moved before a press is a drag

/**
 * Listen to a canvas.
 *
 * @param {HTMLCanvasElement} canvas
 * @param {View} view moved and zoomed in place
 * @param {object} on moved(), pressed(x, y), hovered(x, y) or hovered() when gone, and for a lasso: isDrawing(),
 *   drawn(x, y) per point, closed()
 */
export function listenToPointers(canvas, view, on) {
  const fingers = new Map();
  let [isDrag, wasPinch] = [false, false];

  const at = (event) => {
    const box = canvas.getBoundingClientRect();
    return [event.clientX - box.left, event.clientY - box.top];
  };

  canvas.addEventListener("pointerdown", (event) => {
    if (event.button !== 0) return;
    canvas.setPointerCapture(event.pointerId);
    fingers.set(event.pointerId, at(event));
    [isDrag, wasPinch] = [false, fingers.size > 1];
    on.hovered();
    if (on.isDrawing() && fingers.size === 1) on.drawn(...at(event));
  });

  canvas.addEventListener("pointermove", (event) => {
    const now = at(event);
    const before = fingers.get(event.pointerId);
    if (!before) {
      if (event.pointerType === "mouse") on.hovered(...now);
      return;
    }
    if (on.isDrawing() && fingers.size === 1) {
      fingers.set(event.pointerId, now);
      on.drawn(...now);
      return;
    }
    if (!isDrag && fingers.size === 1 && Math.hypot(now[0] - before[0], now[1] - before[1]) < IS_DRAG) return;
    isDrag = true;
    if (fingers.size === 1) {
      view.pan(now[0] - before[0], now[1] - before[1]);
    } else {
      const other = [...fingers].find(([id]) => id !== event.pointerId)[1];
      pinch(view, before, now, other);
    }
    fingers.set(event.pointerId, now);
    on.moved();
  });

  const lift = (event) => {
    if (!fingers.delete(event.pointerId)) return;
    if (fingers.size) return;
    if (on.isDrawing()) on.closed();
    else if (!isDrag && !wasPinch && event.type === "pointerup") on.pressed(...at(event), event.pointerType);
  };
  canvas.addEventListener("pointerup", lift);
  canvas.addEventListener("pointercancel", lift);
  canvas.addEventListener("pointerleave", () => on.hovered());

  canvas.addEventListener("wheel", (event) => {
    event.preventDefault();
    on.hovered();
    const lines = event.deltaMode === 1 ? 24 : 1;
    // Pinching on a trackpad comes as a wheel with Ctrl held, in smaller steps.
    const step = Math.max(-1, Math.min(1, -event.deltaY * lines * (event.ctrlKey ? 0.01 : 0.0025)));
    view.zoomAbout(...at(event), view.zoom + step);
    on.moved();
  }, { passive: false });
}

/** One of two fingers went from `before` to `now`: the places under both fingers stay there. */
function pinch(view, before, now, other) {
  const apart = (a, b) => Math.max(10, Math.hypot(a[0] - b[0], a[1] - b[1]));
  const middle = (a, b) => [(a[0] + b[0]) / 2, (a[1] + b[1]) / 2];
  const [from, to] = [middle(before, other), middle(now, other)];
  view.pan(to[0] - from[0], to[1] - from[1]);
  view.zoomAbout(...to, view.zoom + Math.log2(apart(now, other) / apart(before, other)));
}
