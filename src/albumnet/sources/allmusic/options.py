"""What a crawl is told: by whom it is made, where it may go, and how patient it is."""

from __future__ import annotations

import json
import re
from dataclasses import asdict, dataclass
from importlib.metadata import version
from ipaddress import ip_address
from pathlib import Path

from albumnet.errors import SourceError
from albumnet.sources.allmusic.addresses import site_of, split

AGENT = "albumnet"
FOLDER = "allmusic"
JOURNAL_FILE = "journal.sqlite"
CACHE_FILE = "pages.sqlite"
_MAIL = re.compile(r"[^@\s<>()]+@[^@\s<>()]+\.[^@\s<>().]+")


@dataclass(frozen=True)
class CrawlOptions:
    """How to crawl.

    Attributes:
        out: The album set's folder; the crawl's own files lie in `allmusic` below it.
        site: Host and port of the pages.
        cover_sites: Hosts of covers; where none is given, that of the first cover is taken and kept to.
        user_agent: Who asks.
        delay_s: From the start of one request to that of the next, at least; robots.txt and a slow site raise it.
        timeout_s: For one answer to be complete.
        max_tries: Per address.
        backoff_s: Waited before the second try, doubled with each further one.
        max_wait_s: The longest that a site may ask to wait.
        max_failures: Addresses that fail in a row before the crawl stops.
    """

    out: str
    site: str
    cover_sites: tuple[str, ...] = ()
    user_agent: str = AGENT
    delay_s: float = 1.0
    timeout_s: float = 60.0
    max_tries: int = 5
    backoff_s: float = 5.0
    max_wait_s: float = 900.0
    max_failures: int = 10

    @property
    def folder(self) -> Path:
        """The crawl's own files."""
        return Path(self.out) / FOLDER

    def to_json(self) -> str:
        """To pass on to the process that crawls."""
        return json.dumps(asdict(self))

    @classmethod
    def from_json(cls, text: str) -> CrawlOptions:
        """What `to_json` gave."""
        content = json.loads(text)
        return cls(**{**content, "cover_sites": tuple(content["cover_sites"])})


def user_agent(contact: str, *, site: str) -> str:
    """Who asks, with a mail or web address at which they can be reached.

    Raises:
        SourceError: If the contact is neither, or there is none and the site is not on this machine.
    """
    name = f"{AGENT}/{version('albumnet')}"
    if not contact and is_on_this_machine(site):
        return name
    if _MAIL.fullmatch(contact) or split(contact):
        return f"{name} (+{contact})"
    came = f"{contact!r} is neither" if contact else "none was given"
    raise SourceError(
        f"{site} must be able to reach whoever crawls it: --contact takes a mail address or a web address, {came}"
    )


def read_starts(starts: tuple[str, ...]) -> tuple[str, ...]:
    """Addresses to start from: those given, and those in files with an address a line.

    Raises:
        SourceError: If there is none, one is no web address, or they are of several sites.
    """
    found: list[str] = []
    for start in starts:
        if "://" in start:
            found.append(start)
            continue
        try:
            lines = Path(start).read_text("utf-8-sig").splitlines()
        except (OSError, ValueError) as error:
            raise SourceError(
                f"--start {start} is no web address (https://…), and no file of addresses can be read there: {error}"
            ) from error
        found += [line.strip() for line in lines if line.strip() and not line.startswith("#")]
    if not found:
        raise SourceError("no address to start from; give a sitemap, a listing page, albums, or a file of addresses")
    if wrong := [address for address in found if split(address) is None]:
        raise SourceError(f"{wrong[0]!r} is no web address; expected http://… or https://…")
    sites = dict.fromkeys(map(site_of, found))
    if len(sites) > 1:
        raise SourceError(f"a crawl keeps to one site, but the addresses are of {' and '.join(list(sites)[:3])}")
    return tuple(dict.fromkeys(address.partition("#")[0] for address in found))


def is_on_this_machine(site: str) -> bool:
    """Whether a host is the loopback interface."""
    parts = split(f"http://{site}")
    host = (parts.hostname if parts else None) or ""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
