// The map: puts points, view, pictures and panel together, and draws when something has changed.
import { askJson } from "../api.js";
import { albums, make } from "../elements.js";
import { colour, css, familyColours, isDark } from "../palette.js";
import { Covers } from "./covers.js";
import { Dots, dotSide } from "./dots.js";
import { Filters } from "./filters.js";
import { listenToPointers } from "./gestures.js";
import { listenToKeys } from "./keyboard.js";
import { labelsOf, nameOf } from "./labels.js";
import { Lasso } from "./lasso.js";
import { Names } from "./names.js";
import { paintNeighbours } from "./neighbours.js";
import { Panel } from "./panel.js";
import { loadPoints } from "./points.js";
import { readAddress, writeAddress } from "./state.js";
import { View, clamp } from "./view.js";

const REACH = 12; // px from a press to a dot that it may mean
const FLIGHT_MS = 450;
const ALBUM_ZOOM = 3.5;

class MoodMap {
  constructor(points, meta) {
    this.points = points;
    this.canvas = document.getElementById("map");
    this.context = this.canvas.getContext("2d", { alpha: false, willReadFrequently: true });
    this.tip = document.getElementById("tip");
    this.announcer = document.getElementById("announcer");
    this.stillness = matchMedia("(prefers-reduced-motion: reduce)");
    this.view = new View(points.extent() ?? { left: 0, right: 1, top: 0, bottom: 1 });
    this.dots = new Dots(points);
    this.covers = new Covers(points, () => this.invalidate());
    this.serif = getComputedStyle(document.documentElement).getPropertyValue("--serif");
    this.names = new Names(meta.moods, this.serif);
    this.families = meta.families ?? [];
    this.lasso = new Lasso();
    this.stats = { n: points.n, redraws: [], lastRedrawMs: 0, firstPictureMs: 0, visible: 0, covers: 0, placed: 0 };
    [this.selected, this.album, this.focused, this.flight, this.frame] = [-1, "", -1, 0, 0];
    this.near = [];
    this.panel = new Panel({
      near: (list) => this.showNear(list),
      opened: (card) => this.select(card),
      closed: () => this.deselect(),
      chosen: (album) => this.openAlbum(album),
    });
    this.filters = new Filters(points, meta, {
      changed: (isStep) => this.changed(isStep),
      submitted: () => this.showMatches(),
    });
    this.takeColours();
    this.listen();
    this.resize();
    this.restore();
  }

  // Drawing.

  invalidate() {
    this.frame ||= requestAnimationFrame((now) => this.draw(now));
  }

  draw(now = performance.now()) {
    this.frame = 0;
    const start = performance.now();
    const { context, view, look } = this;
    const { filter } = this.filters;
    const isStill = this.stillness.matches;
    context.putImageData(this.dots.draw(view, look, filter), 0, 0);
    context.setTransform(view.ratio, 0, 0, view.ratio, 0, 0);
    const key = `${view.key} ${filter.version} ${this.selected} ${this.near}`;
    if (key !== this.placedFor) {
      this.covers.place(view, filter, this.selected < 0 ? [] : [this.selected, ...this.near]);
      this.names.place(context, view);
      this.covers.settle(view);
      this.rememberSoon();
      this.placedFor = key;
    }
    this.markNeighbours();
    const { painted, isFading } = this.covers.paint(context, view, { paper: look.paperCss, accent: look.accentCss, selected: this.selected, isStill, now });
    const areNamesFading = this.names.paint(context, view, { ink: look.inkCss, paper: look.paperCss, isStill });
    this.lasso.paint(context, view, look.accentCss, look.washCss);
    this.markAlbums();
    this.markPin();
    context.setTransform(1, 0, 0, 1, 0, 0);
    this.measure(performance.now() - start, painted);
    if (isFading || areNamesFading) this.invalidate();
  }

  measure(ms, painted) {
    const { stats, covers } = this;
    stats.lastRedrawMs = ms;
    stats.redraws.push(ms);
    if (stats.redraws.length > 300) stats.redraws.shift();
    stats.firstPictureMs ||= performance.now();
    Object.assign(stats, {
      visible: this.dots.visible,
      covers: painted,
      placed: covers.placed.length,
      coverSide: covers.side,
      mostInFlight: covers.thumbnails.mostInFlight,
      settledAt: covers.thumbnails.settledAt,
      firstCoverAt: covers.thumbnails.firstAt,
    });
  }

  /** Under the covers: lines from the open album to what is near it by the chosen kind, as far as it is on the map. */
  markNeighbours() {
    const { view, points, context, look } = this;
    if (this.selected < 0 || !this.near.length) return;
    const placeOf = (i) => [view.screenX(points.xs[i]), view.screenY(points.ys[i])];
    const radius = Math.max(6, dotSide(view, points.n) / view.ratio + 2);
    paintNeighbours(context, placeOf(this.selected), this.near.map(placeOf), { accent: look.accentCss, paper: look.paperCss, radius });
  }

  /** A ring around the album that is open, around the one that Enter would open, and around covers near the open one. */
  markAlbums() {
    const { view, context, look } = this;
    this.focused = this.isByKeyboard() ? this.nearestTo(view.width / 2, view.height / 2, Math.max(view.width, view.height) / 2) : -1;
    const near = this.selected < 0 ? [] : this.near.map((i) => [i, look.accentCss]);
    for (const [i, colourOf] of [...near, [this.focused, look.inkCss], [this.selected, look.accentCss]]) {
      if (i < 0) continue;
      const isNear = i !== this.focused && i !== this.selected;
      const [x, y] = [view.screenX(this.points.xs[i]), view.screenY(this.points.ys[i])];
      const cover = this.covers.placed.find((each) => each.i === i && this.covers.thumbnails.has(each.row));
      if (isNear && !cover) continue;
      const half = cover ? this.covers.side / 2 + (isNear ? 2 : 4) : Math.max(7, dotSide(view, this.points.n) / view.ratio + 3);
      for (const [width, style] of [[isNear ? 4 : 6, look.paperCss], [isNear ? 2 : 3, colourOf]]) {
        context.lineWidth = width;
        context.strokeStyle = style;
        context.beginPath();
        if (cover) context.roundRect(x - half, y - half, 2 * half, 2 * half, 4);
        else context.arc(x, y, half, 0, 2 * Math.PI);
        context.stroke();
      }
    }
  }

  /** Where a cover that was just read falls. */
  markPin() {
    if (!this.pin) return;
    const { view, context, look } = this;
    const [x, y] = [view.screenX(this.pin[0]), view.screenY(this.pin[1])];
    for (const [width, style] of [[9, look.paperCss], [4, look.accentCss]]) {
      context.lineWidth = width;
      context.strokeStyle = style;
      context.beginPath();
      context.arc(x, y, 11, 0, 2 * Math.PI);
      context.stroke();
    }
    context.font = `600 17px ${this.serif}`;
    context.textAlign = "center";
    context.lineWidth = 5;
    context.strokeStyle = look.paperCss;
    context.strokeText("Your cover", x, y - 26);
    context.fillStyle = look.accentCss;
    context.fillText("Your cover", x, y - 26);
  }

  takeColours() {
    const [paper, ink, accent, muted] = ["--paper", "--ink", "--model", "--control"].map(colour);
    const dark = isDark();
    this.look = {
      name: dark ? "dark" : "light", paper, muted, families: familyColours(dark),
      paperCss: css(paper), inkCss: css(ink), accentCss: css(accent), washCss: css(accent, 0.12),
    };
    showLegend(this.families, this.look.families);
    this.invalidate();
  }

  resize() {
    const { view, canvas } = this;
    view.resize(canvas.parentElement.clientWidth, canvas.parentElement.clientHeight);
    const [width, height] = [Math.round(view.width * view.ratio), Math.round(view.height * view.ratio)];
    if (canvas.width !== width || canvas.height !== height) [canvas.width, canvas.height] = [width, height];
    // Setting a canvas's size empties it; waiting for a frame would show that.
    this.draw();
  }

  // Moving.

  listen() {
    const { canvas, view } = this;
    new ResizeObserver(() => this.resize()).observe(canvas.parentElement);
    document.addEventListener("themechange", () => this.takeColours());
    addEventListener("popstate", () => this.restore());
    listenToPointers(canvas, view, {
      moved: () => this.moved(),
      pressed: (x, y, kind) => this.press(x, y, kind),
      hovered: (x, y) => this.hover(x, y),
      isDrawing: () => this.lasso.isDrawing,
      drawn: (x, y) => this.drawLasso(x, y),
      closed: () => this.closeLasso(),
    });
    listenToKeys(canvas, {
      pan: (dx, dy) => { view.pan(dx, dy); this.moved(); },
      zoom: (steps) => this.zoomBy(steps),
      reset: () => this.reset(),
      open: () => this.openIndex(this.focused),
      leave: () => (this.lasso.isDrawing ? this.stopLasso() : this.panel.close()),
    });
    for (const name of ["focus", "blur"]) canvas.addEventListener(name, () => { this.invalidate(); this.announceSoon(); });
    const press = (id, act) => document.getElementById(id).addEventListener("click", act);
    press("zoom-in", () => this.zoomBy(1));
    press("zoom-out", () => this.zoomBy(-1));
    press("reset", () => this.reset());
    press("lasso", () => (this.lasso.isDrawing ? this.stopLasso() : this.startLasso()));
    press("list-view", () => this.listView());
  }

  moved() {
    this.flight += 1;
    this.covers.thumbnails.hold();
    this.placedFor = "";
    this.invalidate();
    this.announceSoon();
  }

  /** Go to a view smoothly, or at once where motion is not wanted. */
  flyTo(goal) {
    const flight = (this.flight += 1);
    const from = this.view.place;
    if (this.stillness.matches) {
      this.view.set(goal);
      this.invalidate();
      this.announceSoon();
      return;
    }
    const start = performance.now();
    const step = () => {
      if (flight !== this.flight) return;
      const part = Math.min(1, (performance.now() - start) / FLIGHT_MS);
      const eased = part < 0.5 ? 2 * part * part : 1 - 2 * (1 - part) ** 2;
      this.view.set({
        x: from.x + (goal.x - from.x) * eased, y: from.y + (goal.y - from.y) * eased, zoom: from.zoom + (goal.zoom - from.zoom) * eased,
      });
      this.invalidate();
      if (part < 1) requestAnimationFrame(step);
      else this.announceSoon();
    };
    step();
  }

  zoomBy(steps) {
    this.flyTo({ ...this.view.place, zoom: this.view.zoom + steps });
  }

  reset() {
    this.flyTo(this.view.home);
  }

  /** After a search: go where the matches are. */
  showMatches() {
    const { passes } = this.filters.filter;
    const box = passes && this.points.extent(passes);
    if (!box) return;
    const { view } = this;
    const [width, height] = [Math.max(0.02, box.right - box.left), Math.max(0.02, box.bottom - box.top)];
    const base = view.scale / 2 ** view.zoom;
    const zoom = Math.log2(Math.min((view.width - 120) / (width * base), (view.height - 120) / (height * base)));
    this.flyTo({ x: (box.left + box.right) / 2, y: (box.top + box.bottom) / 2, zoom: Math.min(ALBUM_ZOOM + 1, Math.max(0, zoom)) });
  }

  // Choosing.

  /** The album under a pixel: its cover, or else its dot; -1 for none. */
  indexAt(x, y) {
    return this.covers.at(x, y)?.i ?? this.nearestTo(x, y, REACH);
  }

  nearestTo(x, y, reach) {
    const { passes, n } = this.filters.filter;
    return this.points.nearest(...this.view.placeAt(x, y), reach / this.view.scale, (i) => !passes || n === 0 || passes[i] === 1);
  }

  press(x, y) {
    const i = this.indexAt(x, y);
    if (i >= 0) this.openIndex(i);
    else this.panel.close();
  }

  async openIndex(i) {
    if (i < 0) return;
    try {
      const [label] = await labelsOf([this.points.rows[i]]);
      await this.panel.showAlbum(label.album_id);
    } catch (error) {
      this.say(error.message);
    }
  }

  openAlbum(album) {
    return this.panel.showAlbum(album.album_id);
  }

  select(card) {
    this.selected = card.row < this.points.n ? this.points.indexOfRow[card.row] : -1;
    this.album = card.album_id;
    if (this.selected >= 0) this.bringIntoView(this.selected);
    this.remember(true);
    this.invalidate();
  }

  showNear(list) {
    this.near = list.filter(({ row }) => row < this.points.n).map(({ row }) => this.points.indexOfRow[row]);
    this.invalidate();
  }

  deselect() {
    [this.selected, this.album] = [-1, ""];
    if (!this.lasso.isDrawing) this.lasso.clear();
    this.remember(true);
    this.invalidate();
    this.canvas.focus({ preventScroll: true });
  }

  /** Move no more than it takes to have an album out from under the panel and the form. */
  bringIntoView(i) {
    const { view, points } = this;
    const isWide = view.width > 720;
    const [x, y] = [view.screenX(points.xs[i]), view.screenY(points.ys[i])];
    const wantedX = clamp(x, 70, view.width - (isWide ? 450 : 70));
    const wantedY = clamp(y, isWide ? 70 : 160, view.height * (isWide ? 1 : 0.42) - 70);
    if (wantedX === x && wantedY === y) return;
    this.flyTo({ x: view.x + (x - wantedX) / view.scale, y: view.y + (y - wantedY) / view.scale, zoom: view.zoom });
  }

  hover(x, y) {
    clearTimeout(this.hovering);
    this.tip.hidden = true;
    if (x === undefined || this.lasso.isDrawing) return;
    const i = this.indexAt(x, y);
    this.canvas.style.cursor = i >= 0 ? "pointer" : "";
    if (i < 0) return;
    this.hovering = setTimeout(async () => {
      const [label] = await labelsOf([this.points.rows[i]]).catch(() => []);
      if (!label) return;
      this.tip.replaceChildren(make("strong", {}, label.title || "Untitled"), ` ${label.artist}`);
      this.tip.hidden = false;
      this.tip.style.left = `${Math.min(x + 14, this.view.width - this.tip.offsetWidth - 8)}px`;
      this.tip.style.top = `${Math.min(y + 14, this.view.height - this.tip.offsetHeight - 8)}px`;
    }, 90);
  }

  // The lasso, and lists.

  startLasso() {
    this.panel.close();
    this.lasso.start();
    this.showLassoMode();
  }

  stopLasso() {
    this.lasso.clear();
    this.showLassoMode();
  }

  showLassoMode() {
    const { isDrawing } = this.lasso;
    document.getElementById("lasso").setAttribute("aria-pressed", String(isDrawing));
    document.getElementById("lasso-hint").hidden = !isDrawing;
    this.canvas.classList.toggle("drawing", isDrawing);
    this.invalidate();
  }

  drawLasso(x, y) {
    this.lasso.add(...this.view.placeAt(x, y));
    this.invalidate();
  }

  closeLasso() {
    const held = this.lasso.hold(this.points, this.filters.filter);
    this.lasso.isDrawing = false;
    if (this.lasso.places.length < 3) this.lasso.clear();
    this.showLassoMode();
    this.showList(held, "Drawn around", "There is no album inside the line.");
  }

  /** What a lasso around the whole window would give: for the keyboard, and for haste. */
  listView() {
    const { passes } = this.filters.filter;
    const held = [];
    this.points.each(this.view.box(), (i) => (!passes || passes[i]) && held.push(i));
    this.showList(held, "In view", "There is no album in view.");
  }

  showList(indices, heading, emptyText) {
    [this.selected, this.album] = [-1, ""];
    this.remember(true);
    return this.panel.showList(indices.map((i) => this.points.rows[i]), heading, emptyText);
  }

  // The address, and those who do not see.

  changed(isStep) {
    this.remember(isStep);
    this.invalidate();
    this.announceSoon();
  }

  remember(isStep) {
    clearTimeout(this.remembering);
    if (this.isRestoring) return;
    writeAddress({ view: this.view, filter: this.filters.values, album: this.album, pin: this.pin }, isStep);
  }

  rememberSoon() {
    clearTimeout(this.remembering);
    this.remembering = setTimeout(() => this.remember(false), 300);
  }

  /** Take what the address says. */
  async restore() {
    const { view, filter, album, pin } = readAddress();
    this.pin = pin;
    this.isRestoring = true;
    this.view.set(view ?? this.view.home);
    this.flight += 1;
    this.invalidate();
    try {
      if (JSON.stringify(filter) !== JSON.stringify(this.filters.values)) {
        this.filters.values = filter;
        if (filter.genre || filter.decade || filter.mood) this.filters.toggle(this.view.width > 720);
        await this.filters.apply(false);
      }
      if (album && album !== this.album) await this.panel.showAlbum(album, { takeFocus: false });
      if (!album) this.panel.close();
    } finally {
      this.isRestoring = false;
    }
  }

  isByKeyboard() {
    return document.activeElement === this.canvas && this.canvas.matches(":focus-visible");
  }

  announceSoon() {
    clearTimeout(this.announcing);
    this.announcing = setTimeout(() => this.announce(), 600);
  }

  async announce() {
    if (!this.isByKeyboard()) return;
    const moods = this.names.nearMiddle(this.view, 3);
    const parts = [`${albums(this.dots.visible)} in view.`];
    if (moods.length) parts.push(`Around ${moods.join(", ")}.`);
    if (this.focused >= 0) {
      const [label] = await labelsOf([this.points.rows[this.focused]]).catch(() => []);
      if (label) parts.push(`Nearest to the middle: ${nameOf(label)}. Press Enter to open it.`);
    }
    this.say(parts.join(" "));
  }

  say(text) {
    this.announcer.textContent = text;
  }
}

/** Which colour is which family of moods. */
function showLegend(families, colours) {
  const lines = families.map(({ moods }, k) => {
    const swatch = make("span");
    swatch.style.background = css(colours[k]);
    return make("li", {}, swatch, make("span", {}, moods.slice(0, 4).join(", ")));
  });
  document.getElementById("legend").hidden = !lines.length;
  document.getElementById("families").replaceChildren(...lines);
}

async function start() {
  const busy = document.getElementById("busy");
  try {
    const meta = await askJson("/api/map/meta");
    const points = await loadPoints(meta.version, meta.n);
    window.albumnetMap = new MoodMap(points, meta);
    busy.hidden = true;
  } catch (error) {
    const again = make("button", { type: "button", class: "quiet" }, "Try again");
    again.addEventListener("click", () => location.reload());
    busy.replaceChildren(`${error.message} `, again);
    if (!error.status) throw error;
  }
}

start();
