"""Scrapy's HTTP cache in one SQLite file: an answer is on disk before anything is made of it."""

from __future__ import annotations

import json
import sqlite3
import zlib
from typing import TYPE_CHECKING

from scrapy.http import Headers, Response
from scrapy.responsetypes import responsetypes

from albumnet.sources.allmusic.crawling.spider import AlbumSpider
from albumnet.sources.allmusic.journal import Kind
from albumnet.sources.allmusic.options import CACHE_FILE
from albumnet.sources.allmusic.record import utc_now

if TYPE_CHECKING:
    from scrapy import Request, Spider
    from scrapy.settings import BaseSettings

# What stays the same when asked again; 403, 429 and 5xx do not.
_KEPT_STATUSES = (200, 301, 302, 303, 307, 308, 404, 410)


class Policy:
    """Pages are kept for good, except robots.txt, which is asked for anew by each run, and covers, which are files."""

    def __init__(self, settings: BaseSettings) -> None:
        del settings

    def should_cache_request(self, request: Request) -> bool:
        """Whether to look for an answer, and to keep it."""
        task = request.meta.get("task")
        return task is not None and task.kind is not Kind.COVER

    def should_cache_response(self, response: Response, request: Request) -> bool:
        """Whether an answer is worth keeping."""
        del request
        return response.status in _KEPT_STATUSES

    def is_cached_response_fresh(self, cachedresponse: Response, request: Request) -> bool:
        """Always: a crawl asks once."""
        del cachedresponse, request
        return True

    def is_cached_response_valid(self, cachedresponse: Response, response: Response, request: Request) -> bool:
        """Never asked, because all are fresh."""
        del cachedresponse, response, request
        return True


class PageCache:
    """Answers by address."""

    def __init__(self, settings: BaseSettings) -> None:
        del settings

    def open_spider(self, spider: Spider) -> None:
        """Open the file in the crawl's folder."""
        assert isinstance(spider, AlbumSpider)
        self._db = sqlite3.connect(spider.options.folder / CACHE_FILE, isolation_level=None)
        self._db.execute("PRAGMA locking_mode = EXCLUSIVE")
        self._db.execute("PRAGMA journal_mode = WAL")
        self._db.execute("PRAGMA synchronous = NORMAL")
        self._db.execute(
            "CREATE TABLE IF NOT EXISTS pages (address TEXT PRIMARY KEY, status INTEGER NOT NULL, "
            "headers TEXT NOT NULL, body BLOB NOT NULL, retrieved_at TEXT NOT NULL)"
        )

    def close_spider(self, spider: Spider) -> None:
        """Close it."""
        del spider
        self._db.close()

    def retrieve_response(self, spider: Spider, request: Request) -> Response | None:
        """The kept answer; None where there is none."""
        del spider
        row = self._db.execute(
            "SELECT status, headers, body, retrieved_at FROM pages WHERE address = ?", (request.url,)
        ).fetchone()
        if row is None:
            return None
        status, headers_text, packed, retrieved_at = row
        headers, body = Headers(json.loads(headers_text), encoding="latin-1"), zlib.decompress(packed)
        request.meta["retrieved_at"] = retrieved_at
        kind = responsetypes.from_args(headers=headers, url=request.url, body=body)
        return kind(url=request.url, headers=headers, status=status, body=body)

    def store_response(self, spider: Spider, request: Request, response: Response) -> None:
        """Keep an answer."""
        del spider
        headers = {
            name.decode("latin-1"): [value.decode("latin-1") for value in values]
            for name, values in response.headers.items()
        }
        self._db.execute(
            "INSERT OR REPLACE INTO pages VALUES (?, ?, ?, ?, ?)",
            (request.url, response.status, json.dumps(headers), zlib.compress(response.body, 1), utc_now()),
        )
