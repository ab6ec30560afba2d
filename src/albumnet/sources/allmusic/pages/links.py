"""Where albums are found: sitemaps (plain, compressed, of sitemaps) and listing pages."""

from __future__ import annotations

import gzip
import io
import zlib
from collections.abc import Iterable
from dataclasses import dataclass

from lxml import etree

from albumnet.sources.allmusic import addresses
from albumnet.sources.allmusic.pages.html import PageError, read_html

# The protocol's own limit: https://www.sitemaps.org/protocol.html
MAX_SITEMAP_BYTES = 50 * 1024 * 1024
_GZIP = b"\x1f\x8b"


@dataclass(frozen=True, slots=True)
class Links:
    """What a sitemap or listing leads to, on its own site and each once, in its own order.

    Attributes:
        albums: Addresses of albums' own pages.
        pages: Further sitemaps, or further pages of the same listing.
    """

    albums: tuple[str, ...] = ()
    pages: tuple[str, ...] = ()


def find_links(data: bytes, *, address: str, content_type: str = "") -> Links:
    """The albums that a sitemap or a listing names, and where more of them are.

    Args:
        data: A sitemap, an index of sitemaps, either of them gzipped, or a page in HTML.
        address: Where it was.
        content_type: The header, for its charset.

    Raises:
        PageError: If it is none of these, or too large once unpacked.
    """
    if data.startswith(_GZIP):
        data = _unpack(data)
    if data[:500].lstrip(b"\xef\xbb\xbf \t\r\n").startswith((b"<?xml", b"<urlset", b"<sitemapindex")):
        return _in_sitemap(data, address=address)
    page = read_html(data, content_type=content_type)
    links = [link for link in page.tree.iter("a", "link") if link.get("href")]
    hrefs = [addresses.absolute(link.get("href"), base=address) for link in links]
    is_next = ["next" in (link.get("rel") or "").lower().split() for link in links]
    found = [(href, further) for href, further in zip(hrefs, is_next, strict=True) if href]
    return Links(
        albums=_albums((href for href, _ in found), address),
        pages=_own(
            (
                href
                for href, further in found
                if addresses.album_id_of(href) is None and (further or addresses.is_page_of_same_listing(address, href))
            ),
            address,
        ),
    )


def _in_sitemap(data: bytes, *, address: str) -> Links:
    if len(data) > MAX_SITEMAP_BYTES:
        raise PageError(f"has {len(data):,} bytes; a sitemap has at most {MAX_SITEMAP_BYTES:,}")
    named: list[str] = []
    inner: list[str] = []
    try:
        # No entities: a few lines of them can stand for gigabytes.
        reading = etree.iterparse(io.BytesIO(data), recover=True, resolve_entities=False, no_network=True)
        for _, element in reading:
            kind = etree.QName(element).localname if isinstance(element.tag, str) else ""
            if kind == "loc" and element.text and (parent := element.getparent()) is not None:
                is_inner = etree.QName(parent).localname == "sitemap"
                (inner if is_inner else named).append(element.text.strip())
            if kind in ("url", "sitemap"):
                _forget(element)
    except (etree.LxmlError, ValueError) as error:
        raise PageError(f"cannot be read as a sitemap ({' '.join(str(error).split())[:200]})") from error
    if reading.root is None:
        raise PageError("cannot be read as a sitemap (it has no elements)")
    absolute = (found for link in named if (found := addresses.absolute(link, base=address)))
    pages = (found for link in inner if (found := addresses.absolute(link, base=address)))
    return Links(albums=_albums(absolute, address), pages=_own(pages, address))


def _forget(element: etree._Element) -> None:
    """Free what was read, so that a sitemap of 50,000 addresses is no tree of 100,000 elements."""
    element.clear()
    parent = element.getparent()
    while parent is not None and (previous := element.getprevious()) is not None:
        parent.remove(previous)


def _unpack(data: bytes) -> bytes:
    try:
        with gzip.GzipFile(fileobj=io.BytesIO(data)) as file:
            unpacked = file.read(MAX_SITEMAP_BYTES + 1)
    except (OSError, EOFError, zlib.error) as error:
        raise PageError(f"is broken gzip ({error})") from error
    if len(unpacked) > MAX_SITEMAP_BYTES:
        raise PageError(f"unpacks to more than {MAX_SITEMAP_BYTES:,} bytes")
    return unpacked


def _albums(links: Iterable[str], address: str) -> tuple[str, ...]:
    first_of: dict[str, str] = {}
    for link in links:
        album_id = addresses.album_id_of(link)
        if album_id and addresses.site_of(link) == addresses.site_of(address):
            first_of.setdefault(album_id, link)
    return tuple(addresses.album_address(link) for link in first_of.values())


def _own(links: Iterable[str], address: str) -> tuple[str, ...]:
    site = addresses.site_of(address)
    return tuple(dict.fromkeys(link for link in links if link != address and addresses.site_of(link) == site))
