"""Placeholder art: one picture on albums of many artists says nothing about any of them."""

from __future__ import annotations

from collections.abc import Iterator

from albumnet.cleaning.material import Finding, Material, Rule
from albumnet.dataset.splits import artist_key


def find(material: Material) -> Iterator[Finding]:
    """Albums whose picture as many artists have as makes it a placeholder; nobody in particular is no artist."""
    artists_of: dict[str, set[str]] = {}
    for album in material.albums:
        if cover := material.original_of(album):
            artists_of.setdefault(cover, set()).update({artist_key(album)} - {""})
    for album in material.albums:
        n_artists = len(artists_of.get(material.original_of(album) or "", ()))
        if n_artists >= material.options.min_artists_of_placeholder:
            yield Finding(album, f"{n_artists} artists have this picture, so it is taken for a placeholder")


RULE = Rule("placeholder", step="with a picture of their own", leaves_out=True, find=find)
