"""Covers of too few pixels to show anything."""

from __future__ import annotations

from collections.abc import Iterator

from albumnet.cleaning.material import Finding, Material, Rule


def find(material: Material) -> Iterator[Finding]:
    """Albums whose cover's shorter side is below the limit; covers that cannot be decoded have no size."""
    limit = material.options.min_side
    for album in material.albums:
        width, height = material.covers.sizes[material.covers.row_of[album.cover]] if album.cover else (0, 0)
        if 0 < min(width, height) < limit:
            yield Finding(album, f"{width} x {height} pixels; at least {limit} a side are asked for")


RULE = Rule("too-small", step="large enough", leaves_out=True, find=find)
