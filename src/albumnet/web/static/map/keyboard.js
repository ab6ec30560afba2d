// The map by keyboard: arrows move, plus and minus zoom, zero shows all, Enter opens, Escape leaves.

const STEP = 90; // px
const MOVES = { ArrowLeft: [STEP, 0], ArrowRight: [-STEP, 0], ArrowUp: [0, STEP], ArrowDown: [0, -STEP] };

/** Listen to a focused canvas; `on` has pan(dx, dy), zoom(steps), reset(), open(), leave(). */
export function listenToKeys(canvas, on) {
  canvas.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const far = event.shiftKey ? 3 : 1;
    if (MOVES[event.key]) on.pan(...MOVES[event.key].map((part) => part * far));
    else if (event.key === "+" || event.key === "=") on.zoom(0.5);
    else if (event.key === "-" || event.key === "_") on.zoom(-0.5);
    else if (event.key === "0") on.reset();
    else if (event.key === "Enter") on.open();
    else if (event.key === "Escape") on.leave();
    else return;
    event.preventDefault();
  });
}
