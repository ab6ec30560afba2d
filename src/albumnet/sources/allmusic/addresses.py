"""Addresses: which album they are of, whose site they lie on, and how one is told from another.

The ids in addresses (`mw0001888339` for albums, `ma…` for genres, styles and themes, `xa…` for moods, `mn…` for
artists) have outlived every change of the pages around them.
"""

from __future__ import annotations

import re
from urllib.parse import SplitResult, urljoin, urlsplit, urlunsplit

# The whole slug is optional: /album/mw0001888339 is the same album.
_ALBUM = re.compile(r"(/album/(?:[^/?#]*-)?(mw\d{6,12}))(?:[/?#]|$)", re.IGNORECASE)
_PAGE_NUMBER = re.compile(r"/\d{1,4}$")
_PAGE_PARAMETER = re.compile(r"(^|&)page=\d{1,6}(?=&|$)")
_WEB = ("http", "https")
MAX_LENGTH = 2_000


def album_id_of(address: str) -> str | None:
    """The album that an address is of, be it its page or a part of it; None where it is of none."""
    found = _ALBUM.search(address[:MAX_LENGTH])
    return found.group(2).lower() if found else None


def album_address(address: str) -> str:
    """The address of an album's own page, given that of the page or of a part of it."""
    parts = split(address)
    found = _ALBUM.search(parts.path) if parts else None
    if parts is None or found is None:
        raise ValueError(f"{address} is of no album")
    return urlunsplit((parts.scheme, parts.netloc, parts.path[: found.end(1)], "", ""))


def split(address: str) -> SplitResult | None:
    """The parts of a web address; None where it is none."""
    if len(address) > MAX_LENGTH:
        return None
    try:
        parts = urlsplit(address)
        _ = parts.port  # a port that is no number raises only when it is asked for
    except ValueError:
        return None
    return parts if parts.scheme in _WEB and parts.hostname else None


def site_of(address: str) -> str:
    """Host and port, as far as the port is stated; empty where the address is no web address."""
    parts = split(address)
    return parts.netloc.rpartition("@")[2].lower() if parts else ""


def absolute(link: str | None, *, base: str) -> str | None:
    """Where a link on the page at `base` leads, without its fragment; None where it leads to no web address."""
    if not link or len(link) > MAX_LENGTH:
        return None
    try:
        address = urljoin(base, link.strip())
    except ValueError:
        return None
    parts = split(address)
    return urlunsplit(parts._replace(fragment="")) if parts else None


def is_page_of_same_listing(address: str, other: str) -> bool:
    """Whether two addresses differ in nothing but the number of the page: `…/albums` and `…/albums/2`, or `?page=2`."""
    return address != other and _without_page(address) == _without_page(other)


def _without_page(address: str) -> tuple[str, str, str]:
    parts = split(address)
    if parts is None:
        return ("", address, "")
    query = _PAGE_PARAMETER.sub("", parts.query).strip("&")
    return (parts.netloc.lower(), _PAGE_NUMBER.sub("", parts.path.rstrip("/")), query)
