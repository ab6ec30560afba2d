"""A list of albums as a file: CSV for tables, M3U for players."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence

from albumnet.records import Album

_COLUMNS = ("album_id", "artist", "title", "year", "genres", "moods")
# What spreadsheets take for the beginning of a formula.
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def as_csv(albums: Sequence[Album]) -> str:
    """One row per album; lists are separated by |. A text that a spreadsheet would run gets an apostrophe before it."""
    file = io.StringIO(newline="")
    writer = csv.writer(file)
    writer.writerow(_COLUMNS)
    for album in albums:
        texts = (album.album_id, album.artist, album.title)
        year = "" if album.year is None else str(album.year)
        lists = ("|".join(album.genres), "|".join(album.moods))
        writer.writerow([*map(_inert, texts), year, *map(_inert, lists)])
    return file.getvalue()


def as_m3u(albums: Sequence[Album]) -> str:
    """An extended M3U: per album its name, and the folder `artist/title` as music libraries name it."""
    lines = ["#EXTM3U"]
    for album in albums:
        artist, title = (_one_line(text) for text in (album.artist, album.title or album.album_id))
        lines.append(f"#EXTINF:-1,{artist} - {title}" if artist else f"#EXTINF:-1,{title}")
        lines.append("/".join(_folder(part) for part in (artist, title) if part))
    return "\n".join(lines) + "\n"


def _inert(text: str) -> str:
    return f"'{text}" if text.startswith(_FORMULA) else text


def _one_line(text: str) -> str:
    return " ".join(text.split())


def _folder(name: str) -> str:
    # A name may not climb out of its folder, nor be taken for a comment.
    return name.replace("/", "_").replace("\\", "_").lstrip(".#") or "_"
