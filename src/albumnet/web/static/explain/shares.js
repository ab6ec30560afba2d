// What cover, genre and year each added to a mood, as three bars from a middle line.
import { make, makeSvg } from "../elements.js";

const PARTS = ["cover", "genre", "year"];
const LEAST_REACH = 0.5; // log-odds: bars of next to nothing stay short

/** Heading, bars and what they mean; `told` is what `/api/explain/cover` answered. */
export function sharesOf(told, mood) {
  if (!told.shares) return [make("p", { class: "small muted" }, `No shares of cover, genre and year: ${told.why_no_shares}.`)];
  const values = told.shares.find((each) => each.mood === mood);
  if (!values) return [];
  const reach = Math.max(LEAST_REACH, ...told.shares.flatMap((each) => PARTS.map((part) => Math.abs(each[part]))));
  const how = told.is_exact ? "exact, since the model adds them up" : "their Shapley values, since the model mixes them";
  return [
    make("h3", {}, `What spoke for ${mood}, and what against it`),
    make("ul", { class: "shares" }, ...PARTS.map((part) => make("li", {},
      make("span", {}, part), bar(values[part] / reach), make("span", { class: "share" }, signed(values[part]))))),
    make("p", { class: "small muted" }, `Log-odds over those of an average album: ${how}.`),
  ];
}

/** +0.42, −1.30. */
function signed(value) {
  return `${value < 0 ? "−" : "+"}${Math.abs(value).toFixed(2)}`;
}

function bar(share) {
  const end = 50 + 50 * share;
  return makeSvg("svg", { class: "bar", viewBox: "0 0 100 10", preserveAspectRatio: "none", "aria-hidden": "true", focusable: "false" },
    makeSvg("rect", { class: "trough", width: 100, height: 10 }),
    makeSvg("rect", { class: share < 0 ? "against" : "value", x: Math.min(50, end), width: Math.abs(50 * share), height: 10 }),
    makeSvg("line", { class: "base", x1: 50, x2: 50, y1: 0, y2: 10 }));
}
