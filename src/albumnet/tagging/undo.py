"""The undo file: what stood in every file before it was first touched, written down before it is."""

from __future__ import annotations

import contextlib
import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

from albumnet.errors import SchemaVersionError, TagError
from albumnet.tagging.formats import MoodTags

UNDO_NAME = ".albumnet-undo.jsonl"
SCHEMA_VERSION = 1


class UndoFile:
    """An open undo file, which nobody else can open meanwhile; made by `open_undo_file`."""

    def __init__(self, path: Path, file: IO[str], originals: dict[str, MoodTags]) -> None:
        self.path = path
        self.originals = originals
        self._file = file

    def remember(self, before: Mapping[str, MoodTags]) -> None:
        """Write down mood tags that are about to be changed, by file name; on return they are on the disk.

        What we wrote ourselves is no original: an older record then stays, or nothing is taken to have stood there.
        """
        for name, tags in before.items():
            if tags.are_ours:
                if name in self.originals:
                    continue
                tags = MoodTags(has_container=tags.has_container)
            self._write({"file": name, "before": tags.to_json()})
            self.originals[name] = tags
        self._flush()

    def forget(self, name: str) -> None:
        """Write down that a file is as it was."""
        if self.originals.pop(name, None) is not None:
            self._write({"file": name, "before": None})

    def _write(self, record: Mapping[str, Any]) -> None:
        # ASCII: names that are no UTF-8 are kept too.
        self._file.write(json.dumps({"schema_version": SCHEMA_VERSION, **record}) + "\n")

    def _flush(self) -> None:
        self._file.flush()
        os.fsync(self._file.fileno())


@contextmanager
def open_undo_file(music_dir: Path) -> Iterator[UndoFile]:
    """The undo file of a library, made if missing, locked until the end; an empty one is removed then.

    Raises:
        TagError: If another program is at work on the library.
        SchemaVersionError: If another version wrote it.
        OSError: If it cannot be written: then nothing may be tagged.
    """
    path = music_dir / UNDO_NAME
    with path.open("a+", encoding="ascii") as file:
        _lock(file, music_dir)
        file.seek(0)
        text = file.read()
        if text and not text.endswith("\n"):
            file.write("\n")  # a record that was cut off belongs to a file that was not touched yet
        undo = UndoFile(path, file, _read(path, text))
        try:
            yield undo
        finally:
            if not undo.originals:
                path.unlink(missing_ok=True)
            undo._flush()


def _lock(file: IO[str], music_dir: Path) -> None:
    with contextlib.suppress(ImportError):
        import fcntl

        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise TagError(f"another albumnet is at work on {music_dir}; wait until it is done") from None


def _read(path: Path, text: str) -> dict[str, MoodTags]:
    originals: dict[str, MoodTags] = {}
    for line in text.splitlines():
        try:
            record = json.loads(line)
        except ValueError:
            continue  # cut off
        if record.get("schema_version") != SCHEMA_VERSION:
            raise SchemaVersionError(
                f"{path} has schema version {record.get('schema_version')}, this albumnet reads version "
                f"{SCHEMA_VERSION}; take the tags back with the albumnet that wrote it"
            )
        if record["before"] is None:
            originals.pop(record["file"], None)
        else:
            originals[record["file"]] = MoodTags.from_json(record["before"])
    return originals
