"""Copies of a study: one rater's share to send away, and what comes back brought together with the rest."""

from __future__ import annotations

import shutil
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from albumnet.dataset.atomic import write_json
from albumnet.errors import StudyError
from albumnet.study.answers.store import Answer, AnswerBook
from albumnet.study.folder import PICTURES, SCHEMA_VERSION, STUDY_FILE, Study, read_study


@dataclass(frozen=True)
class Merged:
    """What became of a copy's answers.

    Attributes:
        n_new: Kept now, replaced ones of its history included.
        conflicts: (rater and cover, what is said here and there) where both were answered apart.
    """

    n_new: int
    conflicts: tuple[tuple[str, str], ...]


def copy_for_rater(study: Study, name: str, out: Path) -> str:
    """Write a copy that one rater can serve alone: without the key, the others, and their answers; returns its token.

    Raises:
        StudyError: If the folder is not empty.
    """
    rater = study.rater(name)
    if out.exists() and any(out.iterdir()):
        raise StudyError(f"{out} is not empty; give another folder with --out")
    shutil.copytree(study.path / PICTURES, out / PICTURES)
    share = replace(study, path=out, raters=(rater,))
    with AnswerBook(share.answers_file) as copy, AnswerBook(study.answers_file) as book:
        copy.save_all([answer for answer in book.history() if answer.rater == name])
        token = copy.give_link(name)
    content = {field: value for field, value in asdict(share).items() if field != "path"}
    write_json(out / STUDY_FILE, content, schema_version=SCHEMA_VERSION)
    return token


def merge_study(study: Study, other: Path, *, prefer: str | None = None) -> Merged:
    """Take over the answers of a copy; safe to run again.

    Where one side's history goes on from the other's, the longer one stands. Where both went on apart and say different
    things it is a conflict: what is here stays, unless "theirs" is preferred, which then becomes the newest revision.

    Raises:
        StudyError: If it is another study.
    """
    theirs = read_study(other)
    if theirs.study_id != study.study_id:
        raise StudyError(f"{other} is study {theirs.study_id}, not {study.study_id}; only copies of one study merge")
    n_new, conflicts = 0, []
    with AnswerBook(study.answers_file) as book, AnswerBook(theirs.answers_file) as their_book:
        here, there = _by_position(book.history()), _by_position(their_book.history())
        for (name, position), history in there.items():
            if study.items_of(study.rater(name))[position] != history[-1].item:
                raise StudyError(f"{other}: {name}'s cover {position + 1} is another than here; it was changed by hand")
            known = here.get((name, position), [])
            shared = min(len(known), len(history))
            if [a.submission for a in known[:shared]] == [a.submission for a in history[:shared]]:
                new = history[shared:]
            elif known[-1].says_the_same(history[-1]):
                new = []
            elif prefer == "theirs" and history[-1].submission not in {a.submission for a in known}:
                new = [replace(history[-1], revision=known[-1].revision + 1)]
            else:
                new = []
                if prefer is None:
                    both = f"{_said(known[-1])} here, {_said(history[-1])} there"
                    conflicts.append((f"{name}, cover {position + 1}", both))
            book.save_all(new)
            n_new += len(new)
    return Merged(n_new, tuple(conflicts))


def _by_position(history: list[Answer]) -> dict[tuple[str, int], list[Answer]]:
    found: dict[tuple[str, int], list[Answer]] = {}
    for answer in history:
        found.setdefault((answer.rater, answer.position), []).append(answer)
    return found


def _said(answer: Answer) -> str:
    return "can't tell" if answer.cannot_tell else ", ".join(answer.moods)
