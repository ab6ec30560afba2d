"""Bytes to a tree of elements, whatever charset they claim and however broken they are; and small questions to it."""

from __future__ import annotations

import codecs
import itertools
import json
import re
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
_SKIPPED_ANCESTORS = ("nav", "footer")


class PageError(Exception):
    """A page that cannot be read as what it should be."""


def read_html(data: bytes, *, content_type: str = "") -> lxml.html.HtmlElement:
    """The tree of a page or of a part of one.

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
    return tree


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


def sections(tree: lxml.html.HtmlElement, *names: str) -> Iterator[lxml.html.HtmlElement]:
    """Elements whose id or one of whose classes is among `names`, hyphens and case set aside; not in menus."""
    named = (element for element in tree.iter() if not names_of(element).isdisjoint(names))
    for element in itertools.islice(named, _MOST_CANDIDATES):
        if not is_in_menu(element):
            yield element


def names_of(element: lxml.html.HtmlElement) -> frozenset[str]:
    """An element's id and classes in lower case, without hyphens and underscores."""
    own = f"{element.get('id') or ''} {element.get('class') or ''}"
    return frozenset(own.replace("-", "").replace("_", "").lower().split()) if own != " " else frozenset()


def labelled(tree: lxml.html.HtmlElement, *labels: str) -> Iterator[lxml.html.HtmlElement]:
    """What stands around headings of these texts (lower case), such as the `div` with `<h4>Genre</h4>` in it."""
    headings = (h for h in tree.iter("h2", "h3", "h4", "h5", "dt") if text_of(h).lower().rstrip(":") in labels)
    for heading in itertools.islice(headings, _MOST_CANDIDATES):
        parent = heading.getparent()
        if parent is not None and parent.tag not in ("body", "html") and not is_in_menu(heading):
            yield parent


def is_in_menu(element: lxml.html.HtmlElement) -> bool:
    """Whether an element belongs to the site rather than to the page."""
    return next(element.iterancestors(*_SKIPPED_ANCESTORS), None) is not None


def microdata(tree: lxml.html.HtmlElement, name: str, *, of: str = "") -> lxml.html.HtmlElement | None:
    """The first element with this `itemprop` that belongs to the album itself, or to its property `of`."""
    named = (element for element in tree.iter() if name in (element.get("itemprop") or "").split())
    return next((e for e in itertools.islice(named, _MOST_CANDIDATES) if _owner(e) == of), None)


def _owner(element: lxml.html.HtmlElement) -> str:
    """The property that the item an element belongs to is; empty for the page's own item."""
    for ancestor in element.iterancestors():
        if ancestor.get("itemscope") is not None:
            return ancestor.get("itemprop") or ""
    return ""


def open_graph(tree: lxml.html.HtmlElement, name: str) -> str:
    """The content of `<meta property="og:NAME">`; empty where there is none."""
    for meta in tree.iter("meta"):
        if (meta.get("property") or meta.get("name") or "").lower() == f"og:{name}":
            return " ".join((meta.get("content") or "").split())
    return ""


def album_data(tree: lxml.html.HtmlElement) -> dict[str, Any]:
    """The JSON-LD that says it is of a MusicAlbum; empty where there is none that can be read."""
    for script in tree.iter("script"):
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
