"""An album as the crawl keeps it: what its page and the answers beside it say, together."""

from __future__ import annotations

import dataclasses
import datetime
import json
from dataclasses import dataclass
from typing import Any

from albumnet.sources.allmusic.pages import AlbumPage, MoodsAndThemes, Review, Weighted

# What a page is asked for; "lacking" names those that it did not have.
FIELDS = ("artist", "title", "date", "genres", "styles", "moods", "themes", "rating", "review", "cover_address")


@dataclass(frozen=True, slots=True)
class AlbumRecord:
    """One album.

    Attributes:
        page: What was read, with moods, themes and review of the answers beside it put in.
        address: Of the page.
        retrieved_at: When the page came, UTC, ISO 8601.
    """

    page: AlbumPage
    address: str
    retrieved_at: str

    @property
    def lacking(self) -> tuple[str, ...]:
        """Fields that neither the page nor the answers beside it had."""
        return tuple(name for name in FIELDS if not getattr(self.page, name))

    @property
    def year(self) -> int | None:
        """Of the release."""
        return int(self.page.date[:4]) if self.page.date else None


def utc_now() -> str:
    """Now in UTC, ISO 8601, to the second."""
    return datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds")


def with_parts(page: AlbumPage, *, review: Review | None, found: MoodsAndThemes | None) -> AlbumPage:
    """The page with what its parts say put in where it says nothing itself."""
    return dataclasses.replace(
        page,
        review=page.review or review,
        moods=page.moods or (found.moods if found else ()),
        themes=page.themes or (found.themes if found else ()),
    )


def to_json(part: AlbumPage | MoodsAndThemes | Review) -> str:
    """For the journal."""
    return json.dumps(dataclasses.asdict(part), ensure_ascii=False)


def page_from_json(text: str) -> AlbumPage:
    """What `to_json` wrote of a page."""
    row = json.loads(text)
    lists = {name: tuple(row[name]) for name in ("genres", "styles")}
    review = Review(**row["review"]) if row["review"] else None
    return AlbumPage(**{**row, **lists, **_weighted_lists(row), "review": review})


def moods_from_json(text: str) -> MoodsAndThemes:
    """What `to_json` wrote of moods and themes."""
    return MoodsAndThemes(**_weighted_lists(json.loads(text)))


def review_from_json(text: str) -> Review:
    """What `to_json` wrote of a review."""
    return Review(**json.loads(text))


def _weighted_lists(row: dict[str, Any]) -> dict[str, tuple[Weighted, ...]]:
    return {name: tuple(Weighted(**item) for item in row[name]) for name in ("moods", "themes")}
