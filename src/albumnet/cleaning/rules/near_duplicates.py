"""Albums that show the same picture: the same album is merged, reissues and others are linked for the split."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace

from albumnet.cleaning.material import Finding, Material, Rule
from albumnet.dataset.splits import artist_key
from albumnet.records import Album, normalise_name


def find(material: Material) -> Iterator[Finding]:
    """Albums whose picture another album has.

    The same artist and title: the album with most moods (then the largest cover, then the first) stays and takes the
    moods that it lacks from the others. Everything else stays, and remembers the picture it shares.
    """
    albums_of: dict[str, list[Album]] = {}
    for album in material.albums:
        if picture := material.picture_of(album):
            albums_of.setdefault(picture, []).append(album)
    for picture, albums in albums_of.items():
        if len(albums) > 1:
            yield from _judge_group(albums, picture=picture, material=material)


def _judge_group(albums: Sequence[Album], *, picture: str, material: Material) -> Iterator[Finding]:
    same: dict[tuple[str, str], list[Album]] = {}
    for n, album in enumerate(albums):
        artist, title = artist_key(album), normalise_name(album.title)
        # Without a name nothing says that two albums are one.
        same.setdefault((artist, title) if artist and title else ("", str(n)), []).append(album)
    firsts: list[Album] = []
    for copies in same.values():
        best = max(copies, key=lambda album: (len(album.moods), _pixels(album, material)))
        others = [album for album in copies if album is not best]
        for album in others:
            yield Finding(album, f"the same album as {best.album_id}, with the same picture", best.album_id, None, True)
        moods = tuple(dict.fromkeys(mood for album in (best, *others) for mood in album.moods))
        firsts.append(replace(best, moods=moods))
    by_id = {album.album_id: album for album in albums}
    for album in firsts:
        linked = replace(album, picture=picture) if len({a.cover for a in firsts}) > 1 else album
        other = next((first for first in firsts if first is not album), None)
        gained = [mood for mood in album.moods if mood not in by_id[album.album_id].moods]
        reasons = [f"takes {', '.join(gained)} from the same album"] if gained else []
        if other:
            reasons.append(_relation(album, other))
        if reasons:
            other_id = other.album_id if other else None
            yield Finding(by_id[album.album_id], "; ".join(reasons), other_id, linked)


def _relation(album: Album, other: Album) -> str:
    is_reissue = artist_key(album) == artist_key(other) != "" and _without_edition(album) == _without_edition(other)
    what = "another edition" if is_reissue else "another album"
    return f"shows the same picture as {other.album_id}, {what}; both go to one side of a split"


def _without_edition(album: Album) -> str:
    """The title without what editions add: `Low (2017 Remaster)`, `Low [Deluxe]`, `Low - Deluxe Edition` are `Low`."""
    return normalise_name(_EDITION.sub("", album.title)) or normalise_name(album.title)


_EDITION = re.compile(
    r"\s*[(\[][^)\]]*[)\]]"
    r"|\s*[-:,]\s*(the\s+)?([\w']+\s+){0,3}(remaster(ed)?|deluxe|expanded|anniversary|edition|reissue|version)\b.*$",
    re.IGNORECASE,
)


def _pixels(album: Album, material: Material) -> int:
    return int(material.covers.sizes[material.covers.row_of[album.cover]].prod()) if album.cover else 0


RULE = Rule("near-duplicates", step="each album once", leaves_out=False, find=find)
