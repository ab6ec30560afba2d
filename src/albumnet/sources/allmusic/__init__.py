"""Albums with an official review from AllMusic, crawled by whoever may."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from albumnet.errors import MissingExtraError, SourceError
from albumnet.progress import ProgressCallback, ignore_progress
from albumnet.records import MoodAliases
from albumnet.sources.allmusic.addresses import site_of
from albumnet.sources.allmusic.options import JOURNAL_FILE, CrawlOptions, read_starts, user_agent

if TYPE_CHECKING:
    from albumnet.sources.allmusic.assembling import AllMusicImport

__all__ = ["CrawlOptions", "crawl_allmusic", "plan_crawl"]

_SITE = "site"


def plan_crawl(
    starts: tuple[str, ...],
    *,
    out: Path,
    contact: str = "",
    delay_s: float = 1.0,
    cover_sites: tuple[str, ...] = (),
) -> tuple[tuple[str, ...], CrawlOptions]:
    """Addresses to start from and how to crawl, checked before anything is asked for.

    Args:
        starts: Sitemaps, listing pages, albums, or files with an address a line; all of one site.
        out: The set's folder.
        contact: Mail or web address of whoever crawls; needed unless the site is on this machine.
        delay_s: From request to request, at least.
        cover_sites: Hosts of covers; without, the host of the first cover.

    Raises:
        SourceError: If a start is no web address, they are of several sites, or the contact is none.
    """
    addresses = read_starts(starts)
    site = site_of(addresses[0])
    agent = user_agent(contact, site=site)
    return addresses, CrawlOptions(out=str(out), site=site, cover_sites=cover_sites, user_agent=agent, delay_s=delay_s)


def crawl_allmusic(
    starts: tuple[str, ...],
    options: CrawlOptions,
    *,
    aliases: MoodAliases = MoodAliases(),
    seed: int = 0,
    force: bool = False,
    progress: ProgressCallback = ignore_progress,
    note: Callable[[str], None] = lambda _text: None,
) -> AllMusicImport:
    """Crawl, or go on where an earlier call was ended at whatever moment, and make an album set of it.

    Every address is asked for once. An answer that is not on disk when the process ends is asked for again: the one
    request that was under way, as there is never more than one. What failed is tried again by the next call.

    Args:
        starts: Addresses, of `plan_crawl`.
        options: How to crawl, of `plan_crawl`.
        aliases: Variant spellings of moods.
        seed: Of the split.
        force: Replace a set that came from another import.
        progress: Told about albums read, then about covers.
        note: Told about pauses that the site asks for.

    Raises:
        MissingExtraError: If scrapy is not installed.
        SourceError: If the crawl has to stop (a refusal, a site out of reach), or goes on another site's crawl.
        InputTableError: If no album with an official review was found.
        AlbumSetError: If `options.out` holds a set from another import and `force` is not given.
    """
    if importlib.util.find_spec("scrapy") is None:
        raise MissingExtraError("crawling needs scrapy: pip install 'albumnet[crawl]'")
    from albumnet.sources.allmusic.assembling import write_crawled
    from albumnet.sources.allmusic.journal import Journal
    from albumnet.sources.allmusic.process import run_crawl

    path = options.folder / JOURNAL_FILE
    with Journal(path) as journal:
        known = journal.setting(_SITE)
        if known and known != options.site:
            raise SourceError(f"{path} is of a crawl of {known}, not of {options.site}; give --out another folder")
        journal.remember(_SITE, options.site)
        journal.begin(starts)
        is_done = not journal.waiting(most=1)
    if not is_done:
        run_crawl(options, progress=progress, note=note)
    with Journal(path) as journal:
        return write_crawled(journal, out=Path(options.out), aliases=aliases, seed=seed, force=force, progress=progress)
