"""The spider: makes a request of each task, and settles each answer in the journal."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from typing import TYPE_CHECKING, Any, Protocol

from scrapy import Request, Spider, signals
from scrapy.exceptions import CloseSpider, IgnoreRequest
from scrapy.http import Response

from albumnet.dataset.covers import store_cover
from albumnet.errors import CoverError
from albumnet.sources.allmusic import addresses
from albumnet.sources.allmusic.crawling.politeness import MISSING_STATUSES, REFUSING_STATUSES, NotAllowedError
from albumnet.sources.allmusic.journal import Journal, Kind, State, Task
from albumnet.sources.allmusic.options import CrawlOptions
from albumnet.sources.allmusic.pages import (
    AlbumPage,
    PageError,
    find_links,
    parse_album_page,
    parse_moods_themes,
    parse_review,
)
from albumnet.sources.allmusic.record import utc_now
from albumnet.vision.decoding import check_cover

if TYPE_CHECKING:
    from typing import Self

    from scrapy.crawler import Crawler
    from twisted.python.failure import Failure

_PART_PATHS = {Kind.REVIEW: "reviewAjax", Kind.MOODS: "moodsThemesAjax"}


class Reporter(Protocol):
    """Who listens to a crawl."""

    stopped_by: str

    def progress(self) -> None:
        """Something was settled."""

    def note(self, text: str) -> None:
        """Something that a person should see."""

    def stop(self, reason: str) -> None:
        """Why the crawl stops before its end."""


class AlbumSpider(Spider):
    """Reads albums of one site.

    Attributes:
        journal: Where answers are settled.
        options: How to crawl.
        report: Who listens.
        under_way: The row of the journal that was given out and is not settled, if there is one.
    """

    name = "allmusic"

    def __init__(self, *, journal: Journal, options: CrawlOptions, report: Reporter) -> None:
        super().__init__()
        self.journal, self.options, self.report = journal, options, report
        self.under_way: set[int] = set()
        self._failures_in_a_row = 0

    @classmethod
    def from_crawler(cls, crawler: Crawler, *args: Any, **kwargs: Any) -> Self:
        """Made by scrapy."""
        spider = super().from_crawler(crawler, *args, **kwargs)
        crawler.signals.connect(spider.stop_at_own_error, signal=signals.spider_error)
        return spider

    async def start(self) -> AsyncIterator[Any]:
        """Nothing: the journal has what to start from."""
        nothing: tuple[Request, ...] = ()
        for request in nothing:
            yield request

    def request_for(self, task: Task) -> Request:
        """The request that a task is."""
        headers = {}
        if task.kind in _PART_PATHS:
            headers = {"Referer": addresses.album_address(task.address), "X-Requested-With": "XMLHttpRequest"}
        return Request(
            task.address,
            headers=headers,
            callback=self.settle,
            errback=self.settle_failure,
            meta={"task": task},
            dont_filter=True,
        )

    def settle(self, response: Response) -> None:
        """Make what has to be made of an answer, and settle it."""
        task: Task = response.meta["task"]
        if response.status in REFUSING_STATUSES:
            self.report.stop(
                f"{response.url} refuses ({response.status}): the site does not want this crawl, so it stopped; "
                "ask the site before you run it again; what was fetched is kept"
            )
            raise CloseSpider("refused")
        if response.status in MISSING_STATUSES:
            self._end(task, State.MISSING, f"there is nothing ({response.status})")
            return
        if response.status != 200:
            self._end(task, State.FAILED, f"answers {response.status}")
            return
        try:
            _SETTLE[task.kind](self, task, response)
        except PageError as error:
            self._end(task, State.FAILED, str(error))
            return
        self._end(task)

    def settle_failure(self, failure: Failure) -> None:
        """Settle a request that came to nothing, or stop."""
        if self.report.stopped_by:
            raise CloseSpider("stopped")
        task: Task = failure.request.meta["task"]  # type: ignore[attr-defined] # scrapy puts it there
        error = failure.value
        if isinstance(error, NotAllowedError):
            self._end(task, State.FORBIDDEN, str(error))
        elif isinstance(error, IgnoreRequest):
            said = "redirects in a circle, or too often" if "redirections" in str(error) else str(error)
            self._end(task, State.FAILED, said)
        else:
            self._end(task, State.FAILED, describe(error))

    def stop_at_own_error(self, failure: Failure) -> None:
        """An error that nobody expected: the journal is as it was before it."""
        self.report.stop(f"unexpected {describe(failure.value)}; what was fetched is kept, see {self.options.folder}")
        assert self.crawler.engine is not None
        self._closing = asyncio.ensure_future(self.crawler.engine.close_spider_async(reason="error"))

    def _end(self, task: Task, state: State = State.DONE, reason: str = "") -> None:
        if state is not State.DONE:
            self.journal.settle_without(task, state, reason)
        self.under_way.discard(task.n)
        self.report.progress()
        if task.is_again:
            return  # what failed before may well fail again, and is no sign of a site that has stopped to work
        self._failures_in_a_row = self._failures_in_a_row + 1 if state is State.FAILED else 0
        if self._failures_in_a_row >= self.options.max_failures:
            self.report.stop(
                f"the last {self._failures_in_a_row} addresses failed, at the end {task.address}: {reason}; run the "
                "same command again once this is mended"
            )
            raise CloseSpider("failing")

    def _settle_listing(self, task: Task, response: Response) -> None:
        links = find_links(response.body, address=response.url, content_type=_content_type(response))
        self.journal.settle_listing(task, links)

    def _settle_album(self, task: Task, response: Response) -> None:
        page = parse_album_page(response.body, address=response.url, content_type=_content_type(response))
        self.journal.settle_album(
            task,
            page,
            address=addresses.album_address(response.url if addresses.album_id_of(response.url) else task.address),
            retrieved_at=response.meta.get("retrieved_at") or utc_now(),
            parts=self._first_parts(page, response.url),
        )

    def _settle_review(self, task: Task, response: Response) -> None:
        review = parse_review(response.body, content_type=_content_type(response))
        page = self.journal.page_of(task.album_id)
        base = addresses.album_address(task.address)
        self.journal.settle_review(task, review, parts=self._parts_of_reviewed(page, base) if review else ())

    def _settle_moods(self, task: Task, response: Response) -> None:
        self.journal.settle_moods(task, parse_moods_themes(response.body, content_type=_content_type(response)))

    def _settle_cover(self, task: Task, response: Response) -> None:
        try:
            check_cover(response.body)
        except CoverError as error:
            self.journal.settle_without(task, State.UNUSABLE, str(error))
            return
        self.journal.settle_cover(task, store_cover(self.options.folder.parent / "covers", response.body))

    def _first_parts(self, page: AlbumPage, address: str) -> list[tuple[Kind, str]]:
        """What to ask for after an album's page: only where there may be a review is there more."""
        if page.has_parts:
            return [(Kind.REVIEW, f"{addresses.album_address(address)}/{_PART_PATHS[Kind.REVIEW]}")]
        return self._parts_of_reviewed(page, address) if page.review else []

    def _parts_of_reviewed(self, page: AlbumPage, address: str) -> list[tuple[Kind, str]]:
        parts = []
        if page.has_parts and not page.moods:
            parts.append((Kind.MOODS, f"{addresses.album_address(address)}/{_PART_PATHS[Kind.MOODS]}"))
        if page.cover_address:
            parts.append((Kind.COVER, page.cover_address))
        return parts


_SETTLE: dict[Kind, Callable[[AlbumSpider, Task, Any], None]] = {
    Kind.LISTING: AlbumSpider._settle_listing,
    Kind.ALBUM: AlbumSpider._settle_album,
    Kind.REVIEW: AlbumSpider._settle_review,
    Kind.MOODS: AlbumSpider._settle_moods,
    Kind.COVER: AlbumSpider._settle_cover,
}


def describe(error: BaseException | None) -> str:
    """An error in one line."""
    text = " ".join(str(error).split())
    return f"{type(error).__name__}: {text}" if text else type(error).__name__


def _content_type(response: Response) -> str:
    return (response.headers.get("Content-Type") or b"").decode("latin-1")
