// Moods' bars that can be pressed: each shows its map over the cover, and with the first comes what the cover is taken for.
import { ApiError } from "../api.js";
import { make } from "../elements.js";
import { Changes } from "./changes.js";
import { Figure } from "./figure.js";
import { guessesOf } from "./guesses.js";

const HINT = "Press a mood to see where the model looked for it, what it takes the cover for, and what would change its mind.";

/**
 * Explains one subject.
 *
 * @param {object} subject as subjects.js makes it
 * @param {Element} slot where the figure stands beside the bars; on a narrow window it opens under the pressed bar instead
 * @param {Element} panel a hidden section for guesses and changes
 */
export class Why {
  constructor(subject, { slot, panel }) {
    Object.assign(this, { subject, slot, panel, pressed: null, told: null, maps: new Map() });
    this.figure = new Figure(subject.address);
    this.narrow = matchMedia("(max-width: 48rem)");
    this.narrow.addEventListener("change", () => this.place());
  }

  /** The line under the bars that says what pressing does. */
  hint() {
    return make("p", { class: "muted small why-hint" }, HINT);
  }

  /** Make the bars of a list pressable; a list that takes another's place keeps what is pressed. */
  attach(list) {
    const mood = this.pressed?.dataset.mood;
    for (const item of list.children) {
      const button = make("button", { type: "button", class: "mood-bar", "aria-pressed": "false", "data-mood": item.dataset.mood }, ...item.childNodes);
      button.addEventListener("click", () => this.toggle(button));
      item.replaceChildren(button);
      if (mood === item.dataset.mood) this.press(button);
    }
  }

  toggle(button) {
    if (this.pressed === button) {
      this.press(null);
      return null;
    }
    this.press(button);
    return Promise.all([this.showMap(button.dataset.mood), this.showCover()]);
  }

  press(button) {
    this.pressed?.setAttribute("aria-pressed", "false");
    this.pressed = button;
    button?.setAttribute("aria-pressed", "true");
    this.place();
  }

  place() {
    if (!this.pressed) this.figure.element.remove();
    else if (this.narrow.matches) this.pressed.after(this.figure.element);
    else this.slot.append(this.figure.element);
  }

  async showMap(mood) {
    this.figure.showShares(this.told, mood);
    this.figure.say(`Looking for ${mood} …`);
    const isStill = () => this.pressed?.dataset.mood === mood;
    try {
      if (!this.maps.has(mood)) this.maps.set(mood, await this.subject.ask("map", { mood }, (text) => isStill() && this.figure.say(text)));
      if (isStill()) this.figure.showMap(this.maps.get(mood));
    } catch (error) {
      if (isStill()) this.figure.say(said(error), true);
      if (!(error instanceof ApiError)) throw error;
    }
  }

  /** Guesses and changes, once. */
  async showCover() {
    if (this.told || this.isAsking) return;
    this.isAsking = true;
    this.panel.hidden = false;
    const status = make("p", { class: "status", role: "status" }, "Looking at the cover …");
    this.panel.replaceChildren(status);
    try {
      this.told = await this.subject.ask("cover", {}, (text) => { status.textContent = text; });
      // A model that looks at no cover has no backbone, and nothing that changing a cover could move.
      const changes = this.told.backbone ? new Changes(this.subject, this.told) : null;
      this.panel.replaceChildren(...guessesOf(this.told), ...(changes?.elements ?? []));
      if (this.pressed) this.figure.showShares(this.told, this.pressed.dataset.mood);
    } catch (error) {
      status.textContent = said(error);
      status.classList.add("error");
      if (!(error instanceof ApiError)) throw error;
    } finally {
      this.isAsking = false;
    }
  }
}

function said(error) {
  return error instanceof ApiError ? error.message : "Something went wrong on this page. Reload it and try again.";
}
