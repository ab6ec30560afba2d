"""Start the process that crawls, listen to it, and end it with us."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from typing import Any

from albumnet.errors import SourceError
from albumnet.progress import Progress, ProgressCallback
from albumnet.sources.allmusic.options import CrawlOptions

NoteCallback = Callable[[str], None]


def run_crawl(options: CrawlOptions, *, progress: ProgressCallback, note: NoteCallback) -> None:
    """Crawl until nothing is left to ask for.

    Args:
        options: How to crawl.
        progress: Told about albums whose page was read, out of those found so far.
        note: Told about pauses that a site asks for, and the like.

    Raises:
        SourceError: If the crawl had to stop; what was fetched is kept, and another call goes on there.
        KeyboardInterrupt: As it comes; the same holds.
    """
    with start_crawl(options) as crawl:
        assert crawl.stdout is not None
        try:
            end = None
            for line in crawl.stdout:
                end = _listen(json.loads(line), progress=progress, note=note)
        except BaseException:
            crawl.kill()
            raise
    if end is None:
        raise SourceError(
            f"the crawl ended without a word (exit code {crawl.returncode}); what was fetched is kept, run the same "
            f"command again, or see {options.folder}/crawl.log"
        )
    if end:
        raise SourceError(end)


def start_crawl(options: CrawlOptions) -> subprocess.Popen[str]:
    """The process that crawls. It writes a JSON object a line, and ends at once when its standard input is closed."""
    crawl = subprocess.Popen(
        [sys.executable, "-m", "albumnet.sources.allmusic.crawling"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        encoding="utf-8",
        # Ctrl-C at a terminal reaches every process of the group: this one would end in the middle of a traceback.
        start_new_session=True,
    )
    assert crawl.stdin is not None
    crawl.stdin.write(options.to_json() + "\n")
    crawl.stdin.flush()
    return crawl


def _listen(said: dict[str, Any], *, progress: ProgressCallback, note: NoteCallback) -> str | None:
    """Pass on what was said; once the crawl says that it ends, why it had to (empty where it is done)."""
    if "end" in said:
        return str(said["end"])
    if "note" in said:
        note(said["note"])
    elif said["found"]:
        progress(Progress("albums", said["read"], said["found"], f"{said['reviewed']:,} with an official review"))
    return None
