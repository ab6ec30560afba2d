// The rating page: where one is, what is shown, and where answers go.
import { Chooser } from "/rating/chooser.js";
import { newSubmission, Outbox, Sender } from "/rating/outbox.js";

const token = document.body.dataset.token;
const by = (id) => document.getElementById(id);
const outbox = new Outbox(token);
const PRESUMED_S = 25;
const N_AHEAD = 3;

let sheet = null;
let position = 0;
let shownAt = 0;
let chooser = null;

const sender = new Sender(token, outbox, {
  saved(answer, kept) {
    const here = sheet.positions[answer.position];
    if (kept.revision >= here.revision) here.revision = kept.revision;
  },
  conflict: settle,
  refused(message) {
    tell(`An answer was refused: ${message}.`, true);
  },
  changed(nWaiting, isOffline) {
    if (isOffline) tell(`No connection. ${nWaiting === 1 ? "1 answer is" : `${nWaiting} answers are`} kept here and sent as soon as it is back.`, true);
    else if (!by("connection").hidden && by("connection").dataset.kind === "offline") {
      tell("The connection is back; all answers are saved.", false);
      setTimeout(() => { if (by("connection").classList.contains("calm")) by("connection").hidden = true; }, 4000);
      if (!by("no-cover").hidden) showCover();
    }
    showWhere();
  },
});

start();

async function start() {
  try {
    const response = await fetch(`/api/r/${token}/sheet`, { cache: "no-store" });
    if (!response.ok) throw new Error((await response.json()).error);
    sheet = await response.json();
  } catch (error) {
    tell(`The covers cannot be loaded (${error.message}). Reload the page in a moment; no answer is lost.`, true);
    return;
  }
  // What waits here is newer than what the server has.
  for (const answer of outbox.entries()) lay(answer);
  chooser = new Chooser(sheet, { changed: keepDraft, enter: saveAndGoOn, back: goBack, forward: goForward });
  by("next").addEventListener("click", saveAndGoOn);
  by("undo").addEventListener("click", () => { chooser.undo(); chooser.focus(); });
  by("back").addEventListener("click", goBack);
  by("done-back").addEventListener("click", () => show(sheet.positions.length - 1));
  by("cover").addEventListener("error", () => { by("no-cover").hidden = false; by("cover").hidden = true; setTimeout(() => { if (!by("no-cover").hidden) showCover(); }, 3000); });
  by("cover").addEventListener("load", () => { by("no-cover").hidden = true; by("cover").hidden = false; });
  const first = sheet.positions.findIndex((answer) => answer.revision === 0);
  const last = Number(recall("position") ?? NaN);
  show(Number.isInteger(last) && last <= (first < 0 ? sheet.positions.length : first) ? last : first < 0 ? sheet.positions.length : first);
  sender.send();
}

/** Lay an answer that is on its way over what is known. */
function lay(answer) {
  const here = sheet.positions[answer.position];
  if (answer.revision > here.revision) Object.assign(here, { revision: answer.revision, moods: answer.moods, cannot_tell: answer.cannot_tell, seconds: answer.seconds });
}

function show(next) {
  position = Math.max(0, Math.min(next, sheet.positions.length));
  remember("position", position);
  const isDone = position === sheet.positions.length;
  by("rating").hidden = isDone;
  by("done").hidden = !isDone;
  showWhere();
  if (isDone) {
    by("done-title").focus();
    return;
  }
  const explanation = sheet.explanations[position];
  by("explanation").hidden = explanation === undefined;
  by("explanation").textContent = explanation ?? "";
  by("back").disabled = position === 0;
  showCover();
  const draft = recall(`draft-${position}`);
  chooser.begin(draft ? JSON.parse(draft) : sheet.positions[position]);
  shownAt = performance.now();
  scrollTo(0, 0);
  // A phone's keyboard would cover the picture: there the line is touched first.
  if (matchMedia("(pointer: fine)").matches) chooser.focus();
  else by("question").focus({ preventScroll: true });
  for (let n = position + 1; n <= Math.min(position + N_AHEAD, sheet.positions.length - 1); n += 1) new Image().src = `/covers/${token}/${n}`;
}

function showCover() {
  by("cover").alt = `Cover ${position + 1}`;
  by("cover").src = "";
  by("cover").src = `/covers/${token}/${position}`;
}

function showWhere() {
  const nTraining = sheet.explanations.length;
  const total = sheet.positions.length;
  const nLeft = sheet.positions.filter((answer) => answer.revision === 0).length;
  by("where").textContent = position >= total ? "Done" : position < nTraining ? `Practice ${position + 1} of ${nTraining}` : `Cover ${position + 1 - nTraining} of ${total - nTraining}`;
  const known = sheet.positions.map((answer) => answer.seconds).filter((s) => s !== null && s > 0).sort((a, b) => a - b);
  const each = known.length >= 3 ? known[Math.floor(known.length / 2)] : PRESUMED_S;
  const minutes = Math.ceil((nLeft * each) / 60);
  by("left").textContent = nLeft ? `about ${minutes} min left` : "all answered";
  by("progress").max = total;
  by("progress").value = total - nLeft;
}

function keepDraft() {
  remember(`draft-${position}`, JSON.stringify({ moods: chooser.moods, cannot_tell: chooser.cannotTell }));
}

function saveAndGoOn() {
  if (by("rating").hidden) return;
  const here = sheet.positions[position];
  if (!chooser.moods.length && !chooser.cannotTell) {
    by("nothing").textContent = "Choose a mood, or say “can’t tell”.";
    by("told").textContent = by("nothing").textContent;
    chooser.focus();
    return;
  }
  const isNew = here.revision === 0 || here.cannot_tell !== chooser.cannotTell || here.moods.join("\n") !== chooser.moods.join("\n");
  if (isNew) keep(position, { moods: [...chooser.moods], cannot_tell: chooser.cannotTell }, here.revision + 1);
  forget(`draft-${position}`);
  show(position + 1);
}

/** Write an answer down, then send it. */
function keep(at, { moods, cannot_tell }, revision) {
  const seconds = at === position ? Math.min(Math.round(performance.now() - shownAt) / 1000, 3600) : null;
  const answer = { submission: newSubmission(), position: at, revision, moods, cannot_tell, seconds };
  outbox.add(answer);
  lay(answer);
  sender.send();
}

function goBack() {
  if (position > 0) show(position - 1);
}

function goForward() {
  if (position < sheet.positions.length && sheet.positions[position].revision > 0) show(position + 1);
}

/** The cover was answered elsewhere meanwhile: the rater chooses which answer stays. */
async function settle(answer, saved) {
  const same = outbox.entries().filter((entry) => entry.position === answer.position);
  const mine = same.at(-1) ?? answer;
  const inWords = ({ moods, cannot_tell }) => (cannot_tell ? "Can’t tell" : moods.join(", ") || "no answer");
  for (const entry of same) outbox.remove(entry.submission);
  Object.assign(sheet.positions[answer.position], saved);
  if (inWords(mine) === inWords(saved)) {
    forget(`draft-${answer.position}`);
    return;
  }
  const dialog = by("conflict");
  by("conflict-where").textContent = `${answer.position < sheet.explanations.length ? "Practice" : "Cover"} ${answer.position < sheet.explanations.length ? answer.position + 1 : answer.position + 1 - sheet.explanations.length} has two answers. Which one stays?`;
  by("conflict-saved").textContent = inWords(saved);
  by("conflict-mine").textContent = inWords(mine);
  dialog.showModal();
  const usesMine = await new Promise((resolve) => {
    by("keep-saved").onclick = () => resolve(false);
    by("keep-mine").onclick = () => resolve(true);
    dialog.oncancel = (event) => event.preventDefault();
  });
  dialog.close();
  if (usesMine) {
    const again = { ...mine, submission: newSubmission(), revision: saved.revision + 1 };
    outbox.add(again);
    lay(again);
  }
  if (answer.position === position) show(position);
  showWhere();
}

function tell(text, isAlarm) {
  const place = by("connection");
  place.textContent = text;
  place.classList.toggle("calm", !isAlarm);
  place.dataset.kind = isAlarm && text.startsWith("No connection") ? "offline" : "other";
  place.hidden = false;
}

/** Drafts and place belong to this tab. */
function remember(key, value) {
  try {
    sessionStorage.setItem(`albumnet-${token}-${key}`, value);
  } catch {
    // Storage is off: a reload begins this cover anew.
  }
}

function recall(key) {
  try {
    return sessionStorage.getItem(`albumnet-${token}-${key}`);
  } catch {
    return null;
  }
}

function forget(key) {
  try {
    sessionStorage.removeItem(`albumnet-${token}-${key}`);
  } catch {
    // Storage is off.
  }
}
