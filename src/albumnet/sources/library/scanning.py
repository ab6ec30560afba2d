"""Every audio file of a library read once, and remembered, so that 100,000 files can be read in several sittings."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import IO, Any

from albumnet.dataset.atomic import write_text
from albumnet.progress import Progress, ProgressCallback, ignore_progress
from albumnet.sources.library.tags import Track, read_track

AUDIO_SUFFIXES = frozenset(
    (
        ".mp3", ".flac", ".ogg", ".oga", ".opus", ".spx", ".m4a", ".m4b", ".mp4", ".wma", ".aiff", ".aif", ".wav",
        ".ape", ".mpc", ".wv",
    )
)  # fmt: skip
# Raise it when the same file comes to give other tags.
_SCAN_VERSION = 2
_FLUSH_EVERY = 200


def scan_tracks(music_dir: Path, *, scan_file: Path, progress: ProgressCallback = ignore_progress) -> list[Track]:
    """The tracks of a library in the order of their paths.

    Files that `scan_file` knows with the same size and time of change are not opened again.

    Args:
        music_dir: Searched with all folders below; links to folders are not followed.
        scan_file: A line per file read; added to while reading, made if missing.
        progress: Told after every file that had to be read.
    """
    files = sorted(_find_files(music_dir))
    known = _read_scan(scan_file)
    tracks: dict[str, Track] = {}
    unread: list[tuple[str, list[int]]] = []
    for name, stamp in files:
        found = known.get(name)
        if found is not None and found[0] == stamp:
            tracks[name] = found[1]
        else:
            unread.append((name, stamp))
    if unread:
        _start_scan(scan_file, {name: (stamp, tracks[name]) for name, stamp in files if name in tracks})
        with scan_file.open("a", encoding="utf-8") as scan:
            for n, (name, stamp) in enumerate(unread, start=1):
                tracks[name] = read_track(music_dir / name, name=name)
                _write_line(scan, name, stamp, tracks[name])
                if n % _FLUSH_EVERY == 0:
                    scan.flush()
                progress(Progress("files", len(files) - len(unread) + n, len(files)))
    return [tracks[name] for name, _ in files]


def _find_files(music_dir: Path) -> Iterator[tuple[str, list[int]]]:
    """Path relative to the library, and size and time of change, of every audio file."""
    for folder, folders, names in os.walk(music_dir):
        folders[:] = [name for name in folders if not name.startswith(".")]
        for name in names:
            path = Path(folder, name)
            # "._01.mp3" is what macOS leaves beside files on foreign disks.
            if path.suffix.lower() in AUDIO_SUFFIXES and not name.startswith("."):
                try:
                    state = path.stat()
                except OSError:  # a link to nowhere; reading it says so
                    state = path.lstat()
                yield path.relative_to(music_dir).as_posix(), [state.st_size, state.st_mtime_ns]


def _read_scan(scan_file: Path) -> dict[str, tuple[list[int], Track]]:
    if not scan_file.is_file():
        return {}
    known = {}
    for line in scan_file.read_text("utf-8", errors="replace").splitlines():
        try:
            row = json.loads(line)
            if row.pop("version") == _SCAN_VERSION:
                stamp = row.pop("stamp")
                known[row["path"]] = (stamp, _track(row))
        except (ValueError, KeyError, TypeError, AttributeError):
            continue  # a line that was cut off: the file is read again
    return known


def _track(row: dict[str, Any]) -> Track:
    return Track(**{**row, **{key: tuple(row[key]) for key in ("genres", "moods", "front_pictures")}})


def _start_scan(scan_file: Path, known: dict[str, tuple[list[int], Track]]) -> None:
    """The scan with what still holds; files that are gone or have changed are forgotten."""
    lines = [_line(name, stamp, track) for name, (stamp, track) in known.items()]
    write_text(scan_file, "".join(lines))


def _write_line(scan: IO[str], name: str, stamp: list[int], track: Track) -> None:
    scan.write(_line(name, stamp, track))


def _line(name: str, stamp: list[int], track: Track) -> str:
    return json.dumps({"version": _SCAN_VERSION, "stamp": stamp, **asdict(track), "path": name}) + "\n"
