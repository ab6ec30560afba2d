// What if the cover were another: sliders, the changed cover, and the moods that it moves beyond what encoding alone does.
import { ApiError } from "../api.js";
import { axisEnd } from "../bars.js";
import { count, make, makeSvg, percent } from "../elements.js";

const N_SHOWN = 6;
const SETTLE_MS = 250;
const SLIDERS = [
  { name: "hue", title: "Hue", min: -180, max: 180, step: 15, neutral: 0, say: (value) => `${value > 0 ? "+" : value < 0 ? "−" : ""}${Math.abs(value)}°` },
  { name: "brightness", title: "Brightness", min: 0.4, max: 1.8, step: 0.1, neutral: 1, say: (value) => `${Math.round(100 * value)} %` },
  { name: "saturation", title: "Saturation", min: 0, max: 2, step: 0.1, neutral: 1, say: (value) => `${Math.round(100 * value)} %` },
];
const BOXES = [
  { name: "flip", title: "Flip left and right" },
  { name: "faces", title: "Blur faces", region: true },
  { name: "lettering", title: "Blur lettering", region: true },
];

/** Controls and outcome; asks when they come to rest, one question at a time. */
export class Changes {
  constructor(subject, told) {
    this.subject = subject;
    [this.isAsking, this.asksAgain, this.timer] = [false, false, 0];
    this.sliders = SLIDERS.map((each) => this.makeSlider(each));
    this.boxes = BOXES.map((each) => this.makeBox(each, told));
    const reset = make("button", { type: "button", class: "quiet" }, "As it was");
    reset.addEventListener("click", () => this.reset());
    this.status = make("p", { class: "status", role: "status" });
    this.picture = make("img", { class: "changed", alt: "The changed cover as the model sees it", width: 224, height: 224, hidden: true });
    this.outcome = make("ol", { class: "moved" });
    this.elements = [
      make("h3", {}, "What if the cover were another"),
      make("div", { class: "changes" },
        make("div", {},
          ...this.sliders.map(({ row }) => row),
          make("div", { class: "boxes" }, ...this.boxes.map(({ row }) => row)),
          told.why_no_regions && make("p", { class: "small muted" }, `${told.why_no_regions}.`),
          reset),
        this.picture),
      this.status,
      this.outcome,
      make("p", { class: "small muted" }, "Every change is encoded as JPEG again; what counts is what moves further than encoding alone moves it (the grey band)."),
    ];
  }

  makeSlider(slider) {
    const { name, title, min, max, step, neutral, say } = slider;
    const input = make("input", { type: "range", id: `change-${name}`, min, max, step, value: neutral });
    const output = make("output", { for: `change-${name}` });
    const show = () => {
      output.textContent = say(Number(input.value));
      input.setAttribute("aria-valuetext", output.textContent);
    };
    input.addEventListener("input", () => {
      show();
      this.settle();
    });
    show();
    return { ...slider, input, show, row: make("div", { class: "slider" }, make("label", { for: `change-${name}` }, title), input, output) };
  }

  makeBox({ name, title, region }, told) {
    const input = make("input", { type: "checkbox", disabled: region && !told.regions[name] });
    input.addEventListener("change", () => this.settle());
    const isMissing = region && !told.why_no_regions && !told.regions[name];
    return { name, region, input, row: make("label", { class: "box" }, input, title, isMissing && make("span", { class: "muted" }, " (none found)")) };
  }

  reset() {
    for (const { input, neutral, show } of this.sliders) {
      input.value = neutral;
      show();
    }
    for (const { input } of this.boxes) input.checked = false;
    this.settle();
  }

  /** What differs from the cover as it is. */
  get asked() {
    const asked = {};
    for (const { name, input, neutral } of this.sliders) if (Number(input.value) !== neutral) asked[name] = input.value;
    for (const { name, region, input } of this.boxes) if (input.checked && !region) asked[name] = "true";
    const blurred = this.boxes.filter(({ region, input }) => region && input.checked).map(({ name }) => name);
    return blurred.length ? { ...asked, blur: blurred } : asked;
  }

  settle() {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.ask(), SETTLE_MS);
  }

  async ask() {
    if (this.isAsking) {
      this.asksAgain = true;
      return;
    }
    const { asked } = this;
    if (!Object.keys(asked).length) {
      this.clear("");
      return;
    }
    this.isAsking = true;
    try {
      this.say("Looking again …");
      this.show(await this.subject.ask("change", asked, (text) => this.say(text)));
    } catch (error) {
      this.clear(error instanceof ApiError ? error.message : "Something went wrong on this page. Reload it and try again.", true);
      if (!(error instanceof ApiError)) throw error;
    } finally {
      this.isAsking = false;
      if (this.asksAgain) {
        this.asksAgain = false;
        this.ask();
      }
    }
  }

  show({ cover, moods, n_beyond: nBeyond }) {
    this.picture.src = cover;
    this.picture.hidden = false;
    const rest = moods.length - nBeyond;
    this.say(nBeyond
      ? `${count(nBeyond)} of ${count(moods.length)} moods move further than encoding alone moves them${rest ? "" : ": all"}.`
      : "No mood moves further than encoding alone moves it: this change says nothing.");
    const shown = moods.filter((mood) => mood.is_beyond).slice(0, N_SHOWN);
    const end = axisEnd(shown.flatMap(({ before, after }) => [before, after].map((p) => ({ probability: p, base_rate: p }))));
    this.outcome.replaceChildren(...shown.map((mood) => rowOf(mood, end)));
  }

  say(text, isError = false) {
    this.status.textContent = text;
    this.status.classList.toggle("error", isError);
  }

  clear(text, isError = false) {
    this.say(text, isError);
    this.picture.hidden = true;
    this.outcome.replaceChildren();
  }
}

function rowOf({ mood, before, after, encoding_low: low, encoding_high: high }, end) {
  const x = (p) => 100 * Math.min(1, p / end);
  return make("li", {},
    make("span", {}, mood),
    makeSvg("svg", { class: "bar", viewBox: "0 0 100 10", preserveAspectRatio: "none", "aria-hidden": "true", focusable: "false" },
      makeSvg("rect", { class: "trough", width: 100, height: 10 }),
      makeSvg("rect", { class: "band", x: x(low), width: Math.max(0.4, x(high) - x(low)), height: 10 }),
      makeSvg("rect", { class: after < before ? "against" : "value", x: x(Math.min(before, after)), width: x(Math.abs(after - before)), y: 3, height: 4 }),
      makeSvg("line", { class: "base", x1: x(after), x2: x(after), y1: 0, y2: 10 })),
    make("span", { class: "share" }, percent(before), make("span", { "aria-hidden": "true" }, " → "), make("span", { class: "visually-hidden" }, " to "), percent(after)),
    make("span", { class: "alone" }, `encoding alone: ${percent(low)} to ${percent(high)}`));
}
