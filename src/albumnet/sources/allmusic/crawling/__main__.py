"""Run the crawl that standard input describes; tell on standard output, a JSON object a line, how far it is."""

from __future__ import annotations

import json
import logging
import os
import sys
import threading
import time
from typing import Any

from scrapy.crawler import AsyncCrawlerProcess

from albumnet.sources.allmusic.crawling.cache import PageCache, Policy
from albumnet.sources.allmusic.crawling.politeness import Politeness
from albumnet.sources.allmusic.crawling.scheduling import JournalScheduler
from albumnet.sources.allmusic.crawling.spider import AlbumSpider
from albumnet.sources.allmusic.journal import Journal
from albumnet.sources.allmusic.options import JOURNAL_FILE, CrawlOptions

_REPORT_EVERY_S = 0.25
LOG_FILE = "crawl.log"


def main() -> None:
    """Crawl until there is nothing left to ask for, or the crawl has to stop."""
    options = CrawlOptions.from_json(sys.stdin.readline())
    threading.Thread(target=_end_with_whoever_started_us, daemon=True).start()
    # The level is the handler's: scrapy lowers that of the root.
    handler = logging.FileHandler(options.folder / LOG_FILE, encoding="utf-8", delay=True)
    handler.setLevel(logging.WARNING)
    logging.basicConfig(handlers=[handler], format="%(asctime)s %(name)s: %(message)s")
    with Journal(options.folder / JOURNAL_FILE) as journal:
        reporter = _Reporter(journal)
        process = AsyncCrawlerProcess(_settings(options))
        task = process.crawl(AlbumSpider, journal=journal, options=options, report=reporter)
        process.start(install_signal_handlers=False)
        if not task.cancelled() and (error := task.exception()):
            raise error
        reporter.end()


class _Reporter:
    """Writes how far the crawl is, not more often than anybody reads."""

    def __init__(self, journal: Journal) -> None:
        self._journal = journal
        self._last = 0.0
        self.stopped_by = ""

    def progress(self) -> None:
        """Something was settled."""
        if (now := time.monotonic()) - self._last >= _REPORT_EVERY_S:
            self._last = now
            self._write_progress()

    def note(self, text: str) -> None:
        """Something that a person should see."""
        _write(note=text)

    def stop(self, reason: str) -> None:
        """Why the crawl stops before its end; the first reason counts."""
        self.stopped_by = self.stopped_by or reason

    def end(self) -> None:
        """The crawl is over."""
        self._write_progress()
        _write(end=self.stopped_by)

    def _write_progress(self) -> None:
        counts = self._journal.counts
        _write(found=counts.found, read=counts.read, reviewed=counts.reviewed)


def _write(**content: Any) -> None:
    print(json.dumps(content), flush=True)


def _end_with_whoever_started_us() -> None:
    # Ctrl-C, a closed terminal and `kill -9` of the command all close this pipe. The journal needs no farewell.
    # Not through sys.stdin, whose lock would still be held when the interpreter ends.
    while os.read(sys.stdin.fileno(), 1):
        pass
    os._exit(1)


def _settings(options: CrawlOptions) -> dict[str, Any]:
    return {
        "USER_AGENT": options.user_agent,
        "CONCURRENT_REQUESTS": 1,
        "CONCURRENT_REQUESTS_PER_DOMAIN": 1,
        # Scrapy starts so many tasks for each answer; there are no items here.
        "CONCURRENT_ITEMS": 1,
        "DOWNLOAD_DELAY": options.delay_s,
        # No jitter: half of one second would be less than what was promised.
        "DOWNLOAD_DELAY_JITTER": 0.0,
        "AUTOTHROTTLE_ENABLED": options.delay_s > 0,
        "AUTOTHROTTLE_START_DELAY": options.delay_s,
        "AUTOTHROTTLE_TARGET_CONCURRENCY": 1.0,
        "AUTOTHROTTLE_MAX_DELAY": max(60.0, options.delay_s),
        "DOWNLOAD_TIMEOUT": options.timeout_s,
        "DOWNLOAD_MAXSIZE": 64 * 1024 * 1024,
        "DOWNLOAD_VERIFY_CERTIFICATES": True,
        # The journal is queue and memory of what was asked for; scrapy's own would grow with every page.
        "SCHEDULER": JournalScheduler,
        "DUPEFILTER_CLASS": "scrapy.dupefilters.BaseDupeFilter",
        "HTTPCACHE_ENABLED": True,
        "HTTPCACHE_STORAGE": PageCache,
        "HTTPCACHE_POLICY": Policy,
        "DOWNLOADER_MIDDLEWARES": {Politeness: 100},
        # Politeness reads robots.txt and repeats requests: scrapy's own go on where robots.txt cannot be had, and
        # do not wait as long as Retry-After says.
        "ROBOTSTXT_OBEY": False,
        "RETRY_ENABLED": False,
        "REDIRECT_MAX_TIMES": 5,
        "METAREFRESH_ENABLED": False,
        "HTTPERROR_ALLOW_ALL": True,
        "COOKIES_ENABLED": False,
        "LOG_INSTALL_ROOT_HANDLER": False,
        # Nothing that listens on a port or counts for a log.
        "EXTENSIONS_BASE": {"scrapy.extensions.throttle.AutoThrottle": 0},
    }


if __name__ == "__main__":
    main()
