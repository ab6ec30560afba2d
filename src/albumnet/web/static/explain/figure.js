// A mood's map over its cover: how opaque, on which scale, what its check said, and what cover, genre and year added.
import { make } from "../elements.js";
import { sharesOf } from "./shares.js";

const OPACITY = 85; // percent, as `albumnet explain` draws it
const MEANING =
  "Red spoke for the mood and blue against it: the map shows where the model looked, not that it is right, and it cannot be "
  + "believed where a network that forgot all it learned draws the same.";

/** One figure that shows one mood at a time. */
export class Figure {
  constructor(address) {
    this.cover = make("img", { class: "map-cover", src: address, alt: "The cover", width: 448, height: 448 });
    this.layer = make("img", { class: "map-layer", alt: "", width: 448, height: 448, hidden: true });
    this.stack = make("div", { class: "map-stack" }, this.cover, this.layer);
    this.stack.hidden = !address;
    this.verdict = make("p", { class: "map-verdict", role: "status" });
    this.opacity = make("input", { type: "range", id: "map-opacity", min: 0, max: 100, step: 5, value: OPACITY });
    this.told = make("output", { for: "map-opacity" });
    this.scale = make("div", { class: "map-scale" });
    this.aboutMap = make("div", { hidden: true },
      make("div", { class: "slider" }, make("label", { for: "map-opacity" }, "Opacity of the map"), this.opacity, this.told),
      this.scale,
      make("p", { class: "small muted" }, MEANING));
    this.shares = make("div");
    this.element = make("figure", { class: "map-figure", "aria-label": "Why" }, this.stack, this.verdict, this.aboutMap, this.shares);
    this.opacity.addEventListener("input", () => this.setOpacity());
    this.setOpacity();
  }

  setOpacity() {
    const share = Number(this.opacity.value);
    // Under a full map the cover is duller, so that the map's colours are not taken for the cover's.
    this.stack.style.setProperty("--opacity", this.layer.hidden ? 0 : share / 100);
    this.told.textContent = `${share} %`;
    this.opacity.setAttribute("aria-valuetext", `${share} %`);
  }

  /** Before the answer is there, or instead of one. */
  say(text, isError = false) {
    this.hideMap();
    this.verdict.textContent = text;
    this.verdict.classList.toggle("refused", isError);
  }

  showMap({ mood, method, map, likeness, most_likeness: most, is_refused: isRefused }) {
    const measured = `likeness ${likeness.toFixed(2)}, refused above ${most.toFixed(2)}`;
    this.say(isRefused
      ? `No map of ${mood} can be believed here: a network that forgot all it learned draws much the same one (${measured}).`
      : `${mood}: this map depends on what was learned; a network that forgot it draws another one (${measured}; ${method}).`, isRefused);
    if (isRefused) return;
    this.layer.src = map.picture;
    this.layer.alt = `Where the model looked for ${mood}`;
    this.layer.hidden = false;
    this.aboutMap.hidden = false;
    this.scale.replaceChildren(...scaleOf(map));
    this.setOpacity();
  }

  hideMap() {
    this.layer.hidden = true;
    this.layer.removeAttribute("src");
    this.aboutMap.hidden = true;
    this.setOpacity();
  }

  /** What cover, genre and year added to a mood; `cover` is what was told of the cover. */
  showShares(cover, mood) {
    this.shares.replaceChildren(...(cover ? sharesOf(cover, mood) : []));
  }
}

function scaleOf({ full_colour: full, for: forColour, against }) {
  const strip = make("span", { class: "map-strip", "aria-hidden": "true" });
  strip.style.backgroundImage = `linear-gradient(to right, ${against}, transparent, ${forColour})`;
  return [
    make("span", {}, "against"), strip, make("span", {}, "for"),
    make("p", { class: "small muted" }, `Full colour where a pixel has ${full} times the cover's mean or more, on every map.`),
  ];
}
