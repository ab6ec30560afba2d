// The map's form: what to look for, asked of the server, and which points pass.
import { ask } from "../api.js";
import { albums, count } from "../elements.js";

const TYPING_MS = 250;

/** Fills the choices, asks when they change, and tells whoever listens. */
export class Filters {
  /** `on` has changed(isStep) for new results, and submitted() when Enter was pressed. */
  constructor(points, meta, on) {
    [this.points, this.on] = [points, on];
    this.form = document.getElementById("tools");
    this.box = document.getElementById("filters");
    this.button = document.getElementById("filters-button");
    this.badge = document.getElementById("filters-count");
    this.found = document.getElementById("found");
    this.filter = { passes: null, version: 0, n: points.n };
    this.asking = null;
    fillChoices(this.form.elements.genre, meta.genres);
    fillChoices(this.form.elements.decade, meta.decades, "s");
    fillChoices(this.form.elements.mood, meta.mood_filter);
    this.listen();
    this.tell();
  }

  listen() {
    let timer = 0;
    this.form.elements.q.addEventListener("input", () => {
      clearTimeout(timer);
      timer = setTimeout(() => this.apply(false), TYPING_MS);
    });
    for (const name of ["genre", "decade", "mood"]) this.form.elements[name].addEventListener("change", () => this.apply(true));
    this.form.addEventListener("submit", async (event) => {
      event.preventDefault();
      clearTimeout(timer);
      await this.apply(true);
      this.on.submitted();
    });
    this.button.addEventListener("click", () => this.toggle(this.box.hidden));
    document.getElementById("clear").addEventListener("click", () => {
      this.values = {};
      this.apply(true);
      this.form.elements.q.focus();
    });
    this.form.addEventListener("keydown", (event) => {
      if (event.key !== "Escape" || this.box.hidden) return;
      this.toggle(false);
      this.button.focus();
    });
  }

  toggle(isOpen) {
    this.box.hidden = !isOpen;
    this.button.setAttribute("aria-expanded", String(isOpen));
  }

  get values() {
    return Object.fromEntries(["q", "genre", "decade", "mood"].map((name) => [name, this.form.elements[name].value.trim()]));
  }

  set values(given) {
    for (const name of ["q", "genre", "decade", "mood"]) this.form.elements[name].value = given[name] ?? "";
  }

  /** Ask which albums pass; earlier questions are dropped. */
  async apply(isStep) {
    this.asking?.abort();
    this.asking = new AbortController();
    const values = this.values;
    const asked = Object.entries(values).filter(([, value]) => value);
    const n = asked.filter(([name]) => name !== "q").length;
    this.badge.hidden = n === 0;
    this.badge.textContent = n;
    try {
      if (!asked.length) this.take(null, this.points.n);
      else {
        const response = await ask(`/api/map/match?${new URLSearchParams(asked)}`, { signal: this.asking.signal });
        const bits = new Uint8Array(await response.arrayBuffer());
        this.take(bits, Number(response.headers.get("X-Count")));
        this.matched = response.headers.get("X-Matched");
      }
      this.tell();
    } catch (error) {
      if (error.name === "AbortError") return;
      this.found.textContent = error.message;
    }
    this.on.changed(isStep);
  }

  take(bits, n) {
    let passes = null;
    if (bits) {
      passes = new Uint8Array(this.points.n);
      const { rows } = this.points;
      for (let i = 0; i < rows.length; i += 1) passes[i] = (bits[rows[i] >> 3] >> (rows[i] & 7)) & 1;
    }
    this.filter = { passes, version: this.filter.version + 1, n };
  }

  /** Say how many there are. */
  tell() {
    const { passes, n } = this.filter;
    if (!passes) this.found.textContent = albums(n);
    else if (n === 0) this.found.textContent = "No album matches.";
    else if (this.values.q && this.matched === "mood") this.found.textContent = `${albums(n)} nearest to these words in mood`;
    else this.found.textContent = `${count(n)} of ${albums(this.points.n)}`;
  }
}

function fillChoices(select, values, suffix = "") {
  for (const [value, n] of values) select.add(new Option(`${value}${suffix} (${count(n)})`, value));
}
