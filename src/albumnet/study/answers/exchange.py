"""Answers as files: CSV and JSON lines with a row per answer, and Label Studio's JSON with a task per cover."""

from __future__ import annotations

import csv
import io
import json
import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from albumnet.errors import StudyError
from albumnet.study.answers.store import Answer, AnswerBook, now
from albumnet.study.folder import Study

KINDS = ("csv", "jsonl", "label-studio")
CANNOT_TELL = "Can't tell"
COLUMNS = (
    "rater", "position", "item", "showing", "moods", "cannot_tell", "seconds", "answered_at", "revision", "source",
    "submission",
)  # fmt: skip
_NAMESPACE = uuid.UUID("6b0c8f0e-3f0a-5c55-9a54-6a1b7f0b1a11")


@dataclass(frozen=True)
class Imported:
    """What became of a file's answers.

    Attributes:
        n_new: Kept now.
        n_known: Kept before, or saying what was kept before.
        refused: (where in the file, why) of those that contradict what is kept.
    """

    n_new: int
    n_known: int
    refused: tuple[tuple[str, str], ...]


def export_answers(study: Study, book: AnswerBook, *, kind: str, with_history: bool = False) -> str:
    """All answers as a text of one of `KINDS`; with the history, those that were replaced too."""
    if kind == "label-studio":
        return _as_label_studio(study, book)
    answers = book.history() if with_history else [a for r in study.raters for a in book.current(r.name).values()]
    rows = [{**asdict(a), "showing": study.showing(study.rater(a.rater), a.position)} for a in answers]
    if kind == "jsonl":
        return "".join(json.dumps({c: row[c] for c in COLUMNS}, ensure_ascii=False) + "\n" for row in rows)
    text = io.StringIO()
    writer = csv.DictWriter(text, COLUMNS, lineterminator="\n")
    writer.writeheader()
    for row in rows:
        seconds = "" if row["seconds"] is None else row["seconds"]
        writer.writerow(
            {**row, "moods": "|".join(row["moods"]), "cannot_tell": int(row["cannot_tell"]), "seconds": seconds}
        )
    return text.getvalue()


def import_answers(study: Study, book: AnswerBook, path: Path, *, raters: Mapping[str, str] | None = None) -> Imported:
    """Keep the answers of a file; safe to run again.

    Args:
        study: What was rated.
        book: Where to.
        path: `.csv`, `.jsonl`, or Label Studio's `.json`.
        raters: Name in the file -> rater of the study, where they differ.

    Raises:
        StudyError: If the file cannot be read, or names a rater, cover or mood that is not the study's.
    """
    rows = list(_read_rows(path))
    answers = [_parse(study, row, where=where, path=path, raters=raters or {}) for where, row in rows]
    current = {rater.name: book.current(rater.name) for rater in study.raters}
    new: list[Answer] = []
    n_known, refused = 0, []
    for (where, _), answer in zip(rows, answers, strict=True):
        kept = current[answer.rater].get(answer.position)
        if kept is None:
            new.append(answer)
            current[answer.rater][answer.position] = answer
        elif kept.says_the_same(answer):
            n_known += 1
        else:
            refused.append((where, f"{answer.rater} answered {answer.item} otherwise already; the kept answer stays"))
    book.save_all(new)
    return Imported(len(new), n_known, tuple(refused))


def label_studio_config(moods: Sequence[str]) -> str:
    """The labelling interface to paste into Label Studio, so that its answers can be imported."""
    from xml.sax.saxutils import quoteattr

    choices = "\n".join(f"    <Choice value={quoteattr(mood)}/>" for mood in moods)
    return (
        '<View>\n  <Image name="cover" value="$image"/>\n'
        f'  <Choices name="moods" toName="cover" choice="multiple">\n{choices}\n  </Choices>\n'
        f'  <Choices name="cannot_tell" toName="cover">\n    <Choice value="{CANNOT_TELL}"/>\n  </Choices>\n</View>\n'
    )


def _as_label_studio(study: Study, book: AnswerBook) -> str:
    """A task per item, an annotation per rater: the first showing of each cover."""
    annotations: dict[str, list[dict[str, Any]]] = {item: [] for item in study.items}
    for rater in study.raters:
        for position, answer in book.current(rater.name).items():
            if answer.item in annotations and study.showing(rater, position) == 1:
                name, chosen = ("cannot_tell", [CANNOT_TELL]) if answer.cannot_tell else ("moods", list(answer.moods))
                annotations[answer.item].append(
                    {
                        "completed_by": {"email": rater.name},
                        "unique_id": answer.submission,
                        "created_at": answer.answered_at,
                        "lead_time": answer.seconds,
                        "source": answer.source,
                        "result": [
                            {"from_name": name, "to_name": "cover", "type": "choices", "value": {"choices": chosen}}
                        ],
                    }
                )
    tasks = [{"data": {"image": f"pictures/{i}.jpg", "item": i}, "annotations": annotations[i]} for i in study.items]
    return json.dumps(tasks, ensure_ascii=False, indent=1) + "\n"


def _read_rows(path: Path) -> Iterable[tuple[str, dict[str, Any]]]:
    """Where in the file, and what; values as a table has them."""
    try:
        text = path.read_text("utf-8-sig")
        if path.suffix == ".csv":
            for n, row in enumerate(csv.DictReader(io.StringIO(text), strict=True), start=2):
                moods = [mood.strip() for mood in (row.get("moods") or "").split("|") if mood.strip()]
                yield f"line {n}", {**row, "moods": moods}
        elif path.suffix == ".jsonl":
            for n, line in enumerate(text.splitlines(), start=1):
                yield f"line {n}", json.loads(line)
        elif path.suffix == ".json":
            for n, task in enumerate(json.loads(text), start=1):
                yield from _rows_of_task(n, task)
        else:
            raise StudyError(f"{path} is no file of answers; expected .csv, .jsonl, or Label Studio's .json")
    except (OSError, ValueError, csv.Error, KeyError, TypeError, AttributeError) as error:
        raise StudyError(f"cannot read answers from {path}: {type(error).__name__} {error}") from error


def _rows_of_task(n: int, task: dict[str, Any]) -> Iterable[tuple[str, dict[str, Any]]]:
    for annotation in task["annotations"]:
        if annotation.get("was_cancelled"):
            continue
        by = annotation["completed_by"]
        chosen = {result["from_name"]: result["value"]["choices"] for result in annotation["result"]}
        yield (
            f"task {n}",
            {
                "rater": str(by.get("email") or by.get("id")) if isinstance(by, dict) else str(by),
                "item": task["data"]["item"],
                "moods": chosen.get("moods", []),
                "cannot_tell": bool(chosen.get("cannot_tell")),
                "seconds": annotation.get("lead_time"),
                "answered_at": annotation.get("created_at"),
                "submission": annotation.get("unique_id"),
                "source": annotation.get("source"),
            },
        )


def _parse(study: Study, row: dict[str, Any], *, where: str, path: Path, raters: Mapping[str, str]) -> Answer:
    """Check a row at the door."""

    def fail(why: str) -> StudyError:
        return StudyError(f"{path}, {where}: {why}")

    named = str(row.get("rater") or "")
    name = raters.get(named, named)
    if name not in (known := [r.name for r in study.raters]):
        raise fail(f"rater {named!r} is not one of {', '.join(known)}; say who it is with --rater {named}=NAME")
    items = study.items_of(study.rater(name))
    try:
        item = str(row.get("item") or "")
        position = int(row["position"]) if row.get("position") not in (None, "") else items.index(item)
        seconds = float(row["seconds"]) if row.get("seconds") not in (None, "") else None
    except ValueError as error:
        raise fail(f"no such cover or number ({error})") from error
    if not 0 <= position < len(items) or (item and items[position] != item):
        raise fail(f"position {position} is not where {name} was shown {item or 'a cover'}")
    moods = tuple(str(mood) for mood in row.get("moods") or ())
    cannot_tell = str(row.get("cannot_tell", "")).lower() in ("1", "true", "yes")
    if unknown := [mood for mood in moods if mood not in study.moods]:
        raise fail(f"mood {unknown[0]!r} is not among the study's {len(study.moods)}")
    if cannot_tell == bool(moods) or len(set(moods)) < len(moods):
        raise fail("expected one or more moods, each once, or cannot_tell")
    content = json.dumps([study.study_id, name, position, moods, cannot_tell])
    return Answer(
        submission=str(row.get("submission") or uuid.uuid5(_NAMESPACE, content)),
        rater=name,
        position=position,
        item=items[position],
        revision=1,
        moods=moods,
        cannot_tell=cannot_tell,
        seconds=seconds,
        answered_at=str(row.get("answered_at") or now()),
        source="simulated" if row.get("source") == "simulated" else "import",
    )
