"""The card of an album set: how many albums, which moods, years and genres, and where they came from."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from albumnet.dataset.album_set import AlbumSet
from albumnet.dataset.splits import SIDES, artist_key
from albumnet.records import normalise_name


def write_card(album_set: AlbumSet) -> str:
    """The card as Markdown: counts, the five commonest and rarest moods, years by decade, genres, sides, sources."""
    albums = album_set.albums
    moods = Counter(mood for album in albums for mood in album.moods)
    ranked = sorted(moods.items(), key=lambda item: (-item[1], item[0]))
    decades = Counter("unknown" if album.year is None else f"{album.year // 10 * 10}s" for album in albums)
    n_with_moods = sum(bool(album.moods) for album in albums)
    genres = _count_genres(album_set)
    sources = Counter(album.source for album in albums)
    sides = Counter(album_set.splits.values())
    lengths = Counter(len(album.moods) for album in albums)
    provenance = album_set.provenance
    licences = [(terms.source, terms.licence) for terms in provenance.terms]
    funnel = [(step.what, step.albums) for step in provenance.funnel]
    sections = [
        f"# Album set `{album_set.path.name}`",
        _table(
            ("what", "count"),
            [
                ("albums", len(albums)),
                ("artists", len({artist_key(album) for album in albums} - {""})),
                ("albums with moods", n_with_moods),
                ("moods", len(moods)),
                ("moods per album with moods", f"{moods.total() / max(1, n_with_moods):.1f}"),
                ("different covers", len({album.cover for album in albums if album.cover})),
                ("albums without a usable cover", sum(album.cover is None for album in albums)),
                ("moods on all three sides", _count_moods_on_all_sides(album_set)),
            ],
        ),
        *(["## Funnel", _table(("step", "albums left"), funnel)] if funnel else []),
        "## Moods",
        _table(("commonest", "albums"), ranked[:5]),
        _table(("rarest", "albums"), ranked[-5:]),
        _table(("moods per album", "albums"), [(str(length), lengths[length]) for length in sorted(lengths)]),
        "## Years",
        _table(("decade", "albums"), sorted(decades.items())),
        "## Genres",
        _table(("genre", "albums"), genres.most_common(20)),
        *([f"and {len(genres) - 20} more."] if len(genres) > 20 else []),
        "## Sides",
        "No artist and no duplicate cover is on two sides.",
        _table(("side", "albums"), [(side, sides[side]) for side in SIDES]),
        "## Provenance",
        _table(("source", "albums"), sources.most_common()),
        *([_table(("terms of", "licence"), licences)] if licences else []),
        "Covers belong to their labels and artists; check the licence of every source before you pass a set on.",
        f"Albums `{album_set.digest}`, vocabulary `{album_set.vocabulary.digest}`.",
    ]
    return "\n\n".join(sections) + "\n"


def _count_genres(album_set: AlbumSet) -> Counter[str]:
    """Albums per genre; spellings that differ in case, spaces or hyphens are one genre, under its commonest."""
    spellings: dict[str, Counter[str]] = {}
    for album in album_set.albums:
        for genre in album.genres or ("unknown",):
            spellings.setdefault(normalise_name(genre), Counter())[genre] += 1
    return Counter({counts.most_common(1)[0][0]: counts.total() for counts in spellings.values()})


def _count_moods_on_all_sides(album_set: AlbumSet) -> int:
    sides_of_mood: dict[str, set[str]] = {}
    for album in album_set.albums:
        for mood in album.moods:
            sides_of_mood.setdefault(mood, set()).add(album_set.splits[album.album_id])
    return sum(len(sides) == len(SIDES) for sides in sides_of_mood.values())


def _table(header: tuple[str, str], rows: Iterable[tuple[str, object]]) -> str:
    lines = [f"| {header[0]} | {header[1]} |", "| --- | ---: |"]
    for name, value in rows:
        shown = f"{value:,}" if isinstance(value, int) else value
        lines.append(f"| {name.replace('|', '&#124;')} | {shown} |")
    return "\n".join(lines)
