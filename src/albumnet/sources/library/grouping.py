"""Tracks to albums: which belong together, and what an album is when its tracks differ."""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path, PurePosixPath

from albumnet.records import Album, normalise_name
from albumnet.sources.library.tags import Track

COVER_NAMES = ("cover", "folder", "front")
_PICTURE_SUFFIXES = (".jpg", ".jpeg", ".png", ".webp", ".gif", ".bmp", ".tif", ".tiff")
_DISC = re.compile(r"\s*[(\[-]?\s*\b(cd|disc|disk|dis[ck]que)\s*\d+\b.*$", re.IGNORECASE)
_VARIOUS = "Various Artists"
_LAST = 1_000_000
PictureFinder = Callable[[PurePosixPath], str | None]


def group_tracks(tracks: Sequence[Track], *, music_dir: Path) -> list[Album]:
    """Albums of tracks that have an album tag, in the order of their first track.

    One release of MusicBrainz is one album. Without its id, the same album artist and album are; without an album
    artist, the same album in the same folder (folders such as `CD 1` count as the one above them).
    """
    return [album for album, _ in group_with_tracks(tracks, music_dir=music_dir)]


def group_with_tracks(tracks: Sequence[Track], *, music_dir: Path) -> list[tuple[Album, tuple[Track, ...]]]:
    """Albums as `group_tracks` gives them, each with its tracks by disc, number and path."""
    groups: dict[tuple[str, ...], list[Track]] = {}
    for track in tracks:
        groups.setdefault(_key(track), []).append(track)
    find_picture = _picture_finder(music_dir)
    return [
        (_album(key, members, cover_file=_cover_file(members, find_picture)), tuple(sorted(members, key=_place)))
        for key, members in groups.items()
    ]


def _place(track: Track) -> tuple[int, int, str]:
    """Where a track stands on its album; one without a number comes after those that have one."""
    return track.disc or 1, track.number or _LAST, track.path


def _key(track: Track) -> tuple[str, ...]:
    if track.release:
        return ("release", track.release)
    if track.album_artist:
        return ("artist", normalise_name(track.album_artist), normalise_name(_without_disc(track.album)))
    return ("folder", _folder(track).as_posix(), normalise_name(_without_disc(track.album)))


def _album(key: tuple[str, ...], tracks: Sequence[Track], *, cover_file: str | None) -> Album:
    years = Counter(track.year for track in tracks if track.year is not None)
    return Album(
        album_id=_album_id(key),
        artist=_artist(tracks),
        title=_commonest(_without_disc(track.album) for track in tracks),
        # How many tracks are tagged with a mood says how strong it is on the album.
        moods=_by_frequency(mood for track in tracks for mood in track.moods),
        genres=_by_frequency(genre for track in tracks for genre in track.genres),
        year=min(years, key=lambda year: (-years[year], year)) if years else None,
        cover_file=cover_file,
        source="library",
    )


def _album_id(key: tuple[str, ...]) -> str:
    if key[0] == "release":
        return key[1]
    # Names of folders need not be UTF-8.
    return hashlib.sha256("\0".join(key).encode(errors="surrogateescape")).hexdigest()[:16]


def _artist(tracks: Sequence[Track]) -> str:
    if named := [track.album_artist for track in tracks if track.album_artist]:
        return _commonest(named)
    artists = Counter(track.artist for track in tracks if track.artist)
    if any(track.is_compilation for track in tracks) or not artists:
        return _VARIOUS if artists else ""
    artist, count = artists.most_common(1)[0]
    # A guest on some tracks makes no compilation.
    return artist if count > len(tracks) / 2 else _VARIOUS


def _cover_file(tracks: Sequence[Track], find_picture: PictureFinder) -> str | None:
    """The first track with a picture inside, else a picture file beside a track or one folder above a disc's."""
    if inside := next((track.path for track in tracks if track.has_picture), None):
        return inside
    folders = dict.fromkeys(PurePosixPath(track.path).parent for track in tracks)
    folders |= dict.fromkeys(_folder(track) for track in tracks)
    return next((found for folder in folders if (found := find_picture(folder))), None)


def _picture_finder(music_dir: Path) -> PictureFinder:
    """Finds `cover`, `folder` or `front` in a folder of the library, whatever their case; asks each folder once."""
    found: dict[PurePosixPath, str | None] = {}

    def find(folder: PurePosixPath) -> str | None:
        if folder not in found:
            pictures: dict[str, str] = {}
            for path in sorted((music_dir / folder).iterdir()):
                stem = path.stem.casefold()
                if stem in COVER_NAMES and path.suffix.lower() in _PICTURE_SUFFIXES:
                    pictures.setdefault(stem, (folder / path.name).as_posix())
            found[folder] = next((pictures[name] for name in COVER_NAMES if name in pictures), None)
        return found[folder]

    return find


def _folder(track: Track) -> PurePosixPath:
    folder = PurePosixPath(track.path).parent
    return folder.parent if _DISC.fullmatch(folder.name) else folder


def _without_disc(album: str) -> str:
    """`Mellon Collie (Disc 1)` is `Mellon Collie`."""
    return _DISC.sub("", album) or album


def _by_frequency(names: Iterable[str]) -> tuple[str, ...]:
    """Most frequent first, the first met first among equals; one spelling of each."""
    spelling: dict[str, str] = {}
    counts: Counter[str] = Counter()
    for name in names:
        counts[normalise_name(name)] += 1
        spelling.setdefault(normalise_name(name), name)
    return tuple(spelling[key] for key, _ in counts.most_common() if key)


def _commonest(names: Iterable[str]) -> str:
    return Counter(names).most_common(1)[0][0]
