"""Moods, themes and the review: on the page itself in older pages, answers of their own (`…Ajax`) in newer ones."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

import lxml.html

from albumnet.sources.allmusic.pages.html import Page, names_of, read_html, text_of

_WEIGHT = re.compile(r"\s*\((\d{1,6}(?:\.\d{1,6})?)\)$")
_BY = re.compile(r"\breview\s+by\s+(.{1,200})$", re.IGNORECASE)
_TEXT = frozenset(("text", "reviewbody"))
# Listeners' reviews are no official ones.
_OF_LISTENERS = ("userreview", "userreviews", "userreviewslisting")


@dataclass(frozen=True, slots=True)
class Weighted:
    """A mood or theme, and how strongly the site says it holds; None where it does not say."""

    name: str
    weight: float | None = None


@dataclass(frozen=True, slots=True)
class MoodsAndThemes:
    """Strongest first: by weight where all have one, else in the page's own order."""

    moods: tuple[Weighted, ...] = ()
    themes: tuple[Weighted, ...] = ()


@dataclass(frozen=True, slots=True)
class Review:
    """An official review.

    Attributes:
        text: Paragraphs, with an empty line between them.
        author: As printed; empty where the page does not say.
    """

    text: str
    author: str = ""


def parse_moods_themes(data: bytes, *, content_type: str = "") -> MoodsAndThemes:
    """The answer of `…/moodsThemesAjax`; empty where the album has none.

    Raises:
        PageError: If there is nothing in it, or too much.
    """
    return find_moods_themes(read_html(data, content_type=content_type))


def parse_review(data: bytes, *, content_type: str = "") -> Review | None:
    """The answer of `…/reviewAjax`; None where there is no review in it.

    Raises:
        PageError: If there is too much in it.
    """
    if not data.strip():
        return None
    page = read_html(data, content_type=content_type)
    return find_review(page) or _review_in(page.tree)


def find_moods_themes(page: Page) -> MoodsAndThemes:
    """Moods and themes wherever they stand on a page."""
    return MoodsAndThemes(
        moods=_weighted(page, kind="mood", names=("moodsgrid", "moods"), labels=("moods", "album moods")),
        themes=_weighted(page, kind="theme", names=("themesgrid", "themes"), labels=("themes", "album themes")),
    )


def find_review(page: Page) -> Review | None:
    """The official review on a page, or None."""
    for body in (page.microdata("reviewBody", of="review"), page.microdata("reviewBody")):
        if body is None or _is_by_listener(body):
            continue
        around = next((above for above in body.iterancestors() if above.get("itemprop") == "review"), body)
        if review := _review_in(body, heading_in=around):
            return review
    for section in page.sections("review", "albumreview"):
        if not _is_by_listener(section) and (review := _review_in(section)):
            return review
    return None


def _weighted(page: Page, *, kind: str, names: tuple[str, ...], labels: tuple[str, ...]) -> tuple[Weighted, ...]:
    for find in (page.sections(*names), page.labelled(*labels)):
        for section in find:
            if found := _unique(_items(section, kind)):
                return found
    return ()


def _items(section: lxml.html.HtmlElement, kind: str) -> Iterator[Weighted]:
    anchors = [link for link in section.iter("a") if f"/{kind}/" in (link.get("href") or "")]
    spans = [span for span in section.iter("span", "li") if kind in (span.get("class") or "").split()]
    for element in anchors or spans:
        text = text_of(element)
        weight = _WEIGHT.search(text)
        name = text[: weight.start()] if weight else text
        if name := name or " ".join((element.get("title") or "").split()):
            yield Weighted(name, float(weight.group(1)) if weight else None)


def _unique(found: Iterator[Weighted]) -> tuple[Weighted, ...]:
    first_of: dict[str, Weighted] = {}
    for item in found:
        first_of.setdefault(item.name.casefold(), item)
    items = list(first_of.values())
    if all(item.weight is not None for item in items):
        items.sort(key=lambda item: -(item.weight or 0.0))
    return tuple(items)


def _review_in(element: lxml.html.HtmlElement, *, heading_in: lxml.html.HtmlElement | None = None) -> Review | None:
    body = next((e for e in element.iter("div", "p", "section") if names_of(e) & _TEXT), element)
    paragraphs = [text for p in body.iter("p") if (text := text_of(p)) and not _is_by_listener(p)]
    headings = [text_of(h) for h in (heading_in if heading_in is not None else element).iter("h2", "h3", "h4", "h5")]
    if not paragraphs and (body is not element or body.get("itemprop") == "reviewBody"):
        paragraphs = [text for text in [text_of(body)] if text]
    if not paragraphs:
        return None
    by = next((found.group(1) for text in headings if (found := _BY.search(text))), "")
    return Review("\n\n".join(paragraphs), by)


def _is_by_listener(element: lxml.html.HtmlElement) -> bool:
    return any(not names_of(around).isdisjoint(_OF_LISTENERS) for around in (element, *element.iterancestors()))
