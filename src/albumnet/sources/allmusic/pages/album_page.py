"""An album's own page, of either generation, to what it says of the album.

Each field is looked for at its steadiest hook first: ids in addresses, microdata, JSON-LD and Open Graph, and only then
ids and classes of elements.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from albumnet.sources.allmusic import addresses
from albumnet.sources.allmusic.pages.dates import read_date
from albumnet.sources.allmusic.pages.fragments import Review, Weighted, find_moods_themes, find_review
from albumnet.sources.allmusic.pages.html import (
    Page,
    PageError,
    album_data,
    is_in_menu,
    open_graph,
    read_html,
    spaced_text_of,
    text_of,
)

_RATING_CLASS = re.compile(r"rating-?allmusic-?(\d{1,2})(?!\d)", re.IGNORECASE)
_SITE_NAME = re.compile(r"\s*[|–-]\s*AllMusic\s*$", re.IGNORECASE)
_NO_COVER = re.compile(r"no[-_]?image|placeholder|default[-_.]|/logo|[-_]logo", re.IGNORECASE)
_HEADINGS_OF_BOTH = ("albumtitle", "albumartist", "albumartists", "albumheadline", "basicinfometa")


@dataclass(frozen=True, slots=True)
class AlbumPage:
    """What an album's page says; empty or None where it says nothing.

    Attributes:
        album_id: Such as `mw0001888339`, in lower case.
        artist: Several joined by " / ".
        title: As printed.
        date: ISO 8601 as far as it is known: `1997-05-21`, `1997-05` or `1997`.
        genres: In the page's order.
        styles: In the page's order.
        moods: Strongest first.
        themes: Strongest first.
        rating: The site's own, 1 to 10 (9 is five stars on pages that count half stars from one).
        review: The official one.
        cover_address: Of the picture, absolute.
        has_parts: Whether moods, themes and review come in answers of their own (the newer generation).
    """

    album_id: str
    artist: str = ""
    title: str = ""
    date: str | None = None
    genres: tuple[str, ...] = ()
    styles: tuple[str, ...] = ()
    moods: tuple[Weighted, ...] = ()
    themes: tuple[Weighted, ...] = ()
    rating: float | None = None
    review: Review | None = None
    cover_address: str | None = None
    has_parts: bool = False


def parse_album_page(data: bytes, *, address: str, content_type: str = "") -> AlbumPage:
    """Read an album's page.

    Args:
        data: Its bytes.
        address: Where it was, to resolve links and, if the page itself names no album, to know its id.
        content_type: The header, for its charset.

    Raises:
        PageError: If it is no page of an album: no id, or neither title nor artist.
    """
    read = read_html(data, content_type=content_type)
    known = album_data(read)
    album_id = _album_id(read, address)
    artist, title = _artist(read, known), _title(read, known)
    if not artist and not title:
        raise PageError("has neither title nor artist, so it is no page of an album")
    found = find_moods_themes(read)
    review = find_review(read)
    return AlbumPage(
        album_id=album_id,
        artist=artist,
        title=title,
        date=_date(read, known),
        genres=_linked_names(read, kind="genre", names=("genre", "genres"), labels=("genre", "genres")),
        styles=_linked_names(read, kind="style", names=("style", "styles"), labels=("style", "styles")),
        moods=found.moods,
        themes=found.themes,
        rating=_rating(read),
        review=review,
        cover_address=_cover_address(read, known, address),
        has_parts=review is None and not _is_older(read),
    )


def _album_id(page: Page, address: str) -> str:
    canonical = (link.get("href") for link in page.tree.iter("link") if (link.get("rel") or "").lower() == "canonical")
    for candidate in (*canonical, open_graph(page, "url"), address):
        if candidate and (album_id := addresses.album_id_of(candidate)):
            return album_id
    raise PageError("names no album: no id such as mw0001888339 in its own address")


def _title(page: Page, known: dict[str, Any]) -> str:
    element = page.microdata("name")
    if element is not None and element.tag in ("h1", "h2", "h3") and (title := text_of(element)):
        return title
    if title := _text(known.get("name")):
        return title
    for section in page.sections("albumtitle", "albumname"):
        if title := text_of(section):
            return title
    return _SITE_NAME.sub("", open_graph(page, "title"))


def _artist(page: Page, known: dict[str, Any]) -> str:
    element = page.microdata("byArtist")
    for section in (*([element] if element is not None else []), *page.sections("albumartist", "albumartists")):
        links = [text for a in section.iter("a") if "/artist/" in (a.get("href") or "") and (text := text_of(a))]
        if artist := " / ".join(dict.fromkeys(links)) or text_of(section):
            return artist
    by = known.get("byArtist")
    names = [_text(item.get("name")) for item in (by if isinstance(by, list) else [by]) if isinstance(item, dict)]
    return " / ".join(dict.fromkeys(name for name in names if name))


def _date(page: Page, known: dict[str, Any]) -> str | None:
    element = page.microdata("datePublished")
    if element is not None and (date := read_date(element.get("content") or text_of(element))):
        return date
    if date := read_date(_text(known.get("datePublished"))):
        return date
    for find in (page.sections("releasedate"), page.labelled("release date")):
        for section in find:
            if date := read_date(spaced_text_of(section)):
                return date
    return None


def _linked_names(page: Page, *, kind: str, names: tuple[str, ...], labels: tuple[str, ...]) -> tuple[str, ...]:
    element = page.microdata(kind)
    for find in ([element] if element is not None else [], page.sections(*names), page.labelled(*labels)):
        for section in find:
            links = [text_of(link) for link in section.iter("a") if f"/{kind}/" in (link.get("href") or "")]
            if found := tuple(dict.fromkeys(text for text in links if text)):
                return found
    return ()


def _rating(page: Page) -> float | None:
    """Only the site's own rating: what listeners gave is of another property (`aggregateRating`)."""
    for element in page.tree.iter("div", "span", "li"):
        found = _RATING_CLASS.search(element.get("class") or "")
        if found and not is_in_menu(element):
            return _in_range(found.group(1))
    element = page.microdata("ratingValue")
    if element is None:
        element = page.microdata("ratingValue", of="reviewRating")
    return _in_range(element.get("content") or text_of(element)) if element is not None else None


def _in_range(text: str) -> float | None:
    try:
        rating = float(text[:10])
    except ValueError:
        return None
    # A class of zero stands for "not rated".
    return rating if 0 < rating <= 10 else None


def _cover_address(page: Page, known: dict[str, Any], address: str) -> str | None:
    image = page.microdata("image")
    candidates = [image] if image is not None else []
    for section in page.sections("albumcover", "albumcontain", "posterimage"):
        candidates += [section] if section.tag == "img" else section.iter("img")
    links = [known.get("image"), open_graph(page, "image")]
    for element in candidates:
        links += [element.get(name) for name in ("content", "data-original", "data-src", "src")]
    for link in links:
        found = addresses.absolute(_text(link), base=address)
        if found and not _NO_COVER.search(found):
            return found
    return None


def _is_older(page: Page) -> bool:
    """Older pages carry everything themselves; their headings have classes where newer ones have ids.

    In doubt a page is a newer one: asking for a review that is not there costs a request, not asking loses the album.
    """
    headings = list(page.sections(*_HEADINGS_OF_BOTH))
    return not any(heading.get("id") for heading in headings) and bool(headings)


def _text(value: object) -> str:
    return " ".join(value.split()) if isinstance(value, str) else ""
