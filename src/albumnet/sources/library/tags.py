"""The tags of one audio file, whatever its format calls them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from albumnet.marks import MARK_NAME, parse_mark
from albumnet.records import normalise_name

# Our name -> what ID3 (frames, or descriptions of TXXX), Vorbis comments, MP4 (atoms, or names of free-form ones) and
# Windows Media call it, in the order in which they are asked. Names as MusicBrainz Picard writes them.
_NAMES: dict[str, tuple[str, ...]] = {
    "album": ("TALB", "album", "\xa9alb", "WM/AlbumTitle"),
    "album_artist": ("TPE2", "albumartist", "album artist", "aART", "WM/AlbumArtist"),
    "artist": ("TPE1", "artist", "\xa9ART", "Author"),
    "date": (
        "TDOR", "TORY", "originaldate", "originalyear", "WM/OriginalReleaseTime", "WM/OriginalReleaseYear",
        "TDRC", "TDRL", "TYER", "date", "year", "\xa9day", "WM/Year",
    ),
    "genre": ("TCON", "genre", "\xa9gen", "WM/Genre"),
    "mood": ("TMOO", "mood", "WM/Mood"),
    "mark": (MARK_NAME,),
    "title": ("TIT2", "title", "\xa9nam"),
    "disc": ("TPOS", "discnumber", "disc", "disk", "WM/PartOfSet"),
    "number": ("TRCK", "tracknumber", "track", "trkn", "WM/TrackNumber"),
    "release": ("musicbrainz album id", "musicbrainz_albumid", "MusicBrainz/Album Id"),
    "is_compilation": ("TCMP", "compilation", "cpil", "WM/IsCompilation"),
}  # fmt: skip
_FIRST_NUMBER = re.compile(r"\d{1,6}")
_YEAR = re.compile(r"(?<!\d)([12]\d{3})(?!\d)")


@dataclass(frozen=True)
class Track:
    """What one audio file says of the album that it is on.

    Attributes:
        path: Relative to the library, with forward slashes.
        error: Why it could not be read; empty if it could.
        album: Title of the album; empty where not tagged.
        album_artist: Empty where not tagged.
        artist: Of the track.
        year: The original release's if tagged, else this release's; None where unknown.
        genres: In the order of the tags.
        moods: In the order of the tags; those that AlbumNet wrote itself are left out.
        release: MusicBrainz id of the release; empty where not tagged.
        is_compilation: Whether it is tagged as part of a compilation.
        has_picture: Whether there is a picture inside.
        front_pictures: Digests of the different front covers inside.
        title: Of the track; empty where not tagged.
        disc: From 1; None where not tagged.
        number: On its disc, from 1; None where not tagged.
        seconds: How long it plays; None where the file does not say.
    """

    path: str
    error: str = ""
    album: str = ""
    album_artist: str = ""
    artist: str = ""
    year: int | None = None
    genres: tuple[str, ...] = ()
    moods: tuple[str, ...] = ()
    release: str = ""
    is_compilation: bool = False
    has_picture: bool = False
    front_pictures: tuple[str, ...] = ()
    title: str = ""
    disc: int | None = None
    number: int | None = None
    seconds: float | None = None


def read_track(path: Path, *, name: str) -> Track:
    """The tags of a file; one that cannot be read gives a track with an error.

    Args:
        path: Of the file, which is opened for reading only.
        name: What to call it.
    """
    import mutagen

    from albumnet.sources.library.pictures import find_pictures, front_digests

    try:
        audio = mutagen.File(path)
        if audio is None:
            return Track(name, error="no audio file of a known format, whatever its name says")
        tags = {} if audio.tags is None else audio.tags
        values = {known: list(_values(tags, names)) for known, names in _NAMES.items()}
        has_picture = next(find_pictures(audio), None) is not None
        front_pictures = front_digests(audio)
        seconds = getattr(audio.info, "length", None)
    except Exception as error:  # noqa: BLE001  a parser fed broken files may raise anything
        return Track(name, error=f"cannot be read: {' '.join(str(error).split()) or type(error).__name__}")
    return Track(
        path=name,
        album=_first(values["album"]),
        album_artist=_first(values["album_artist"]),
        artist=_first(values["artist"]),
        year=_year(values["date"]),
        genres=_split(values["genre"], separators=";|"),
        moods=_moods(values["mood"], marks=values["mark"]),
        release=_first(values["release"]),
        is_compilation=_first(values["is_compilation"]).lower() in ("1", "true"),
        has_picture=has_picture,
        front_pictures=front_pictures,
        title=_first(values["title"]),
        disc=_number(values["disc"]),
        number=_number(values["number"]),
        seconds=round(float(seconds), 3) if seconds else None,
    )


def _values(tags: Any, names: tuple[str, ...]) -> Iterator[str]:
    """Texts under any of these names, as the kind of tags has them."""
    from mutagen.id3 import ID3

    for name in names:
        if isinstance(tags, ID3):
            frames = tags.getall(name) if len(name) == 4 and name.isupper() else []
            frames += [frame for frame in tags.getall("TXXX") if frame.desc.casefold() == name.casefold()]
            for frame in frames:
                # Genres by number, such as (17), are spelled out.
                yield from getattr(frame, "genres", None) or (str(text) for text in frame.text)
            continue
        for key in tags.keys():  # noqa: SIM118  Vorbis comments iterate over pairs
            if key.rpartition(":")[2].casefold() == name.casefold():
                value = tags[key]
                yield from (_text(part) for part in (value if isinstance(value, list) else [value]))


def _text(value: Any) -> str:
    return bytes(value).decode("utf-8", "replace") if isinstance(value, bytes) else str(value)


def _first(values: list[str]) -> str:
    return next((" ".join(value.split()) for value in values if value.strip()), "")


def _split(values: list[str], *, separators: str) -> tuple[str, ...]:
    parts = [part for value in values for part in re.split(f"[{re.escape(separators)}\0]", value)]
    return tuple(dict.fromkeys(" ".join(part.split()) for part in parts if part.strip()))


def _moods(values: list[str], *, marks: list[str]) -> tuple[str, ...]:
    """Moods but those that a model wrote, which are no evidence of anything."""
    known = [mark for text in marks if (mark := parse_mark(text)) is not None]
    if any(mark.is_all_of(values) for mark in known):
        return ()
    ours = {normalise_name(mood) for mark in known for mood, _ in mark.moods}
    return tuple(mood for mood in _split(values, separators=";|,") if normalise_name(mood) not in ours)


def _number(values: list[str]) -> int | None:
    """The first of `3/12`, `3` or `(3, 12)`; None where there is none, or it is 0."""
    return next((int(found.group()) or None for value in values if (found := _FIRST_NUMBER.search(value))), None)


def _year(dates: list[str]) -> int | None:
    return next((int(found.group(1)) for date in dates if (found := _YEAR.search(date))), None)
