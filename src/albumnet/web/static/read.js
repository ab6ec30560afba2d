// Read a cover: take a picture by drop, paste or choice, ask the server, show what it says.
import { ApiError, askPatiently, save } from "./api.js";
import { axisEnd, moodBars } from "./bars.js";
import { count, make, percent, shelf } from "./elements.js";
import { uploadSubject } from "./explain/subjects.js";
import { Why } from "./explain/why.js";
import { drawMinimap } from "./minimap.js";

const N_SHOWN = 10;

const form = document.getElementById("read");
const drop = document.getElementById("drop");
const picker = document.getElementById("file");
const button = document.getElementById("go");
const status = document.getElementById("status");
const result = document.getElementById("result");
const genreField = document.getElementById("genre");
const genreList = document.getElementById("chosen-genres");
const genres = [];
let cover = null;
let running = null;
let shown = "";

picker.addEventListener("change", () => picker.files.length && take(picker.files[0]));
for (const name of ["dragenter", "dragover"]) {
  addEventListener(name, (event) => {
    if (!event.dataTransfer?.types.includes("Files")) return;
    event.preventDefault();
    drop.classList.add("over");
  });
}
addEventListener("dragleave", (event) => event.relatedTarget ?? drop.classList.remove("over"));
addEventListener("drop", (event) => {
  drop.classList.remove("over");
  if (!event.dataTransfer?.files.length) return;
  event.preventDefault();
  if (event.dataTransfer.files.length > 1) say("One cover at a time: the first was taken.");
  take(event.dataTransfer.files[0]);
});
addEventListener("paste", (event) => {
  const file = [...(event.clipboardData?.files ?? [])].find((each) => each.type.startsWith("image/"));
  if (file) take(file);
});
genreField?.addEventListener("keydown", (event) => {
  if (event.key !== "Enter") return;
  event.preventDefault();
  addGenre();
});
genreField?.addEventListener("change", addGenre);
form.addEventListener("submit", (event) => {
  event.preventDefault();
  addGenre();
  read();
});

/** Show the picture, and read it straight away: that is what it was given for. */
function take(file) {
  cover = file;
  const image = make("img", { alt: `The cover to read: ${file.name || "a pasted picture"}` });
  image.src = URL.createObjectURL(file);
  image.addEventListener("load", () => URL.revokeObjectURL(image.src));
  image.addEventListener("error", () => image.replaceWith(make("span", { class: "drop-empty" }, make("strong", {}, file.name || "No picture"))));
  drop.querySelector(".drop-label").replaceChildren(image);
  drop.classList.add("filled");
  button.disabled = false;
  read();
}

function addGenre() {
  const name = genreField?.value.trim();
  if (!name) return;
  genreField.value = "";
  if (!genres.includes(name)) genres.push(name);
  showGenres();
}

function showGenres() {
  genreList.replaceChildren(...genres.map((name) => {
    const chip = make("button", { type: "button", class: "chip", "aria-label": `Remove ${name}` }, name);
    chip.addEventListener("click", () => {
      genres.splice(genres.indexOf(name), 1);
      showGenres();
      genreField.focus();
    });
    return make("li", {}, chip);
  }));
}

async function read() {
  if (!cover) return;
  const year = document.getElementById("year");
  if (year && !year.checkValidity()) {
    say("A year has four digits, such as 1972.", true);
    year.focus();
    return;
  }
  running?.abort();
  const mine = (running = new AbortController());
  setBusy(true);
  try {
    // What is explained later is what was read now, whatever the form says by then.
    const makeBody = bodyMaker(cover, [...genres], year?.value);
    say("Reading the cover …");
    const said = await askPatiently("/api/predict", () => ({ method: "POST", body: makeBody() }), {
      onWait: (left) => say(`Many covers are being read just now. Trying again in ${left} s …`), signal: mine.signal,
    });
    say("");
    show(said, makeBody);
  } catch (error) {
    if (error.name === "AbortError") return;
    result.hidden = true;
    say(error instanceof ApiError ? error.message : "Something went wrong on this page. Reload it and try again.", true);
    if (!(error instanceof ApiError)) throw error;
  } finally {
    if (running === mine) setBusy(false);
  }
}

function bodyMaker(file, chosen, year) {
  return () => {
    const body = new FormData();
    body.append("file", file, file.name || "pasted");
    for (const name of chosen) body.append("genres", name);
    if (year) body.append("year", year);
    return body;
  };
}

function setBusy(isBusy) {
  form.setAttribute("aria-busy", String(isBusy));
  button.textContent = isBusy ? "Reading …" : "Read this cover";
  form.querySelector(".progress")?.remove();
  if (isBusy) status.after(make("div", { class: "progress", "aria-hidden": "true" }));
}

function say(text, isError = false) {
  status.textContent = text;
  status.classList.toggle("error", isError);
}

function show(said, makeBody) {
  if (shown) URL.revokeObjectURL(shown);
  shown = URL.createObjectURL(makeBody().get("file"));
  const slot = make("div", { class: "why-slot" });
  const panel = make("section", { class: "why", hidden: true, "aria-label": "What the model sees" });
  const why = new Why(uploadSubject(shown, makeBody), { slot, panel });
  const left = make("div", {}, verdict(said), told(said.moods), axis(said.moods), bars(said.moods, why), why.hint(), key(), panel);
  const right = make("div", {}, slot, place(said.place));
  result.replaceChildren(
    make("h2", { id: "result-heading" }, "What this cover says"),
    make("div", { class: "result-grid" }, left, right),
    neighbours("Near in mood", said.near_in_mood, "No albums to compare with: start the server with a set and a map."),
    neighbours("Near in look", said.near_in_look, "No albums to compare with: start the server with a set whose covers have features."),
    json(said),
  );
  result.hidden = false;
  const canvas = result.querySelector("canvas.minimap");
  if (canvas) drawMinimap(canvas);
  result.focus({ preventScroll: true });
  result.scrollIntoView({ block: "nearest" });
}

function verdict(said) {
  if (said.coverage === null) {
    return make("p", { class: "verdict" }, "How far to trust this is unknown: too few albums were there to find out.");
  }
  const share = percent(said.coverage);
  const sizes = `The ${count(said.n_for_coverage)} likeliest moods hold ${share} of an album's moods; without looking it takes ${count(said.n_without_looking)}.`;
  return said.can_tell
    ? make("p", { class: "verdict" }, sizes)
    : make("p", { class: "verdict cannot" }, make("strong", {}, "Can't tell from this cover. "), sizes);
}

// Of models with a rule of telling: the moods that they stand by.
function told(moods) {
  if (moods.every((mood) => typeof mood.is_told !== "boolean")) return "";
  const names = moods.filter((mood) => mood.is_told).map((mood) => mood.mood);
  return make("p", { class: "told" }, names.length
    ? `The model stands by ${names.join(", ")}. The other moods are guesses.`
    : "The model stands by none of these moods: they are guesses.");
}

function axis(moods) {
  return make("div", { class: "axis", "aria-hidden": "true" },
    make("span"), make("span", {}, make("span", {}, "0"), make("span", {}, percent(axisEnd(moods)))), make("span"));
}

function bars(moods, why) {
  const end = axisEnd(moods);
  const box = make("div", {}, moodBars(moods.slice(0, N_SHOWN), { end }));
  why.attach(box.firstChild);
  if (moods.length <= N_SHOWN) return box;
  const more = make("button", { type: "button", class: "quiet" }, `Show all ${count(moods.length)} moods`);
  more.addEventListener("click", () => {
    box.replaceChildren(moodBars(moods, { end }));
    why.attach(box.firstChild);
    box.querySelector("ol").tabIndex = -1;
    box.querySelector("ol").focus();
  });
  box.append(make("div", { class: "row" }, more));
  return box;
}

function key() {
  return make("p", { class: "key" },
    make("span", { class: "k-above" }, "likelier than on albums in general"),
    make("span", {}, "not likelier"),
    make("span", { class: "k-base" }, "the mood's share of all albums"));
}

function place(where) {
  if (!where) return make("p", { class: "empty" }, "No place on a map: this server has none.");
  const [x, y] = [where.x.toFixed(4), where.y.toFixed(4)];
  const address = `/map?x=${x}&y=${y}&z=2&pin=${x},${y}`;
  return make("figure", {},
    make("canvas", { class: "minimap", width: 340, height: 240, "data-x": where.x, "data-y": where.y, role: "img", "aria-label": "Its place on the map" }),
    make("figcaption", {}, make("a", { href: address }, "Its place on the map")));
}

function neighbours(heading, list, whyNone) {
  return make("section", { class: "neighbours" }, make("h2", {}, heading),
    list?.length ? shelf(list, { sizes: "10rem" }) : make("p", { class: "empty" }, whyNone));
}

function json(said) {
  const text = JSON.stringify(said, null, 2);
  const copy = make("button", { type: "button", class: "quiet" }, "Copy");
  const download = make("button", { type: "button", class: "quiet" }, "Download");
  const told = make("span", { role: "status", class: "muted small" });
  copy.addEventListener("click", async () => {
    try {
      await navigator.clipboard.writeText(text);
      told.textContent = "Copied.";
    } catch {
      told.textContent = "The browser does not allow it; select the text instead.";
    }
  });
  download.addEventListener("click", () => save(new Blob([text], { type: "application/json" }), "moods.json"));
  return make("details", { class: "json" }, make("summary", {}, "As JSON"),
    make("div", { class: "row" }, copy, download, told), make("pre", { tabindex: 0, "aria-label": "JSON" }, text));
}
