"""Covers whose bytes are no whole picture: their header passed the import, their pixels cannot be read."""

from __future__ import annotations

from collections.abc import Iterator

from albumnet.cleaning.material import Finding, Material, Rule


def find(material: Material) -> Iterator[Finding]:
    """Albums whose cover cannot be decoded, with the decoder's reason."""
    for album in material.albums:
        if album.cover and (error := material.covers.errors[material.covers.row_of[album.cover]]):
            yield Finding(album, error)


RULE = Rule("undecodable", step="that can be decoded", leaves_out=True, find=find)
