"""Covers small enough to be part of the page: each is embedded once, as a style, however often it is shown."""

from __future__ import annotations

import base64
import io
from collections.abc import Callable
from dataclasses import dataclass, field

from PIL import Image

from albumnet.errors import CoverError
from albumnet.records import Album
from albumnet.vision.decoding import decode_cover

# Twice the 32 to 48 CSS pixels they are shown at would be 96; 64 still looks sharp and weighs half as much.
SIDE = 64
QUALITY = 70
# Keeps the file below 3 MB for some 300 moods, however many covers they show.
MAX_TOTAL_BYTES = 2_200_000


@dataclass(frozen=True, slots=True)
class Tile:
    """An album as a small picture, or as initials where there is no picture.

    Attributes:
        label: "artist – title", for those who do not see it.
        style: Name of the style that holds the picture; "" without.
        initials: In the picture's place.
    """

    label: str
    style: str
    initials: str


@dataclass
class Thumbnails:
    """Makes tiles and remembers the pictures that they need.

    Args:
        read_cover: The original bytes of a cover by its sha256; may raise CoverError.
    """

    read_cover: Callable[[str], bytes] | None
    # Cover -> its picture as a data URI, in the order they were met; None where it cannot be shown.
    _uri_of_cover: dict[str, str | None] = field(default_factory=dict)
    _style_of_cover: dict[str, str] = field(default_factory=dict)
    _total_bytes: int = 0

    def tile(self, album: Album) -> Tile:
        """A tile of the album; without a picture if it has no usable cover, or the page has grown too large."""
        if album.cover is not None and album.cover not in self._uri_of_cover:
            uri = self._uri_of_cover[album.cover] = self._embed(album.cover)
            self._style_of_cover[album.cover] = f"c{len(self._uri_of_cover)}" if uri else ""
        return Tile(label_album(album), self._style_of_cover.get(album.cover or "", ""), _initials(album))

    @property
    def n_failed(self) -> int:
        """Covers that were wanted and could not be shown."""
        return sum(uri is None for uri in self._uri_of_cover.values())

    @property
    def styles(self) -> str:
        """CSS: a rule per picture. Our own names and base64 alone, so it is safe to put into a page."""
        return "\n".join(
            f".{self._style_of_cover[cover]}{{background-image:url({uri})}}"
            for cover, uri in self._uri_of_cover.items()
            if uri
        )

    def _embed(self, cover: str) -> str | None:
        if self.read_cover is None or self._total_bytes > MAX_TOTAL_BYTES:
            return None
        try:
            pixels = decode_cover(self.read_cover(cover), size=SIDE)
        except CoverError:
            return None
        file = io.BytesIO()
        Image.fromarray(pixels).save(file, "JPEG", quality=QUALITY, optimize=True)
        uri = f"data:image/jpeg;base64,{base64.b64encode(file.getvalue()).decode()}"
        self._total_bytes += len(uri)
        return uri


def label_album(album: Album) -> str:
    """ "artist – title", or the album's id where neither is known."""
    return " – ".join(part for part in (album.artist, album.title) if part) or album.album_id


def _initials(album: Album) -> str:
    words = (album.artist or album.title or album.album_id).split()
    return "".join(word[0] for word in words[:2]).upper()
