"""What the browse page asks of an album set, as its address says it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from albumnet.web.catalogue import Catalogue

PAGE_SIZE = 48
SORTS = {"": "As in the set", "artist": "Artist", "title": "Title", "newest": "Newest first", "year": "Oldest first"}


@dataclass(frozen=True)
class Query:
    """The browse page's question."""

    q: str = ""
    genre: str = ""
    decade: int | None = None
    mood: str = ""
    sort: str = ""
    page: int = 1

    @property
    def is_filtered(self) -> bool:
        """Whether it asks for less than everything."""
        return bool(self.q or self.genre or self.decade is not None or self.mood)

    def address(self, **changes: Any) -> str:
        """The address of this question with something changed, from its first page; what is empty is left out."""
        asked = {key: getattr(self, key) for key in ("q", "genre", "decade", "mood", "sort")} | changes
        if asked.get("page") == 1:
            del asked["page"]
        query = urlencode({key: value for key, value in asked.items() if value not in (None, "")})
        return f"/albums?{query}" if query else "/albums"


@dataclass(frozen=True)
class Facets:
    """What there is to filter by: (value, how many albums), commonest first; decades in order."""

    genres: tuple[tuple[str, int], ...]
    decades: tuple[tuple[int, int], ...]
    moods: tuple[tuple[str, int], ...]


def count_facets(catalogue: Catalogue) -> Facets:
    """Genres, decades and moods of all albums."""
    genres, moods = (
        tuple((shelf.name, len(shelf.rows)) for shelf in shelves.values())
        for shelves in (catalogue.genres, catalogue.moods)
    )
    return Facets(genres, tuple(catalogue.decades.items()), moods)
