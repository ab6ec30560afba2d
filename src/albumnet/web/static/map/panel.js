// What lies beside the map: the card of an album, or a list to take away.
import { ask, askJson, save } from "../api.js";
import { moodBars } from "../bars.js";
import { albums, coverOf, make, namesOf, pictureAddress } from "../elements.js";
import { labelsOf } from "./labels.js";
import { Neighbours } from "./neighbours.js";

const N_LISTED = 60;
const N_BARS = 6;

/** One panel that shows one thing at a time; `on` has opened(album), closed(), chosen(album), near(albums). */
export class Panel {
  constructor(on) {
    this.on = on;
    this.element = document.getElementById("panel");
    this.list = null;
    this.asking = null;
    this.neighbours = new Neighbours({ chosen: (album) => on.chosen(album), changed: (near) => on.near(near) });
    this.element.addEventListener("keydown", (event) => event.key === "Escape" && this.close());
  }

  get isOpen() {
    return !this.element.hidden;
  }

  /** Ask for an album's card and show it. */
  async showAlbum(albumId, { takeFocus = true } = {}) {
    this.asking?.abort();
    this.asking = new AbortController();
    try {
      const card = await askJson(`/api/albums/${encodeURIComponent(albumId)}`, { signal: this.asking.signal });
      this.fill("Album", this.cardOf(card), takeFocus);
      this.on.opened(card);
    } catch (error) {
      if (error.name !== "AbortError") this.fill("Album", [make("p", { class: "empty", role: "alert" }, error.message)], takeFocus);
    }
  }

  /** Show rows as a list to download. */
  showList(rows, heading, emptyText) {
    this.list = { rows, heading, emptyText };
    this.on.near([]);
    const told = make("p", { class: "status", role: "status" });
    const take = (format) => {
      const button = make("button", { type: "button", class: "quiet", disabled: !rows.length }, `Download ${format.toUpperCase()}`);
      button.addEventListener("click", () => download(rows, format, told));
      return button;
    };
    const list = make("ul", { class: "rows" });
    const more = make("button", { type: "button", class: "quiet" }, "Show more");
    let shown = 0;
    const showMore = async () => {
      const next = rows.slice(shown, shown + N_LISTED);
      shown += next.length;
      more.hidden = shown >= rows.length;
      try {
        list.append(...(await labelsOf(next)).map((label) => this.lineOf(label)));
      } catch (error) {
        told.textContent = error.message;
      }
    };
    more.addEventListener("click", showMore);
    this.fill("List of albums", [
      make("p", { class: "eyebrow" }, heading),
      make("h2", {}, albums(rows.length)),
      make("div", { class: "row" }, take("csv"), take("m3u")),
      told,
      rows.length ? list : make("p", { class: "empty" }, emptyText),
      more,
    ], true);
    return showMore();
  }

  close() {
    if (!this.isOpen) return;
    this.asking?.abort();
    this.list = null;
    this.element.hidden = true;
    this.element.replaceChildren();
    this.on.near([]);
    this.on.closed();
  }

  fill(label, content, takeFocus) {
    const close = make("button", { type: "button", class: "quiet icon close", "aria-label": "Close" }, "×");
    close.addEventListener("click", () => this.close());
    this.element.setAttribute("aria-label", label);
    this.element.replaceChildren(close, ...content.filter(Boolean));
    this.element.hidden = false;
    this.element.scrollTop = 0;
    if (takeFocus) this.element.focus({ preventScroll: true });
  }

  cardOf(card) {
    const address = `/albums/${encodeURIComponent(card.album_id)}`;
    const back = this.list && make("button", { type: "button", class: "quiet back" }, "← To the list");
    back?.addEventListener("click", () => this.showList(this.list.rows, this.list.heading, this.list.emptyText));
    return [
      back,
      card.cover ? make("img", { class: "cover large", src: pictureAddress(card.row), alt: `Cover of ${card.title || "this album"}`, width: 640, height: 640 }) : coverOf(card),
      make("p", { class: "eyebrow" }, card.artist || "Unknown artist"),
      make("h2", {}, card.title || "Untitled"),
      make("p", { class: "muted small" }, [card.year, ...card.genres].filter(Boolean).join(" · ")),
      make("h3", {}, "Said of it"),
      card.moods.length
        ? make("ul", { class: "chips" }, ...card.moods.map((mood) => make("li", { class: "chip" }, mood)))
        : make("p", { class: "muted small" }, "Nobody has named its moods."),
      ...this.predictedOf(card),
      ...this.neighbours.elementsOf(card),
      make("p", {}, make("a", { href: address }, "All about this album")),
    ];
  }

  predictedOf(card) {
    if (!card.predicted) return [];
    return [
      make("h3", {}, "What the model says"),
      card.can_tell === false && make("p", { class: "verdict cannot" }, "Can't tell from this cover."),
      moodBars(card.predicted.slice(0, N_BARS), { trueMoods: card.moods }),
    ].filter(Boolean);
  }

  lineOf(label) {
    const button = make("button", { type: "button", class: "line" }, coverOf(label, "2.75rem"), make("span", { class: "names" }, ...namesOf(label)));
    button.addEventListener("click", () => this.on.chosen(label));
    return make("li", {}, button);
  }
}

async function download(rows, format, told) {
  told.textContent = "Preparing the file …";
  try {
    const response = await ask("/api/export", {
      method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify({ rows, format }),
    });
    save(await response.blob(), `albums.${format}`);
    told.textContent = "";
  } catch (error) {
    told.textContent = error.message;
  }
}
