"""Boxed sets: several albums behind one cover."""

from __future__ import annotations

import re
from collections.abc import Iterator

from albumnet.cleaning.material import Finding, Material, Rule

_BOXED = re.compile(
    r"\b(box(ed)?[ -]?sets?|\w+ box)\b"
    r"|[(\[]\s*box(ed)?\b"
    r"|\bcomplete (\w+ ){0,3}(albums?|recordings?|works|collection|sessions|studio)\b"
    r"|\b(\d+|two|three|four|five|six|seven|eight|ten)[ -](cd|lp|disc|disk|album)s?[ -](set|box|collection)\b"
    r"|\b(\d+|two|three|four|five|six) (original|classic|complete) albums\b"
    r"|\boriginal album (series|classics)\b",
    re.IGNORECASE,
)


def find(material: Material) -> Iterator[Finding]:
    """Albums whose title says that there are several in it."""
    for album in material.albums:
        if said := _BOXED.search(album.title):
            yield Finding(album, f"the title says {said.group().strip()!r}")


RULE = Rule("boxed-sets", step="no boxed sets", leaves_out=False, find=find)
