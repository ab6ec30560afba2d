"""A site of planted albums on this machine, with pages of both generations that the crawler reads: to try it offline.

    python benchmarks/planted_site.py --albums 2000 --port 8700
    albumnet crawl allmusic --start http://127.0.0.1:8700/sitemap.xml --out SET --i-may-crawl --delay 0

Nothing of it is copied from anywhere: albums, texts and covers are made up, and the pages only have the hooks that the
crawler looks for. Every second album is of the newer generation; every tenth has no official review.
"""

from __future__ import annotations

import argparse
import gzip
import html
import json
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import numpy as np

from albumnet.planted import PlantedWorld, draw_cover, draw_world
from albumnet.records import Album

ALBUMS_PER_SITEMAP = 5_000
ALBUMS_PER_LISTING = 20
_NOT_REVIEWED_EVERY = 10


@dataclass
class Answer:
    """Status, body and headers."""

    status: int = 200
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)
    before_body: Callable[[], None] | None = None


class PlantedSite:
    """Answers as the site would.

    Args:
        world: Its albums.
        cover_address: Where covers are, up to the number of the album; the site itself where empty.
        n_drawn: Covers that are drawn; further albums get one of them with some bytes of their own at its end.
    """

    def __init__(self, world: PlantedWorld, *, cover_address: str = "/covers/", n_drawn: int = 10**9) -> None:
        self.world, self.cover_address, self.n_drawn = world, cover_address, n_drawn
        self.robots = "User-agent: *\nDisallow: /search\n"
        self.address = ""
        self._drawn: dict[int, bytes] = {}

    @property
    def n_albums(self) -> int:
        """How many albums there are."""
        return len(self.world.albums)

    def is_reviewed(self, n: int) -> bool:
        """Whether album n has an official review."""
        return n % _NOT_REVIEWED_EVERY != _NOT_REVIEWED_EVERY - 1

    def is_newer(self, n: int) -> bool:
        """Whether album n has a page of the newer generation."""
        return n % 2 == 1

    def album_path(self, n: int) -> str:
        """Where the page of album n is."""
        return f"/album/{_slug(self.world.albums[n].title)}-{album_id(n)}"

    def answer(self, path: str) -> Answer:
        """What the site says to a GET."""
        path = path.partition("?")[0]
        if path == "/robots.txt":
            return Answer(body=self.robots.encode(), headers={"Content-Type": "text/plain"})
        if path == "/sitemap.xml":
            return _xml(_sitemap_index(self))
        if path.startswith("/sitemap-"):
            return _gzip(_sitemap(self, int(path[9:].partition(".")[0])))
        if path.startswith("/newreleases"):
            return _page(_listing(self, int(path.removeprefix("/newreleases").strip("/") or 1)))
        if path.startswith("/covers/"):
            return Answer(body=self._cover(int(path[8:].partition(".")[0])), headers={"Content-Type": "image/jpeg"})
        if path.startswith("/album/"):
            return self._album(path)
        return Answer(404, b"nothing here")

    def _album(self, path: str) -> Answer:
        parts = path.split("/")
        n = int(parts[2][-10:])
        album = self.world.albums[n]
        if len(parts) == 3:
            write = write_newer_page if self.is_newer(n) else write_older_page
            return _page(write(album, n=n, site=self))
        if parts[3] == "reviewAjax":
            return _page(write_review(album) if self.is_reviewed(n) else "")
        return _page(write_moods(album)) if parts[3] == "moodsThemesAjax" else Answer(404)

    def _cover(self, n: int) -> bytes:
        drawn = n % self.n_drawn
        if drawn not in self._drawn:
            cover = draw_cover(self.world, drawn)
            if self.n_drawn >= self.n_albums:
                return cover
            self._drawn[drawn] = cover
        # Decoders stop at the end of the picture; what follows makes the file another one.
        return self._drawn[drawn] + n.to_bytes(8, "big")


def album_id(n: int) -> str:
    """The id of album n."""
    return f"mw{n:010d}"


def write_older_page(album: Album, *, n: int, site: PlantedSite) -> str:
    """A page that has everything: microdata and classes."""
    moods = "".join(f'<span class="mood"><a href="/mood/{_slug(m)}-xa{i:010d}">{_e(m)}</a></span>\n'
                    for i, m in enumerate(album.moods))  # fmt: skip
    genres = "".join(f'<a href="/genre/{_slug(g)}-ma{i:010d}">{_e(g)}</a>' for i, g in enumerate(album.genres))
    review = (
        '<section class="review read-more" itemprop="review" itemscope itemtype="http://schema.org/Review">'
        f'<h3 class="review-author">Review by <span itemprop="author">{_AUTHOR}</span></h3>'
        f'<div class="text" itemprop="reviewBody"><p>{_e(_review(album))}</p></div></section>'
    )
    return f"""<!DOCTYPE html><html><head><meta charset="utf-8"><title>{_e(album.title)}</title>
<link rel="canonical" href="{site.address}{site.album_path(n)}"></head>
<body itemscope itemtype="http://schema.org/MusicAlbum"><nav>{_MENU}</nav>
<h2 class="album-artist" itemprop="byArtist" itemscope><span itemprop="name">
<a href="/artist/{_slug(album.artist)}-mn{n:010d}">{_e(album.artist)}</a></span></h2>
<h1 class="album-title" itemprop="name">{_e(album.title)}</h1>
<div class="sidebar"><div class="album-cover"><img src="{site.cover_address}{n}.jpg" itemprop="image"></div>
<div class="release-date"><h4>Release Date</h4><span>{f"May 4, {album.year}" if album.year else ""}</span></div>
<div class="genre"><h4>Genre</h4><div>{genres}</div></div>
<div class="styles"><h4>Styles</h4><a href="/style/planted-ma0000009999">Planted</a></div>
<section class="moods"><h3>Album Moods</h3>{moods}</section>
<section class="themes"><span class="theme"><a href="/theme/rain-ma0000008888">Rain</a></span></section></div>
<div class="allmusic-rating rating-allmusic-{1 + n % 9}">{1 + n % 9}</div>
{review if site.is_reviewed(n) else ""}<section class="user-reviews"><p>Listeners say what they like.</p></section>
<footer>{_MENU}</footer></body></html>"""


def write_newer_page(album: Album, *, n: int, site: PlantedSite) -> str:
    """A page of ids, JSON-LD and Open Graph; moods, themes and the review come in answers of their own."""
    genres = "".join(f'<a href="/genre/{_slug(g)}-ma{i:010d}">{_e(g)}</a>' for i, g in enumerate(album.genres))
    known = {"@context": "http://schema.org", "@type": "MusicAlbum", "name": album.title,
             "byArtist": [{"@type": "MusicGroup", "name": album.artist}]}  # fmt: skip
    return f"""<!DOCTYPE html><html><head><meta charset="utf-8"><title>{_e(album.title)}</title>
<meta property="og:url" content="{site.address}{site.album_path(n)}">
<meta property="og:image" content="{site.cover_address}{n}.jpg">
<script type="application/ld+json">{json.dumps(known).replace("</", "<" + chr(92) + "/")}</script></head>
<body><nav>{_MENU}</nav><div id="albumHeadline"><h1 id="albumTitle">{_e(album.title)}</h1>
<h2 id="albumArtists"><a href="/artist/{_slug(album.artist)}-mn{n:010d}">{_e(album.artist)}</a></h2></div>
<div id="basicInfoMeta"><div id="releaseDate"><h4>Release Date</h4><span>{album.year or ""}</span></div>
<div class="genre"><h4>Genre</h4><div>{genres}</div></div>
<div class="styles"><h4>Styles</h4><div><a href="/style/planted-ma0000009999">Planted</a></div></div></div>
<div class="allmusicRating ratingAllmusic{1 + n % 9}"></div>
<ul class="tabs"><li id="reviewTab">Review</li><li id="moodsThemesTab">Moods</li></ul>
<footer>{_MENU}</footer></body></html>"""


def write_review(album: Album) -> str:
    """The answer of `reviewAjax`."""
    return f'<div id="review"><h3>{_e(album.title)} Review by {_AUTHOR}</h3><p>{_e(_review(album))}</p></div>'


def write_moods(album: Album) -> str:
    """The answer of `moodsThemesAjax`, with weights."""
    moods = "".join(f'<div><a href="/mood/{_slug(m)}-xa{i:010d}" title="{_e(m)}">{_e(m)} ({10 - i})</a></div>'
                    for i, m in enumerate(album.moods))  # fmt: skip
    themes = '<a href="/theme/rain-ma0000008888">Rain (3)</a>'
    return f'<div id="moodsThemes"><div id="moodsGrid">{moods}</div><div id="themesGrid">{themes}</div></div>'


@contextmanager
def serving(answer: Callable[[str], Answer], *, port: int = 0) -> Iterator[Served]:
    """Serve on loopback until the block ends."""
    served = Served()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        wbufsize = 1 << 16  # one packet an answer

        def do_GET(self) -> None:  # its name in the standard library
            served.hear(self.path, dict(self.headers) if served.keeps_headers else None)
            said = answer(self.path)
            self.send_response(said.status)
            for name, value in {"Content-Length": str(len(said.body)), **said.headers}.items():
                self.send_header(name, value)
            self.end_headers()
            if said.before_body:
                self.wfile.flush()
                said.before_body()
            self.wfile.write(said.body)

        def log_message(self, *_: object) -> None:
            pass

    class Server(ThreadingHTTPServer):
        daemon_threads = True

        def handle_error(self, *_: object) -> None:
            """Crawlers that are killed hang up in the middle."""

    with Server(("127.0.0.1", port), Handler) as server:
        served.address = f"http://127.0.0.1:{server.server_port}"
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
        thread.start()
        try:
            yield served
        finally:
            server.shutdown()
            thread.join()


class Served:
    """What a server was asked.

    Attributes:
        address: Of the server, without a slash at its end.
        asked: Path -> how often.
        headers: Of the requests for each path, where they are kept.
    """

    def __init__(self) -> None:
        self.address = ""
        self.asked: Counter[str] = Counter()
        self.headers: dict[str, list[dict[str, str]]] = {}
        self.keeps_headers = False
        self._lock = threading.Lock()

    def hear(self, path: str, headers: dict[str, str] | None) -> None:
        """A request has come."""
        with self._lock:
            self.asked[path] += 1
            if headers is not None:
                self.headers.setdefault(path, []).append(headers)


_AUTHOR = "Planted Pen"
_MENU = '<div class="genre"><a href="/genre/none-ma0000000000">A genre of the menu</a></div>'


def _review(album: Album) -> str:
    return f"{album.title} was never recorded, and nobody has heard it; this review of it was planted with its cover."


def _sitemap_index(site: PlantedSite) -> str:
    n_files = -(-site.n_albums // ALBUMS_PER_SITEMAP)
    rows = "".join(f"<sitemap><loc>{site.address}/sitemap-{k}.xml.gz</loc></sitemap>" for k in range(n_files))
    return f'<sitemapindex xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">{rows}</sitemapindex>'


def _sitemap(site: PlantedSite, k: int) -> str:
    numbers = range(k * ALBUMS_PER_SITEMAP, min((k + 1) * ALBUMS_PER_SITEMAP, site.n_albums))
    rows = "".join(f"<url><loc>{site.address}{site.album_path(n)}</loc></url>" for n in numbers)
    return f'<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">{rows}</urlset>'


def _listing(site: PlantedSite, page: int) -> str:
    numbers = range((page - 1) * ALBUMS_PER_LISTING, min(page * ALBUMS_PER_LISTING, site.n_albums))
    albums = "".join(f'<li><a href="{site.album_path(n)}">{_e(site.world.albums[n].title)}</a></li>' for n in numbers)
    is_last = page * ALBUMS_PER_LISTING >= site.n_albums
    further = "" if is_last else f'<a rel="next" href="/newreleases/{page + 1}">Next</a>'
    return f"<html><body><nav>{_MENU}</nav><ul>{albums}</ul>{further}</body></html>"


def _page(text: str) -> Answer:
    return Answer(body=text.encode(), headers={"Content-Type": "text/html; charset=utf-8"})


def _xml(text: str) -> Answer:
    return Answer(body=f'<?xml version="1.0" encoding="UTF-8"?>{text}'.encode(), headers={"Content-Type": "text/xml"})


def _gzip(text: str) -> Answer:
    return Answer(body=gzip.compress(text.encode(), 1), headers={"Content-Type": "application/gzip"})


def _slug(text: str) -> str:
    return "".join(c if c.isascii() and c.isalnum() else "-" for c in text.lower()).strip("-") or "x"


def _e(text: str) -> str:
    return html.escape(text)


def main() -> None:
    """Serve until Ctrl-C."""
    parser = argparse.ArgumentParser(description="A site of planted albums, to try the crawler on.")
    parser.add_argument("--albums", type=int, default=2_000)
    parser.add_argument("--cover-size", type=int, default=256)
    parser.add_argument("--drawn", type=int, default=10**9, help="Covers to draw; the others are made of these.")
    parser.add_argument("--port", type=int, default=8700)
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args()
    world = draw_world(n_albums=given.albums, rng=np.random.default_rng(given.seed), cover_size=given.cover_size)
    site = PlantedSite(world, n_drawn=given.drawn)
    with serving(site.answer, port=given.port) as served:
        site.address = served.address
        print(f"{served.address}/sitemap.xml and /newreleases: {given.albums:,} albums; Ctrl-C ends it", flush=True)
        try:
            threading.Event().wait()
        except KeyboardInterrupt:
            print("over")


if __name__ == "__main__":
    main()
