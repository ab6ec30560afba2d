"""What pages say: pure functions of bytes, for both generations of AllMusic's pages.

Nothing here opens a file or the network. Whatever the bytes are, the answer comes in time proportional to their number,
and the only error raised is `PageError`.
"""

from albumnet.sources.allmusic.pages.album_page import AlbumPage, parse_album_page
from albumnet.sources.allmusic.pages.fragments import MoodsAndThemes, Review, Weighted, parse_moods_themes, parse_review
from albumnet.sources.allmusic.pages.html import PageError
from albumnet.sources.allmusic.pages.links import Links, find_links

__all__ = [
    "AlbumPage",
    "Links",
    "MoodsAndThemes",
    "PageError",
    "Review",
    "Weighted",
    "find_links",
    "parse_album_page",
    "parse_moods_themes",
    "parse_review",
]
