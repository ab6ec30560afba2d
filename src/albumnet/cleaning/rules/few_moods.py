"""Albums with too few moods, once the rare ones are cut."""

from __future__ import annotations

from collections.abc import Iterator

from albumnet.cleaning.material import Finding, Material, Rule


def find(material: Material) -> Iterator[Finding]:
    """Albums with fewer moods than are asked for."""
    wanted = material.options.min_moods
    for album in material.albums:
        if len(album.moods) < wanted:
            yield Finding(album, f"{len(album.moods)} moods; at least {wanted} are asked for")


RULE = Rule("few-moods", step="with moods enough", leaves_out=True, find=find)
