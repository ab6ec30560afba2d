"""Answers and links in one SQLite file that is only ever added to: what was acknowledged survives a crash.

Write-ahead logging with full synchronisation: an answer is on the disk before it is acknowledged.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import secrets
import sqlite3
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType

from albumnet.errors import AnswerConflictError, StudyError

_TABLES = """
CREATE TABLE IF NOT EXISTS answers (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    submission TEXT NOT NULL UNIQUE,
    rater TEXT NOT NULL,
    position INTEGER NOT NULL,
    item TEXT NOT NULL,
    revision INTEGER NOT NULL,
    moods TEXT NOT NULL,
    cannot_tell INTEGER NOT NULL,
    seconds REAL,
    answered_at TEXT NOT NULL,
    source TEXT NOT NULL,
    UNIQUE (rater, position, revision)
);
CREATE TABLE IF NOT EXISTS links (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    rater TEXT NOT NULL,
    token_hash TEXT NOT NULL,
    event TEXT NOT NULL CHECK (event IN ('given', 'revoked')),
    at TEXT NOT NULL
);
CREATE INDEX IF NOT EXISTS links_by_token ON links (token_hash);
CREATE TRIGGER IF NOT EXISTS answers_stay BEFORE UPDATE ON answers BEGIN SELECT RAISE(ABORT, 'answers stay'); END;
CREATE TRIGGER IF NOT EXISTS answers_remain BEFORE DELETE ON answers BEGIN SELECT RAISE(ABORT, 'answers stay'); END;
CREATE TRIGGER IF NOT EXISTS links_stay BEFORE UPDATE ON links BEGIN SELECT RAISE(ABORT, 'links stay'); END;
CREATE TRIGGER IF NOT EXISTS links_remain BEFORE DELETE ON links BEGIN SELECT RAISE(ABORT, 'links stay'); END;
"""
_COLUMNS = "submission, rater, position, item, revision, moods, cannot_tell, seconds, answered_at, source"
_BUSY_S = 10.0


@dataclass(frozen=True, slots=True)
class Answer:
    """What a rater said of one showing of a cover.

    Attributes:
        submission: Names this very answer, so that one sent twice is kept once.
        rater: Who.
        position: Where in the rater's order, from 0, training included.
        item: The cover.
        revision: 1 for the first answer given at this position, then 2, and so on.
        moods: Strongest first.
        cannot_tell: Whether the rater said so; there are no moods then.
        seconds: How long it took; None where nobody measured.
        answered_at: UTC, ISO 8601.
        source: "page", "import" or "simulated".
    """

    submission: str
    rater: str
    position: int
    item: str
    revision: int
    moods: tuple[str, ...]
    cannot_tell: bool
    seconds: float | None
    answered_at: str
    source: str

    def says_the_same(self, other: Answer) -> bool:
        """Whether two answers say the same of the same showing."""
        return (self.rater, self.position, self.moods, self.cannot_tell) == (
            other.rater, other.position, other.moods, other.cannot_tell,
        )  # fmt: skip


def now() -> str:
    """This moment, UTC, ISO 8601."""
    return datetime.now(UTC).isoformat(timespec="milliseconds")


class AnswerBook:
    """The answers of a study.

    Args:
        path: The SQLite file; made if it is not there.

    Raises:
        StudyError: If the file is no such book.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._lock = threading.Lock()
        try:
            self._db = sqlite3.connect(path, timeout=_BUSY_S, check_same_thread=False, isolation_level=None)
            self._db.execute("PRAGMA journal_mode = WAL")
            self._db.execute("PRAGMA synchronous = FULL")
            self._db.executescript(_TABLES)
        except sqlite3.DatabaseError as error:
            raise StudyError(f"{path} is no file of answers ({error}); take it from a copy of the study") from error

    def __enter__(self) -> AnswerBook:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        """Let go of the file."""
        with self._lock:
            self._db.close()

    def save(self, answer: Answer) -> Answer:
        """Keep an answer; one that was kept already comes back as it was kept.

        Raises:
            AnswerConflictError: If the position's last revision is not the one before the answer's.
        """
        with self._writing() as db:
            kept = db.execute(f"SELECT {_COLUMNS} FROM answers WHERE submission = ?", (answer.submission,)).fetchone()
            if kept is not None:
                return _read(kept)
            (last,) = db.execute(
                "SELECT coalesce(max(revision), 0) FROM answers WHERE rater = ? AND position = ?",
                (answer.rater, answer.position),
            ).fetchone()
            if answer.revision != last + 1:
                raise AnswerConflictError(
                    f"cover {answer.position + 1} was answered {last} times, this answer knows of {answer.revision - 1}"
                )
            _insert(db, answer)
        return answer

    def save_all(self, answers: list[Answer]) -> None:
        """Keep answers that are known to fit, in one transaction."""
        with self._writing() as db:
            for answer in answers:
                _insert(db, answer)

    def current(self, rater: str) -> dict[int, Answer]:
        """The last answer at each position of a rater."""
        return {a.position: a for a in self._select("WHERE rater = ? ORDER BY position, revision", rater)}

    def history(self) -> list[Answer]:
        """Every answer ever given, in the order they were kept."""
        return self._select("ORDER BY id")

    def give_link(self, rater: str) -> str:
        """A new private token of a rater; only its hash is kept."""
        token = secrets.token_urlsafe(24)
        with self._writing() as db:
            db.execute(
                "INSERT INTO links (rater, token_hash, event, at) VALUES (?, ?, 'given', ?)",
                (rater, _hash(token), now()),
            )
        return token

    def revoke_links(self, rater: str) -> int:
        """Make every link of a rater worthless; how many there were."""
        with self._writing() as db:
            found = db.execute(
                "SELECT token_hash FROM links WHERE rater = ? GROUP BY token_hash HAVING max(event = 'revoked') = 0",
                (rater,),
            ).fetchall()
            for (token_hash,) in found:
                db.execute(
                    "INSERT INTO links (rater, token_hash, event, at) VALUES (?, ?, 'revoked', ?)",
                    (rater, token_hash, now()),
                )
        return len(found)

    def rater_of(self, token: str) -> str | None:
        """Whose token it is; None if nobody's, or revoked."""
        with self._lock:
            events = self._db.execute("SELECT rater, event FROM links WHERE token_hash = ?", (_hash(token),)).fetchall()
        if not events or any(event == "revoked" for _, event in events):
            return None
        return str(events[0][0])

    def copy_to(self, path: Path) -> None:
        """Write a whole copy, what lies in the write-ahead log included."""
        with self._lock, contextlib.closing(sqlite3.connect(path)) as copy:
            self._db.backup(copy)

    def _select(self, rest: str, *values: object) -> list[Answer]:
        with self._lock:
            rows = self._db.execute(f"SELECT {_COLUMNS} FROM answers {rest}", values).fetchall()
        return [_read(row) for row in rows]

    @contextlib.contextmanager
    def _writing(self) -> Iterator[sqlite3.Connection]:
        """One writer at a time, of this process and of others."""
        with self._lock:
            self._db.execute("BEGIN IMMEDIATE")
            try:
                yield self._db
                self._db.execute("COMMIT")
            except BaseException:
                self._db.execute("ROLLBACK")
                raise


def _insert(db: sqlite3.Connection, a: Answer) -> None:
    moods = json.dumps(a.moods, ensure_ascii=False)
    db.execute(
        f"INSERT INTO answers ({_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            a.submission, a.rater, a.position, a.item, a.revision, moods, a.cannot_tell, a.seconds, a.answered_at,
            a.source,
        ),
    )  # fmt: skip


def _read(row: tuple[str, str, int, str, int, str, int, float | None, str, str]) -> Answer:
    submission, rater, position, item, revision, moods, cannot_tell, seconds, answered_at, source = row
    return Answer(
        submission, rater, position, item, revision, tuple(json.loads(moods)), bool(cannot_tell), seconds, answered_at,
        source,
    )  # fmt: skip


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
