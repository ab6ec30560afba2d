// Choosing moods: by typing, from families, in an order; with a memory for undoing.
import { make } from "/static/elements.js";

const plain = (text) => text.toLowerCase().normalize("NFKD").replace(/[\u0300-\u036f]/g, "").replace(/[-_\s/]+/g, " ").trim();
const MOST_SUGGESTED = 8;

export class Chooser {
  #moods;
  #parts;
  #on;
  #past = [];
  #active = -1;
  #suggested = [];
  #last = null;
  moods = [];
  cannotTell = false;

  /** `on` has `changed()`, `enter()`, `back()`, `forward()`. */
  constructor({ moods, families }, on) {
    this.#moods = moods;
    this.#on = on;
    const by = (id) => document.getElementById(id);
    this.#parts = {
      typed: by("typed"), list: by("suggestions"), chosen: by("chosen"), nothing: by("nothing"), cannot: by("cannot"),
      undo: by("undo"), told: by("told"), families: by("families"),
    };
    this.#listen();
    this.#showFamilies(families);
  }

  /** Begin with an answer; nothing to undo yet. */
  begin({ moods, cannot_tell: cannotTell }) {
    this.moods = [...moods];
    this.cannotTell = cannotTell;
    this.#past = [];
    this.#last = null;
    this.#parts.typed.value = "";
    this.#suggest();
    this.#show();
  }

  focus() {
    this.#parts.typed.focus({ preventScroll: true });
  }

  undo() {
    const before = this.#past.pop();
    if (!before) return false;
    [this.moods, this.cannotTell] = before;
    this.#changed("undone");
    return true;
  }

  get canUndo() {
    return this.#past.length > 0;
  }

  toggle(mood) {
    if (this.moods.includes(mood)) this.#remove(mood);
    else this.#add(mood);
  }

  toggleCannotTell() {
    this.#remember();
    this.cannotTell = !this.cannotTell;
    if (this.cannotTell) this.moods = [];
    this.#changed(this.cannotTell ? "can’t tell" : "can’t tell, taken back");
  }

  #add(mood) {
    this.#remember();
    this.cannotTell = false;
    this.moods = [...this.moods, mood];
    this.#last = mood;
    this.#changed(`${mood} is number ${this.moods.length}`);
  }

  #remove(mood) {
    this.#remember();
    this.moods = this.moods.filter((other) => other !== mood);
    this.#changed(`${mood} removed`);
  }

  #move(mood, step) {
    const from = this.moods.indexOf(mood);
    const to = from + step;
    if (from < 0 || to < 0 || to >= this.moods.length) return;
    this.#remember();
    this.moods = this.moods.toSpliced(from, 1).toSpliced(to, 0, mood);
    this.#last = mood;
    this.#changed(`${mood} is number ${to + 1}`);
  }

  #remember() {
    this.#past.push([[...this.moods], this.cannotTell]);
  }

  #changed(told) {
    this.#parts.told.textContent = told;
    this.#show();
    this.#on.changed();
  }

  #show() {
    const { chosen, nothing, cannot, undo, families } = this.#parts;
    const focused = document.activeElement?.dataset?.act;
    chosen.replaceChildren(...this.moods.map((mood, n) => this.#line(mood, n)));
    if (focused) chosen.querySelector(`[data-act="${CSS.escape(focused)}"]:not(:disabled)`)?.focus() ?? this.focus();
    nothing.hidden = this.moods.length > 0;
    nothing.textContent = this.cannotTell ? "Can’t tell from this cover." : "Nothing chosen yet.";
    cannot.setAttribute("aria-pressed", String(this.cannotTell));
    undo.disabled = !this.canUndo;
    for (const button of families.querySelectorAll("button")) {
      button.setAttribute("aria-pressed", String(this.moods.includes(button.textContent)));
    }
  }

  #line(mood, n) {
    const act = (sign, label, does, isOff = false) => {
      const button = make("button", { type: "button", "aria-label": `${label}: ${mood}`, "data-act": `${sign}${mood}`, disabled: isOff }, sign);
      button.addEventListener("click", does);
      return button;
    };
    return make("li", {}, make("span", { class: "mood" }, mood),
      act("↑", "Stronger", () => this.#move(mood, -1), n === 0),
      act("↓", "Weaker", () => this.#move(mood, 1), n === this.moods.length - 1),
      act("×", "Remove", () => this.#remove(mood)));
  }

  #showFamilies(families) {
    this.#parts.families.replaceChildren(...families.map(({ name, moods }) =>
      make("div", { class: "family", role: "group", "aria-label": name }, make("h3", {}, name), make("div", {}, ...moods.map((mood) => {
        const button = make("button", { type: "button", "aria-pressed": "false" }, mood);
        button.addEventListener("click", () => this.toggle(mood));
        return button;
      })))));
  }

  #suggest() {
    const { typed, list } = this.#parts;
    const words = plain(typed.value);
    const rank = (mood) => (plain(mood).startsWith(words) ? 0 : plain(mood).split(" ").some((word) => word.startsWith(words)) ? 1 : words.length > 2 && plain(mood).includes(words) ? 2 : 3);
    this.#suggested = words
      ? this.#moods.filter((mood) => !this.moods.includes(mood) && rank(mood) < 3).sort((a, b) => rank(a) - rank(b)).slice(0, MOST_SUGGESTED)
      : [];
    this.#active = this.#suggested.length ? 0 : -1;
    list.replaceChildren(...this.#suggested.map((mood, n) => {
      const line = make("li", { role: "option", id: `suggestion-${n}` }, mood);
      line.addEventListener("pointerdown", (event) => {
        event.preventDefault(); // the line keeps the focus
        this.#take(n);
      });
      return line;
    }));
    if (words && !this.#suggested.length) list.append(make("li", { class: "none", role: "option", "aria-disabled": "true" }, "No such mood here"));
    list.hidden = !words;
    typed.setAttribute("aria-expanded", String(Boolean(words)));
    this.#mark();
  }

  #mark() {
    const { typed, list } = this.#parts;
    [...list.children].forEach((line, n) => line.setAttribute("aria-selected", String(n === this.#active)));
    if (this.#active < 0) typed.removeAttribute("aria-activedescendant");
    else {
      typed.setAttribute("aria-activedescendant", `suggestion-${this.#active}`);
      list.children[this.#active].scrollIntoView({ block: "nearest" });
    }
  }

  #take(n) {
    const mood = this.#suggested[n];
    this.#parts.typed.value = "";
    if (mood) this.#add(mood);
    this.#suggest();
  }

  #listen() {
    const { typed, cannot } = this.#parts;
    typed.addEventListener("input", () => {
      if (typed.value === "?") {
        typed.value = "";
        this.toggleCannotTell();
      }
      this.#suggest();
    });
    typed.addEventListener("blur", () => {
      this.#parts.list.hidden = true;
      typed.setAttribute("aria-expanded", "false");
    });
    typed.addEventListener("focus", () => this.#suggest());
    typed.addEventListener("keydown", (event) => this.#key(event));
    cannot.addEventListener("click", () => this.toggleCannotTell());
    document.addEventListener("keydown", (event) => {
      if (document.querySelector("dialog[open]")) return;
      if (event.key === "PageUp" || event.key === "PageDown") {
        event.preventDefault();
        if (event.key === "PageUp") this.#on.back();
        else this.#on.forward();
      } else if ((event.ctrlKey || event.metaKey) && event.key === "z" && !typed.value) {
        event.preventDefault();
        this.undo();
      }
    });
  }

  #key(event) {
    const { typed } = this.#parts;
    if (event.isComposing) return;
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step && event.altKey) {
      event.preventDefault();
      this.#move(this.moods.includes(this.#last) ? this.#last : this.moods.at(-1), step);
    } else if (step && this.#suggested.length) {
      event.preventDefault();
      this.#active = (this.#active + step + this.#suggested.length) % this.#suggested.length;
      this.#mark();
    } else if (event.key === "Enter") {
      event.preventDefault();
      if (typed.value.trim()) this.#take(this.#active);
      else if (!event.repeat) this.#on.enter();
    } else if (event.key === "Escape" && typed.value) {
      typed.value = "";
      this.#suggest();
    } else if (event.key === "Backspace" && !typed.value && this.moods.length) {
      this.#remove(this.moods.at(-1));
    }
  }
}
