"""Scrapy's scheduler, with the journal for a queue: memory does not grow with what is waiting."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING

from scrapy.core.scheduler import BaseScheduler

from albumnet.sources.allmusic.crawling.spider import AlbumSpider
from albumnet.sources.allmusic.journal import Task

if TYPE_CHECKING:
    from scrapy import Request, Spider
    from twisted.internet.defer import Deferred


class JournalScheduler(BaseScheduler):
    """Gives out what waits in the journal, and what scrapy wants to ask for again (redirects, further tries) first."""

    def __init__(self) -> None:
        self._again: deque[Request] = deque()

    def open(self, spider: Spider) -> Deferred[None] | None:
        """Begin with a spider."""
        assert isinstance(spider, AlbumSpider)
        self._spider = spider
        return None

    def has_pending_requests(self) -> bool:
        """Whether anything waits that is not under way."""
        return bool(self._again) or self._next() is not None

    def enqueue_request(self, request: Request) -> bool:
        """Take a request that is a redirect or a further try of one given out before."""
        self._again.append(request)
        return True

    def next_request(self) -> Request | None:
        """What to ask for next."""
        if self._again:
            return self._again.popleft()
        task = self._next()
        if task is None:
            return None
        self._spider.under_way.add(task.n)
        return self._spider.request_for(task)

    def _next(self) -> Task | None:
        # A row stays `waiting` until its answer is settled, so what is under way (one, or two while the first is being
        # read) has to be passed over.
        under_way = self._spider.under_way
        waiting = self._spider.journal.waiting(most=len(under_way) + 1)
        return next((task for task in waiting if task.n not in under_way), None)
