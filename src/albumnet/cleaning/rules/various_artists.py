"""Compilations by various artists: their cover and moods are of no artist in particular."""

from __future__ import annotations

from collections.abc import Iterator

from albumnet.cleaning.material import Finding, Material, Rule
from albumnet.records import normalise_name

_NAMES = frozenset(
    normalise_name(name)
    for name in (
        "Various", "Various Artists", "Various Artist", "VA", "V.A.", "V/A", "V. A.", "Varios Artistas",
        "Artistes Variés", "Artistes divers", "Verschiedene Interpreten", "Verschiedene", "Diverse", "Artisti Vari",
        "AA.VV.", "Vários Artistas", "Original Soundtrack", "Original Cast",
    )
)  # fmt: skip


def find(material: Material) -> Iterator[Finding]:
    """Albums whose artist is a name for many."""
    for album in material.albums:
        if normalise_name(album.artist) in _NAMES:
            yield Finding(album, f"the artist is {album.artist!r}")


RULE = Rule("various-artists", step="by one artist", leaves_out=False, find=find)
