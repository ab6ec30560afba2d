"""Extended M3U in UTF-8, with paths relative to where the list lies."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from albumnet.dataset.tracks import AlbumTrack
from albumnet.playlists.playlist import PlaylistAlbum


def to_m3u(
    playlist: Sequence[PlaylistAlbum], *, title: str, music_dir: Path, beside: Path
) -> tuple[str, tuple[str, ...]]:
    """The text of a playlist, and the names of files that it cannot name.

    Args:
        playlist: What is played.
        title: Of the list.
        music_dir: The library that tracks' paths are relative to.
        beside: The folder that the list will lie in.
    """
    start = os.path.relpath(music_dir.resolve(), beside.resolve())
    lines = ["#EXTM3U", f"#PLAYLIST:{_one_line(title)}"]
    unnamed = []
    for track in (track for album in playlist for track in album.tracks):
        path = Path(start, track.path).as_posix()
        if not _can_be_named(path):
            unnamed.append(track.path)
            continue
        # A name that begins like a comment would be taken for one.
        lines += [f"#EXTINF:{_seconds(track)},{_name(track)}", f"./{path}" if path.startswith("#") else path]
    return "\n".join(lines) + "\n", tuple(unnamed)


def _can_be_named(path: str) -> bool:
    """Whether a line of UTF-8 can hold it."""
    try:
        path.encode()
    except UnicodeEncodeError:
        return False
    return path == _one_line(path)


def _seconds(track: AlbumTrack) -> int:
    """Whole seconds, -1 where unknown, as players have it."""
    return -1 if track.seconds is None else max(round(track.seconds), 1)


def _name(track: AlbumTrack) -> str:
    title = track.title or Path(track.path).stem
    return _one_line(" - ".join(part for part in (track.artist, title) if part))


def _one_line(text: str) -> str:
    return " ".join(text.splitlines()) if len(text.splitlines()) > 1 or text != text.strip("\r\n") else text
