"""Thumbnails kept between runs, in one SQLite file whose size is bounded."""

from __future__ import annotations

import asyncio
import sqlite3
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

_SCHEMA = """
create table if not exists thumbnails (cover text, size integer, jpeg blob not null, primary key (cover, size));
"""
_SHARE_KEPT = 0.8
_N_PER_COMMIT = 32


class ThumbnailFile:
    """Used from one thread of its own, so that the event loop never waits for the disk.

    Args:
        path: The file; what cannot be read is made anew, since all of it can be made again.
        max_bytes: Of all JPEGs in it; the oldest go first.
    """

    def __init__(self, path: Path, *, max_bytes: int) -> None:
        self._path = path
        self._max_bytes = max_bytes
        self._n_bytes = 0
        self._n_uncommitted = 0

    async def open(self) -> None:
        """Open or make the file."""
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="albumnet-thumbnails")
        await asyncio.get_running_loop().run_in_executor(self._thread, self._open)

    async def close(self) -> None:
        """Keep what was put."""
        await asyncio.get_running_loop().run_in_executor(self._thread, self._close)
        self._thread.shutdown()

    async def get(self, cover: str, size: int) -> bytes | None:
        """A thumbnail that was put earlier."""
        return await asyncio.get_running_loop().run_in_executor(self._thread, self._get, cover, size)

    def put(self, cover: str, size: int, jpeg: bytes) -> None:
        """Keep a thumbnail; returns at once."""
        self._thread.submit(self._put, cover, size, jpeg)

    def _open(self) -> None:
        try:
            self._connect()
        except sqlite3.DatabaseError:
            self._path.unlink(missing_ok=True)
            self._connect()

    def _connect(self) -> None:
        self._database = sqlite3.connect(self._path)
        # A thumbnail lost when the power fails is made again.
        self._database.execute("pragma journal_mode = wal")
        self._database.execute("pragma synchronous = off")
        self._database.executescript(_SCHEMA)
        (self._n_bytes,) = self._database.execute("select coalesce(sum(length(jpeg)), 0) from thumbnails").fetchone()

    def _close(self) -> None:
        self._database.commit()
        self._database.close()

    def _get(self, cover: str, size: int) -> bytes | None:
        row = self._database.execute("select jpeg from thumbnails where cover = ? and size = ?", (cover, size))
        found = row.fetchone()
        return bytes(found[0]) if found else None

    def _put(self, cover: str, size: int, jpeg: bytes) -> None:
        try:
            done = self._database.execute("insert or ignore into thumbnails values (?, ?, ?)", (cover, size, jpeg))
            self._n_bytes += len(jpeg) * done.rowcount
            if self._n_bytes > self._max_bytes:
                self._drop_oldest()
            self._n_uncommitted += 1
            if self._n_uncommitted >= _N_PER_COMMIT:
                self._database.commit()
                self._n_uncommitted = 0
        except sqlite3.Error:
            # A full disk costs speed, not answers.
            self._database.rollback()

    def _drop_oldest(self) -> None:
        for rowid, n_bytes in self._database.execute(
            "select rowid, length(jpeg) from thumbnails order by rowid"
        ).fetchall():
            if self._n_bytes <= _SHARE_KEPT * self._max_bytes:
                break
            self._database.execute("delete from thumbnails where rowid = ?", (rowid,))
            self._n_bytes -= n_bytes
