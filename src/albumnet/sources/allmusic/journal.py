"""What a crawl has asked for, what came of it, and what is still to ask: one SQLite file that survives `kill -9`.

Scrapy's own JOBDIR keeps what is under way in memory and writes its queue only when it ends in order
(https://github.com/scrapy/scrapy/issues/7978), so a killed crawl loses albums or repeats them. Here every answer is
settled in one transaction with all that follows from it: the row is done, the album is kept and its parts are waiting,
or nothing of this happened and the request is made again. A row leaves `waiting` once and never comes back by itself.
"""

from __future__ import annotations

import contextlib
import enum
import sqlite3
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from albumnet.errors import SchemaVersionError, SourceError
from albumnet.sources.allmusic import record
from albumnet.sources.allmusic.addresses import album_id_of
from albumnet.sources.allmusic.pages import AlbumPage, Links, MoodsAndThemes, Review
from albumnet.sources.allmusic.record import AlbumRecord

SCHEMA_VERSION = 1
_SCHEMA = """
CREATE TABLE settings (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE requests (
    n INTEGER PRIMARY KEY,
    key TEXT NOT NULL UNIQUE,
    address TEXT NOT NULL,
    kind TEXT NOT NULL,
    urgency INTEGER NOT NULL,
    album_id TEXT NOT NULL,
    state TEXT NOT NULL DEFAULT 'waiting',
    outcome TEXT NOT NULL DEFAULT ''
);
CREATE INDEX waiting ON requests (urgency, n) WHERE state = 'waiting';
CREATE TABLE albums (
    album_id TEXT PRIMARY KEY,
    address TEXT NOT NULL,
    retrieved_at TEXT NOT NULL,
    is_reviewed INTEGER,
    page TEXT NOT NULL,
    review TEXT,
    moods TEXT
) WITHOUT ROWID;
"""


class Kind(enum.StrEnum):
    """What a request is for."""

    LISTING = "listing"
    ALBUM = "album"
    REVIEW = "review"
    MOODS = "moods"
    COVER = "cover"


# An album is finished before the next is begun, and listings are read when no album is left.
_URGENCY = {Kind.REVIEW: 0, Kind.MOODS: 0, Kind.COVER: 0, Kind.ALBUM: 1, Kind.LISTING: 2}
_AGAIN = 3


class State(enum.StrEnum):
    """What became of a request; all but the first are final, `forbidden` and `failed` until the next run."""

    WAITING = "waiting"
    DONE = "done"
    MISSING = "missing"  # there is nothing (404, 410)
    UNUSABLE = "unusable"  # a cover that is no picture
    FORBIDDEN = "forbidden"  # robots.txt asks not to
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Task:
    """One request to make.

    Attributes:
        n: Its row.
        address: What to ask for.
        kind: What it is for.
        album_id: Of which album; empty for listings.
        is_again: Whether an earlier run asked for it in vain.
    """

    n: int
    address: str
    kind: Kind
    album_id: str = ""
    is_again: bool = False


@dataclass(frozen=True, slots=True)
class Trouble:
    """A request that gave nothing of use."""

    address: str
    kind: Kind
    state: State
    reason: str


@dataclass(frozen=True, slots=True)
class Counts:
    """How far a crawl is: albums found, those whose page was asked for, and those with an official review."""

    found: int
    read: int
    reviewed: int


class Journal:
    """The journal of one crawl; one process at a time can have it open.

    Args:
        path: Made if missing.

    Raises:
        SourceError: If another crawl has it open.
        SchemaVersionError: If another version wrote it, or it is no journal.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        path.parent.mkdir(parents=True, exist_ok=True)
        # After a kill the system needs a moment to let go of the lock.
        self._db = sqlite3.connect(path, timeout=5.0, isolation_level=None)
        try:
            self._db.execute("PRAGMA locking_mode = EXCLUSIVE")
            self._db.execute("PRAGMA journal_mode = WAL")
            # Whatever is committed survives the end of the process; only a power cut may take the last commits.
            self._db.execute("PRAGMA synchronous = NORMAL")
            self._open()
        except sqlite3.OperationalError as error:
            self._db.close()
            if "locked" not in str(error):
                raise SourceError(f"{path} cannot be opened: {error}") from error
            raise SourceError(f"{path} is in use: another crawl writes there; wait for it or end it") from error
        except sqlite3.DatabaseError as error:
            self._db.close()
            raise SchemaVersionError(f"{path} is no journal of a crawl ({error}); delete it to begin anew") from error
        row = self._db.execute(
            "SELECT count(*), coalesce(sum(state <> 'waiting'), 0) FROM requests WHERE kind = 'album'"
        ).fetchone()
        self._found, self._read = row
        self._reviewed = self._db.execute("SELECT count(*) FROM albums WHERE is_reviewed").fetchone()[0]

    def close(self) -> None:
        """Let go of the file."""
        self._db.close()

    def __enter__(self) -> Journal:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def counts(self) -> Counts:
        """How far the crawl is."""
        return Counts(self._found, self._read, self._reviewed)

    def setting(self, name: str) -> str:
        """A remembered value; empty where there is none."""
        row = self._db.execute("SELECT value FROM settings WHERE name = ?", (name,)).fetchone()
        return str(row[0]) if row else ""

    def remember(self, name: str, value: str) -> None:
        """Keep a value for later runs."""
        with self._transaction():
            self._db.execute("INSERT OR REPLACE INTO settings VALUES (?, ?)", (name, value))

    def begin(self, addresses: Iterable[str]) -> None:
        """Add what to start from; what an earlier run asked for in vain gets another chance after all else."""
        with self._transaction():
            for address in addresses:
                self._add(address, Kind.ALBUM if album_id_of(address) else Kind.LISTING)
            once_more = "state IN ('failed', 'forbidden')"
            albums = self._db.execute(f"SELECT count(*) FROM requests WHERE kind = 'album' AND {once_more}")
            self._read -= albums.fetchone()[0]
            self._db.execute(
                f"UPDATE requests SET state = 'waiting', outcome = '', urgency = {_AGAIN} WHERE {once_more}"
            )

    def waiting(self, *, most: int) -> list[Task]:
        """The next requests, most urgent first."""
        rows = self._db.execute(
            "SELECT n, address, kind, album_id, urgency FROM requests WHERE state = 'waiting' "
            "ORDER BY urgency, n LIMIT ?",
            (most,),
        )
        return [
            Task(n, address, Kind(kind), album_id, is_again=urgency == _AGAIN)
            for n, address, kind, album_id, urgency in rows
        ]

    def settle_listing(self, task: Task, links: Links) -> None:
        """A sitemap or listing was read."""
        with self._transaction():
            for address in links.albums:
                self._add(address, Kind.ALBUM)
            for address in links.pages:
                self._add(address, Kind.LISTING)
            self._end(task, State.DONE)

    def settle_album(
        self, task: Task, page: AlbumPage, *, address: str, retrieved_at: str, parts: Iterable[tuple[Kind, str]]
    ) -> None:
        """An album's page was read; `parts` are what to ask for next."""
        is_reviewed = None if page.has_parts else page.review is not None
        with self._transaction():
            added = self._db.execute(
                "INSERT OR IGNORE INTO albums (album_id, address, retrieved_at, is_reviewed, page) "
                "VALUES (?, ?, ?, ?, ?)",
                (page.album_id, address, retrieved_at, is_reviewed, record.to_json(page)),
            )
            if page.album_id != task.album_id:
                # The site has made one album of two: the page of the other need not be asked for.
                self._add(address, Kind.ALBUM, album_id=page.album_id)
                merged = self._db.execute(
                    "UPDATE requests SET state = 'done' WHERE key = ? AND state = 'waiting'", (page.album_id,)
                )
                self._read += merged.rowcount
            if added.rowcount:
                self._reviewed += bool(is_reviewed)
                self._add_parts(page.album_id, parts)
            self._end(task, State.DONE, page.album_id)

    def settle_review(self, task: Task, review: Review | None, *, parts: Iterable[tuple[Kind, str]]) -> None:
        """The answer with the review was read; without one nothing more is asked for."""
        with self._transaction():
            self._db.execute(
                "UPDATE albums SET is_reviewed = ?, review = ? WHERE album_id = ?",
                (review is not None, record.to_json(review) if review else None, task.album_id),
            )
            if review:
                self._reviewed += 1
                self._add_parts(task.album_id, parts)
            self._end(task, State.DONE)

    def settle_moods(self, task: Task, found: MoodsAndThemes) -> None:
        """The answer with moods and themes was read."""
        with self._transaction():
            self._db.execute("UPDATE albums SET moods = ? WHERE album_id = ?", (record.to_json(found), task.album_id))
            self._end(task, State.DONE)

    def settle_cover(self, task: Task, cover: str) -> None:
        """A cover was stored, under this sha256."""
        with self._transaction():
            self._end(task, State.DONE, cover)

    def settle_without(self, task: Task, state: State, reason: str) -> None:
        """A request gave nothing of use."""
        with self._transaction():
            if task.kind is Kind.REVIEW and state is State.MISSING:
                self._db.execute("UPDATE albums SET is_reviewed = 0 WHERE album_id = ?", (task.album_id,))
            self._end(task, state, reason)

    def page_of(self, album_id: str) -> AlbumPage:
        """What an album's own page said."""
        row = self._db.execute("SELECT page FROM albums WHERE album_id = ?", (album_id,)).fetchone()
        return record.page_from_json(row[0])

    def reviewed(self) -> Iterator[AlbumRecord]:
        """Albums with an official review, by id."""
        rows = self._db.execute(
            "SELECT address, retrieved_at, page, review, moods FROM albums WHERE is_reviewed ORDER BY album_id"
        )
        for address, retrieved_at, page, review, moods in rows:
            whole = record.with_parts(
                record.page_from_json(page),
                review=record.review_from_json(review) if review else None,
                found=record.moods_from_json(moods) if moods else None,
            )
            yield AlbumRecord(whole, address, retrieved_at)

    def covers(self) -> dict[str, str]:
        """Address -> sha256 of every cover that was stored."""
        return dict(self._db.execute("SELECT address, outcome FROM requests WHERE kind = 'cover' AND state = 'done'"))

    def troubles(self) -> list[Trouble]:
        """Requests that gave nothing of use, in the order in which they were found."""
        rows = self._db.execute(
            "SELECT address, kind, state, outcome FROM requests WHERE state NOT IN ('waiting', 'done') ORDER BY n"
        )
        return [Trouble(address, Kind(kind), State(state), reason) for address, kind, state, reason in rows]

    def _open(self) -> None:
        with self._transaction():
            if not self._db.execute("SELECT 1 FROM sqlite_master").fetchone():
                for statement in _SCHEMA.split(";"):
                    self._db.execute(statement)
                self._db.execute("INSERT INTO settings VALUES ('schema_version', ?)", (str(SCHEMA_VERSION),))
        found = self.setting("schema_version")
        if found != str(SCHEMA_VERSION):
            raise SchemaVersionError(
                f"{self.path} has schema version {found}, this albumnet reads version {SCHEMA_VERSION}; "
                "go on with the albumnet that wrote it, or delete it to begin anew"
            )

    @contextlib.contextmanager
    def _transaction(self) -> Iterator[None]:
        self._db.execute("BEGIN IMMEDIATE")
        try:
            yield
        except BaseException:
            self._db.execute("ROLLBACK")
            raise
        self._db.execute("COMMIT")

    def _add(self, address: str, kind: Kind, *, album_id: str = "") -> None:
        # An album is one request whatever its address is written like; everything else goes by address.
        album_id = album_id or album_id_of(address) or ""
        key = album_id if kind is Kind.ALBUM else address
        added = self._db.execute(
            "INSERT OR IGNORE INTO requests (key, address, kind, urgency, album_id) VALUES (?, ?, ?, ?, ?)",
            (key, address, kind, _URGENCY[kind], album_id),
        )
        self._found += added.rowcount if kind is Kind.ALBUM else 0

    def _add_parts(self, album_id: str, parts: Iterable[tuple[Kind, str]]) -> None:
        for kind, address in parts:
            self._add(address, kind, album_id=album_id)

    def _end(self, task: Task, state: State, outcome: str = "") -> None:
        self._db.execute("UPDATE requests SET state = ?, outcome = ? WHERE n = ?", (state, outcome, task.n))
        self._read += task.kind is Kind.ALBUM
