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
        under_way = self._spider.under_way
        return bool(self._again) or any(task.n not in under_way for task in self._waiting(len(under_way) + 1))

    def enqueue_request(self, request: Request) -> bool:
        """Take a request that is a redirect or a further try of one given out before."""
        self._again.append(request)
        return True

    def next_request(self) -> Request | None:
        """What to ask for next; nothing while an answer is not settled, so that a kill costs one request at most."""
        if self._again:
            return self._again.popleft()
        if self._spider.under_way or self._spider.report.stopped_by:
            return None
        for task in self._waiting(1):
            self._spider.under_way.add(task.n)
            return self._spider.request_for(task)
        return None

    def _waiting(self, most: int) -> list[Task]:
        return self._spider.journal.waiting(most=most)
