"""How fast the crawler is without a throttle, and whether its memory grows: `python benchmarks/crawl.py`.

A planted site on loopback, in a process of its own, with pages of both generations. Covers are small (64 pixels) and
few are drawn, the others being these with bytes of their own at the end, so that the crawler has as many files to write
but the site has little to do. Prints albums per second, by the clock and by the crawler's own CPU time, its memory as
albums grow, and what making the album set takes; before that the parser alone, also on pages as large as real ones.

    python benchmarks/crawl.py --albums 100000 --dir /dev/shm
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

from albumnet.planted import draw_world
from albumnet.sources.allmusic import CrawlOptions, plan_crawl
from albumnet.sources.allmusic.journal import Journal
from albumnet.sources.allmusic.options import JOURNAL_FILE
from albumnet.sources.allmusic.pages import parse_album_page, parse_moods_themes, parse_review
from albumnet.sources.allmusic.process import start_crawl
from planted_site import PlantedSite, write_moods, write_newer_page, write_older_page, write_review

_TICKS_PER_S = os.sysconf("SC_CLK_TCK")
_PAGE_BYTES = 150_000
_STEPS = (1_000, 2_000, 5_000, 10_000, 20_000, 50_000, 75_000, 100_000, 200_000)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description="Speed and memory of the crawler.")
    parser.add_argument("--albums", type=int, default=100_000)
    parser.add_argument("--dir", type=Path, help="Where to write; a folder in memory leaves the disk out.")
    given = parser.parse_args()
    for name in ("http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY"):
        os.environ.pop(name, None)
    print_parser_alone()
    with tempfile.TemporaryDirectory(dir=given.dir) as folder:
        print_crawl(given.albums, Path(folder) / "set")


def print_parser_alone() -> None:
    """Milliseconds a page, of both generations, as they are and filled up."""
    site = PlantedSite(draw_world(n_albums=200, rng=np.random.default_rng(0), cover_size=64))
    print(f"{'parser alone':40s} ms an album")
    for filled_to in (0, _PAGE_BYTES):
        for what, is_newer in (("older page", False), ("newer page, review, moods", True)):
            answers = [_answers(site, n, is_newer=is_newer, filled_to=filled_to) for n in range(site.n_albums)]
            start = time.process_time()
            for page, review, moods in answers:
                parse_album_page(page, address="https://site.example/album/x-mw0000000001")
                if is_newer:
                    parse_review(review)
                    parse_moods_themes(moods)
            ms = (time.process_time() - start) / len(answers) * 1_000
            print(f"{what + (f', {filled_to:,} bytes' if filled_to else ''):40s} {ms:.2f}", flush=True)


def print_crawl(n_albums: int, out: Path) -> None:
    """Crawl, and print a row at every step."""
    script = str(Path(__file__).parent / "planted_site.py")
    arguments = ["--albums", str(n_albums), "--cover-size", "64", "--port", "0", "--drawn", "200"]
    site = subprocess.Popen([sys.executable, script, *arguments], stdout=subprocess.PIPE, text=True)
    assert site.stdout is not None
    try:
        address = site.stdout.readline().split()[0]
        starts, options = plan_crawl((address,), out=out, delay_s=0.0)
        with Journal(options.folder / JOURNAL_FILE) as journal:
            journal.begin(starts)
        _crawl(options)
    finally:
        site.terminate()
        site.wait()
    for what in ("making the set of it", "the same again"):
        start = time.monotonic()
        command = [sys.executable, "-m", "albumnet", "crawl", "allmusic", "--start", address, "--out", str(out)]
        subprocess.run([*command, "--i-may-crawl", "--delay", "0"], check=True, stderr=subprocess.DEVNULL)
        peak_mb = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
        print(f"{what}: {time.monotonic() - start:.0f} s, largest child so far {peak_mb:.0f} MB", flush=True)


def _crawl(options: CrawlOptions) -> None:
    print(f"{'albums read':>12s} {'albums/s':>10s} {'per CPU s':>10s} {'MB resident':>12s}")
    begun, steps = time.monotonic(), list(_STEPS)
    with start_crawl(options) as crawl:
        assert crawl.stdout is not None
        for line in crawl.stdout:
            said = json.loads(line)
            if "end" in said:
                print(f"ended: {said['end'] or 'finished'}")
            elif steps and said.get("read", 0) >= steps[0]:
                steps.pop(0)
                n = said["read"]
                by_clock, by_cpu = n / (time.monotonic() - begun), n / _cpu_s(crawl.pid)
                print(f"{n:12,d} {by_clock:10.1f} {by_cpu:10.1f} {_resident_mb(crawl.pid):12.1f}", flush=True)


def _answers(site: PlantedSite, n: int, *, is_newer: bool, filled_to: int) -> tuple[bytes, bytes, bytes]:
    album = site.world.albums[n]
    page = (write_newer_page if is_newer else write_older_page)(album, n=n, site=site)
    row = '<div class="row"><a href="/song/a-mt1" class="title">A song that nobody sang</a> <span>3:14</span></div>\n'
    filling = row * max(0, (filled_to - len(page)) // len(row))
    return (
        page.replace("</body>", f"{filling}</body>").encode(),
        write_review(album).encode(),
        write_moods(album).encode(),
    )


def _resident_mb(pid: int) -> float:
    status = Path(f"/proc/{pid}/status").read_text()
    return int(status.partition("VmRSS:")[2].split()[0]) / 1024


def _cpu_s(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / _TICKS_PER_S


if __name__ == "__main__":
    main()
