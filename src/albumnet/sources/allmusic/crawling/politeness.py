"""Where the crawl may go, what robots.txt says, how long to wait, and when to ask again: a downloader middleware."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, NoReturn
from urllib.parse import urlsplit

from protego import Protego
from scrapy import Request
from scrapy.exceptions import IgnoreRequest
from scrapy.extensions.throttle import AutoThrottle
from scrapy.http import Response

from albumnet.sources.allmusic.addresses import site_of
from albumnet.sources.allmusic.journal import Kind
from albumnet.sources.allmusic.options import AGENT
from albumnet.sources.web import retry_after_s

if TYPE_CHECKING:
    from scrapy.crawler import Crawler

    from albumnet.sources.allmusic.crawling.spider import AlbumSpider

REFUSING_STATUSES = (401, 403, 407, 451)
MISSING_STATUSES = (404, 410)
_BUSY_STATUSES = (429, 503)
_PASSING_STATUSES = (408, 500, 502, 504)
# One slot for all hosts: pauses lie between requests, wherever they go.
_SLOT = "crawl"
_COVER_SITE = "cover_site"


class NotAllowedError(IgnoreRequest):
    """What robots.txt, or the promise to keep to one site, forbids."""


class Politeness:
    """Keeps to the site, to robots.txt and to the pauses that are asked for."""

    def __init__(self, crawler: Crawler) -> None:
        self._crawler = crawler
        self._rules: dict[str, Protego] = {}

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Politeness:
        """Made by scrapy."""
        return cls(crawler)

    async def process_request(self, request: Request) -> None:
        """Let a request pass, or say why not."""
        request.meta["download_slot"] = _SLOT
        self._check_site(request)
        if "robots" not in request.meta:
            rules = await self._rules_of(request)
            if not rules.can_fetch(request.url, AGENT):
                raise NotAllowedError("robots.txt asks not to fetch this")

    async def process_response(self, request: Request, response: Response) -> Request | Response:
        """Wait and ask again where a site is busy or has trouble."""
        if response.status in _BUSY_STATUSES:
            asked = retry_after_s((response.headers.get("Retry-After") or b"").decode("latin-1"))
            again = await self._again(request, f"is busy ({response.status})", wait_s=asked, is_of_site=True)
            return again or response
        if response.status in _PASSING_STATUSES or response.status >= 520:
            return await self._again(request, f"has trouble ({response.status})") or response
        return response

    async def process_exception(self, request: Request, exception: Exception) -> Request | None:
        """Wait and ask again where no answer came, or only a part of one."""
        if isinstance(exception, IgnoreRequest):
            return None
        reason = " ".join(str(exception).split()) or type(exception).__name__
        is_of_site = "Timeout" not in type(exception).__name__ and "DataLoss" not in type(exception).__name__
        return await self._again(request, f"cannot be reached ({reason})", is_of_site=is_of_site)

    async def _again(
        self, request: Request, reason: str, *, wait_s: float | None = None, is_of_site: bool = False
    ) -> Request | None:
        """The request again after a pause; None once it was tried often enough.

        What is wrong with the site as a whole stops the crawl then, what is wrong with one address does not.
        """
        options = self._spider.options
        tried = request.meta.get("tried", 0) + 1
        if wait_s is not None and wait_s > options.max_wait_s:
            self._stop(f"{request.url} {reason} and asks to wait {wait_s:,.0f} s; run the same command again then")
        if tried >= options.max_tries:
            if is_of_site:
                self._stop(f"{request.url} {reason}, {tried} times; run the same command again later")
            return None
        pause_s = options.backoff_s * 2 ** (tried - 1) if wait_s is None else wait_s
        self._spider.report.note(f"{request.url} {reason}; waiting {pause_s:.3g} s")
        await asyncio.sleep(pause_s)
        return request.replace(meta={**request.meta, "tried": tried}, dont_filter=True)

    def _check_site(self, request: Request) -> None:
        """Pages lie on the site, covers there or on hosts that were given, or on that of the first cover."""
        spider, site = self._spider, site_of(request.url)
        if site == request.meta.get("robots", spider.options.site):
            return
        if "robots" in request.meta or request.meta["task"].kind is not Kind.COVER:
            raise NotAllowedError(f"leads to another site, {site}; this crawl keeps to {spider.options.site}")
        allowed = spider.options.cover_sites
        if not allowed:
            if not (known := spider.journal.setting(_COVER_SITE)):
                spider.journal.remember(_COVER_SITE, known := site)
                spider.report.note(f"covers are on {site}")
            allowed = (known,)
        if site not in allowed:
            raise NotAllowedError(f"lies on {site}, covers are taken from {', '.join(allowed)} only: see --cover-host")

    async def _rules_of(self, request: Request) -> Protego:
        parts = urlsplit(request.url)
        root = f"{parts.scheme}://{parts.netloc}"
        if root not in self._rules:
            self._rules[root] = await self._read_rules(f"{root}/robots.txt")
            if delay_s := _pause_of(self._rules[root]):
                self._lengthen_pauses(delay_s)
        return self._rules[root]

    async def _read_rules(self, address: str) -> Protego:
        """As RFC 9309 has it, and stricter: no crawl where robots.txt cannot be had, or the site itself refuses it.

        A host of covers that refuses it has none: stores of files refuse whatever is not there.
        """
        assert self._crawler.engine is not None
        site = site_of(address)
        request = Request(address, meta={"robots": site, "dont_cache": True}, dont_filter=True)
        try:
            response = await self._crawler.engine.download_async(request)
        except Exception as error:  # noqa: BLE001 # whatever keeps us from reading it keeps us from crawling
            reason = " ".join(str(error).split()) or type(error).__name__
            self._stop(f"{address} cannot be read ({reason}); without it nothing may be asked for")
        if response.status in REFUSING_STATUSES and site == self._spider.options.site:
            self._stop(f"{address} refuses ({response.status}): the site does not want this crawl")
        if response.status >= 500:
            self._stop(f"{address} cannot be read ({response.status}); without it nothing may be asked for")
        return Protego.parse(response.body.decode("utf-8", "replace") if response.status == 200 else "")

    def _lengthen_pauses(self, delay_s: float) -> None:
        delay_s = max(delay_s, self._spider.options.delay_s)
        engine = self._crawler.engine
        assert engine is not None
        if throttle := self._crawler.get_extension(AutoThrottle):
            throttle.mindelay, throttle.maxdelay = delay_s, max(throttle.maxdelay, delay_s)
        engine.downloader._delay = max(engine.downloader._delay, delay_s)  # of slots that scrapy makes anew
        for slot in engine.downloader.slots.values():
            slot.delay = max(slot.delay, delay_s)

    @property
    def _spider(self) -> AlbumSpider:
        spider = self._crawler.spider
        assert spider is not None
        return spider  # type: ignore[return-value] # there is no other

    def _stop(self, reason: str) -> NoReturn:
        # The spider ends the crawl when it is told that the request came to nothing.
        self._spider.report.stop(f"{reason}; what was fetched is kept")
        raise IgnoreRequest(reason)


def _pause_of(rules: Protego) -> float:
    """Seconds from request to request that robots.txt asks for; 0 where it asks for none."""
    rate = rules.request_rate(AGENT)
    by_rate = rate.seconds / rate.requests if rate and rate.requests else 0.0
    return max(float(rules.crawl_delay(AGENT) or 0.0), by_rate)
