// More like the open album, by the chosen kind: a list beside the map, and lines to where those albums lie.
import { make, shelf, withCode } from "../elements.js";

const N_SHOWN = 6;
export const KINDS = [
  { name: "mood", title: "Mood", key: "near_in_mood", whyNone: () => "Nothing is known to be near in mood." },
  { name: "look", title: "Look", key: "near_in_look", whyNone: () => "Nothing is known to look alike." },
  {
    name: "listeners", title: "Listeners", key: "near_by_listeners",
    whyNone: (card) => card.why_no_listeners ?? "Nobody likes anything else.",
  },
];

/** One toggle that keeps its choice from album to album; `on` has chosen(album) and changed(albums). */
export class Neighbours {
  constructor(on) {
    this.on = on;
    this.kind = KINDS[0].name;
  }

  /** Heading, toggle and list for an album's card; tells at once what is near. */
  elementsOf(card) {
    const box = make("div");
    const buttons = KINDS.map(({ name, title }) => {
      const button = make("button", { type: "button", class: "quiet" }, title);
      button.addEventListener("click", () => {
        this.kind = name;
        show();
      });
      return button;
    });
    const show = () => {
      KINDS.forEach(({ name }, k) => buttons[k].setAttribute("aria-pressed", String(name === this.kind)));
      const { key, whyNone } = KINDS.find(({ name }) => name === this.kind);
      const near = card[key] ?? [];
      box.replaceChildren(near.length
        ? shelf(near.slice(0, N_SHOWN), { sizes: "6.5rem", onChoose: this.on.chosen })
        : make("p", { class: "muted small" }, ...withCode(whyNone(card))));
      this.on.changed(near);
    };
    show();
    return [
      make("h3", { id: "alike" }, "More like this"),
      make("div", { class: "kinds", role: "group", "aria-labelledby": "alike" }, ...buttons),
      box,
    ];
  }
}

/** Lines from the open album to those near it, and rings around their dots. */
export function paintNeighbours(context, from, places, { accent, paper, radius }) {
  for (const [width, style] of [[4, paper], [1.5, accent]]) {
    context.lineWidth = width;
    context.strokeStyle = style;
    context.beginPath();
    for (const [x, y] of places) {
      context.moveTo(...from);
      context.lineTo(x, y);
      context.moveTo(x + radius, y);
      context.arc(x, y, radius, 0, 2 * Math.PI);
    }
    context.stroke();
  }
}
