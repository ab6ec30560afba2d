// Mood names as a landscape: bigger for more albums, never one over another, more of them the nearer one comes.

const PADDING = 5;
const FADE = 0.12; // share of full strength gained or lost per frame

/** Mood names at their places; `moods` as /api/map/meta gives them, most albums first. */
export class Names {
  constructor(moods, serif) {
    this.serif = serif;
    const most = Math.max(1, ...moods.map((mood) => mood.n));
    this.names = moods.map((mood) => ({
      text: mood.name, x: mood.x, y: 1 - mood.y, share: Math.sqrt(mood.n / most), width: 0, strength: 0, isShown: false,
    }));
  }

  /** Choose the names for a view; bigger ones choose first. */
  place(context, view) {
    const taken = [];
    const growth = Math.min(1.25, Math.max(0.75, 0.55 + view.scale / 1500));
    for (const name of this.names) {
      name.size = Math.round((11.5 + 15 * name.share) * growth * 2) / 2;
      name.width ||= measure(context, name.text, this.serif);
      const [width, height] = [name.width * name.size, name.size * 1.05];
      [name.screenX, name.screenY] = [view.screenX(name.x), view.screenY(name.y)];
      const box = [name.screenX - width / 2 - PADDING, name.screenY - height / 2 - PADDING / 2, name.screenX + width / 2 + PADDING, name.screenY + height / 2 + PADDING / 2];
      const isOut = box[2] < 0 || box[3] < 0 || box[0] > view.width || box[1] > view.height;
      name.isShown = !isOut && !taken.some((other) => box[0] < other[2] && box[2] > other[0] && box[1] < other[3] && box[3] > other[1]);
      if (name.isShown) taken.push(box);
    }
  }

  /** Paint them; returns whether any is still fading. Deep in the map they step back behind the covers. */
  paint(context, view, { ink, paper, isStill }) {
    let isFading = false;
    const depth = Math.max(0.55, Math.min(1, 1.25 - 0.07 * Math.max(0, view.zoom - 2)));
    context.textAlign = "center";
    context.textBaseline = "middle";
    context.lineJoin = "round";
    for (const name of this.names) {
      const goal = name.isShown ? 1 : 0;
      const step = isStill ? 1 : FADE;
      name.strength += Math.max(-step, Math.min(step, goal - name.strength));
      isFading ||= name.strength !== goal;
      if (name.strength <= 0.01) continue;
      context.globalAlpha = name.strength * depth * (0.86 + 0.14 * name.share);
      context.font = `600 ${name.size}px ${this.serif}`;
      context.lineWidth = Math.max(4, name.size / 3.6);
      context.strokeStyle = paper;
      context.strokeText(name.text, name.screenX, name.screenY);
      context.fillStyle = ink;
      context.fillText(name.text, name.screenX, name.screenY);
    }
    context.globalAlpha = 1;
    return isFading;
  }

  /** The moods shown nearest to the middle, for those who do not see them. */
  nearMiddle(view, k) {
    const distance = (name) => Math.hypot(name.screenX - view.width / 2, name.screenY - view.height / 2);
    return this.names.filter((name) => name.isShown).sort((a, b) => distance(a) - distance(b)).slice(0, k).map((name) => name.text);
  }
}

/** A text's width at a size of one pixel. */
function measure(context, text, serif) {
  context.font = `600 100px ${serif}`;
  return context.measureText(text).width / 100;
}
