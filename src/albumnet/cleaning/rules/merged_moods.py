"""Moods that the user says are one: merged on request only."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from albumnet.cleaning.material import Finding, Material, Rule


def find(material: Material) -> Iterator[Finding]:
    """Albums with moods that are renamed; the stronger of two that become one keeps its place."""
    for album in material.albums:
        merged = {mood: material.options.aliases.canonical(mood) for mood in album.moods}
        if renamed := {old: new for old, new in merged.items() if old != new}:
            reason = ", ".join(f"{old} became {new}" for old, new in renamed.items())
            yield Finding(album, reason, changed=replace(album, moods=tuple(dict.fromkeys(merged.values()))))


RULE = Rule("merged-moods", step="moods merged", leaves_out=False, find=find)
