"""Bytes to a tree of elements, whatever charset they claim and however broken they are; and small questions to it."""

from __future__ import annotations

import codecs
import json
import re
from collections import defaultdict
from collections.abc import Iterator
from typing import Any

import lxml.html
from lxml import etree

# Real pages take up to half a megabyte.
MAX_BYTES = 4_000_000
# Of one kind on a page: what comes after so many is no album's, and looking at all would take time that grows faster
# than the page.
_MOST_CANDIDATES = 50
_CHARSET = re.compile(r"charset\s*=\s*[\"']?\s*([A-Za-z0-9_.:-]{1,40})", re.IGNORECASE)
_MENUS = ("nav", "footer")
_HEADINGS = ("h2", "h3", "h4", "h5", "dt")


class PageError(Exception):
    """A page that cannot be read as what it should be."""


class Page:
    """A tree of elements with what is looked for in it: one walk, however many questions.

    Args:
        tree: The page.
    """

    def __init__(self, tree: lxml.html.HtmlElement) -> None:
        self.tree = tree
        self._of_name: dict[str, list[lxml.html.HtmlElement]] = defaultdict(list)
        self._of_property: dict[str, list[lxml.html.HtmlElement]] = defaultdict(list)
        self._labels: dict[str, list[lxml.html.HtmlElement]] = defaultdict(list)
        for element in tree.iter(etree.Element):
            for name in names_of(element):
                _append(self._of_name[name], element)
            if properties := element.get("itemprop"):
                for name in properties.split():
                    _append(self._of_property[name], element)
            if element.tag in _HEADINGS:
                _append(self._labels[text_of(element).lower().rstrip(":")], element)

    def sections(self, *names: str) -> Iterator[lxml.html.HtmlElement]:
        """Elements with such an id or class, as `names_of` has it; not in menus."""
        for name in names:
            yield from (element for element in self._of_name.get(name, ()) if not is_in_menu(element))

    def labelled(self, *labels: str) -> Iterator[lxml.html.HtmlElement]:
        """What stands around headings of these texts (lower case), such as the `div` with `<h4>Genre</h4>` in it."""
        for heading in (heading for label in labels for heading in self._labels.get(label, ())):
            parent = heading.getparent()
            if parent is not None and parent.tag not in ("body", "html") and not is_in_menu(heading):
                yield parent

    def microdata(self, name: str, *, of: str = "") -> lxml.html.HtmlElement | None:
        """The first element with this `itemprop` that belongs to the album itself, or to its property `of`."""
        return next((e for e in self._of_property.get(name, ()) if _owner(e) == of), None)


def _append(found: list[lxml.html.HtmlElement], element: lxml.html.HtmlElement) -> None:
    if len(found) < _MOST_CANDIDATES:
        found.append(element)


def read_html(data: bytes, *, content_type: str = "") -> Page:
    """A page or a part of one.

    The charset is UTF-8 wherever the bytes are valid UTF-8, whatever is claimed: text in another charset that happens
    to be valid UTF-8 is all but impossible. Else it is what the header says, then what the page says, then
    Windows-1252; bytes that it has no character for become U+FFFD.

    Raises:
        PageError: If there is nothing in it, or too much.
    """
    if len(data) > MAX_BYTES:
        raise PageError(f"has {len(data):,} bytes; no page of an album has more than {MAX_BYTES:,}")
    text = decode_text(data, content_type=content_type)
    if not text.strip():
        raise PageError("is empty")
    parser = lxml.html.HTMLParser(encoding="utf-8", remove_comments=True, remove_pis=True)
    try:
        tree = lxml.html.document_fromstring(text.encode(), parser=parser)
    except (etree.LxmlError, ValueError, AssertionError) as error:
        raise PageError(f"cannot be read as HTML ({' '.join(str(error).split())[:200]})") from error
    for line_break in tree.iter("br"):
        line_break.tail = f" {line_break.tail or ''}"
    return Page(tree)


def decode_text(data: bytes, *, content_type: str = "") -> str:
    """Text of the charset found as `read_html` says, without characters that no page has."""
    head = data[:4096].decode("ascii", "replace")
    claimed = [found.group(1) for text in (content_type, head) if (found := _CHARSET.search(text))]
    for charset in ("utf-8-sig", *claimed):
        try:
            # Python's own codecs such as `hex` or `rot13` are no charsets: they give no text, or other text.
            if codecs.lookup(charset)._is_text_encoding:
                return _without_zeros(data.decode(charset))
        except (LookupError, ValueError):
            continue
    return _without_zeros(data.decode("cp1252", "replace"))


def _without_zeros(text: str) -> str:
    # libxml2 takes a zero for the end, and Python's utf-16 or unicode_escape may give lone surrogates.
    return text.replace("\0", "").encode("utf-8", "replace").decode()


def text_of(element: lxml.html.HtmlElement | None) -> str:
    """All text within an element, with single spaces; empty for None."""
    return " ".join(element.text_content().split()) if element is not None else ""


def spaced_text_of(element: lxml.html.HtmlElement) -> str:
    """As `text_of`, but words of neighbouring elements never run together: `<h4>Date</h4><span>1969</span>`."""
    return " ".join(" ".join(element.itertext()).split())


def names_of(element: lxml.html.HtmlElement) -> frozenset[str]:
    """An element's id and classes in lower case, without hyphens and underscores."""
    own_id, own_class = element.get("id"), element.get("class")
    if own_id is None and own_class is None:
        return frozenset()
    return frozenset(f"{own_id or ''} {own_class or ''}".replace("-", "").replace("_", "").lower().split())


def is_in_menu(element: lxml.html.HtmlElement) -> bool:
    """Whether an element belongs to the site rather than to the page."""
    return next(element.iterancestors(*_MENUS), None) is not None


def _owner(element: lxml.html.HtmlElement) -> str:
    """The property that the item an element belongs to is; empty for the page's own item."""
    for ancestor in element.iterancestors():
        if ancestor.get("itemscope") is not None:
            return ancestor.get("itemprop") or ""
    return ""


def open_graph(page: Page, name: str) -> str:
    """The content of `<meta property="og:NAME">`; empty where there is none."""
    for meta in page.tree.iter("meta"):
        if (meta.get("property") or meta.get("name") or "").lower() == f"og:{name}":
            return " ".join((meta.get("content") or "").split())
    return ""


def album_data(page: Page) -> dict[str, Any]:
    """The JSON-LD that says it is of a MusicAlbum; empty where there is none that can be read."""
    for script in page.tree.iter("script"):
        if (script.get("type") or "").strip().lower() != "application/ld+json":
            continue
        try:
            content = json.loads(script.text or "")
        except (ValueError, RecursionError):
            continue
        for item in content if isinstance(content, list) else [content]:
            if isinstance(item, dict) and item.get("@type") == "MusicAlbum":
                return item
    return {}
