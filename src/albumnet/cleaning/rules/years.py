"""Years that no record can be of: the album stays, the year goes."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from albumnet.cleaning.material import Finding, Material, Rule


def find(material: Material) -> Iterator[Finding]:
    """Albums whose year is out of range; an unknown year is none."""
    first, last = material.options.first_year, material.options.last_year
    for album in material.albums:
        if album.year is not None and not first <= album.year <= last:
            reason = f"year {album.year} is outside {first} to {last} and counts as unknown"
            yield Finding(album, reason, changed=replace(album, year=None))


RULE = Rule("years", step="of a credible year", leaves_out=False, find=find)
