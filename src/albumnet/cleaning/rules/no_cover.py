"""Albums without a cover: none was named, or the one that was named could not be imported."""

from __future__ import annotations

from collections.abc import Iterator

from albumnet.cleaning.material import Finding, Material, Rule


def find(material: Material) -> Iterator[Finding]:
    """Albums without a stored cover, with the import's reason where it had one."""
    for album in material.albums:
        if album.cover is None:
            why = material.failures.get(album.cover_file or "")
            yield Finding(album, f"{album.cover_file}: {why}" if why else "no cover is named")


RULE = Rule("no-cover", step="with a cover", leaves_out=True, find=find)
