"""Moods on too few albums to learn: cut from the albums that have them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace

from albumnet.cleaning.material import Finding, Material, Rule
from albumnet.cleaning.moods import cut_moods


def find(material: Material) -> Iterator[Finding]:
    """Albums with moods that are cut."""
    options = material.options
    moods = [album.moods for album in material.albums]
    kept = cut_moods(moods, min_albums_per_mood=options.min_albums_per_mood, min_moods=options.min_moods)
    counts = Counter(mood for album_moods in moods for mood in album_moods)
    for album in material.albums:
        if cut := [mood for mood in album.moods if mood not in kept]:
            said = ", ".join(f"{mood} ({counts[mood]} albums)" for mood in cut)
            changed = replace(album, moods=tuple(mood for mood in album.moods if mood in kept))
            yield Finding(
                album, f"cut {said}; a mood has at least {options.min_albums_per_mood} albums", changed=changed
            )


RULE = Rule("rare-moods", step="rare moods cut", leaves_out=False, find=find)
