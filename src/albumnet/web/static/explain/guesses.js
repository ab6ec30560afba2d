// What the backbone itself takes a cover for, in ImageNet's names.
import { make, makeSvg, percent } from "../elements.js";

/** A list of bars, or why there is none; `told` is what `/api/explain/cover` answered. */
export function guessesOf(told) {
  const heading = make("h3", {}, "What it takes the cover for");
  if (!told.guesses.length) return [heading, make("p", { class: "empty" }, `No guesses: ${told.why_no_guesses}.`)];
  return [
    heading,
    make("ol", { class: "guesses" }, ...told.guesses.map(({ thing, probability }) => make("li", {},
      make("span", {}, thing),
      makeSvg("svg", { class: "bar", viewBox: "0 0 100 10", preserveAspectRatio: "none", "aria-hidden": "true", focusable: "false" },
        makeSvg("rect", { class: "trough", width: 100, height: 10 }),
        makeSvg("rect", { class: "value", width: (100 * probability).toFixed(2), height: 10 })),
      make("span", { class: "share" }, percent(probability))))),
    make("p", { class: "small muted" }, `${told.backbone} was taught the names of a thousand things in photographs, before anyone spoke of moods.`),
  ];
}
