// Moods as bars, each with a line where its base rate is; the same picture as templates/_parts.html draws.
import { make, makeSvg, percent } from "./elements.js";

/** Where the axis ends: the first quarter that no bar is longer than. */
export function axisEnd(moods) {
  const longest = Math.max(0, ...moods.flatMap((mood) => [mood.probability, mood.base_rate]));
  return [0.25, 0.5, 0.75].find((end) => longest <= end) ?? 1;
}

/** A list of bars; moods that are in `trueMoods` are marked. */
export function moodBars(moods, { end = axisEnd(moods), trueMoods = [] } = {}) {
  const list = make("ol", { class: "mood-bars" });
  for (const mood of moods) {
    const isTrue = trueMoods.includes(mood.mood);
    const classes = [isTrue && "is-true", mood.probability > mood.base_rate && "above"].filter(Boolean).join(" ");
    list.append(make("li", { class: classes || null, "data-mood": mood.mood },
      make("span", { class: "mood" }, mood.mood, isTrue && make("span", { class: "visually-hidden" }, " (is said of it)")),
      bar(mood.probability / end, mood.base_rate / end),
      make("span", { class: "share" }, percent(mood.probability)),
      make("span", { class: "visually-hidden" }, `of albums in general: ${percent(mood.base_rate)}`),
    ));
  }
  return list;
}

function bar(share, base) {
  const x = (100 * base).toFixed(2);
  return makeSvg("svg", { class: "bar", viewBox: "0 0 100 10", preserveAspectRatio: "none", "aria-hidden": "true", focusable: "false" },
    makeSvg("rect", { class: "trough", width: 100, height: 10 }),
    makeSvg("rect", { class: "value", width: (100 * share).toFixed(2), height: 10 }),
    makeSvg("line", { class: "base", x1: x, x2: x, y1: 0, y2: 10 }),
  );
}
