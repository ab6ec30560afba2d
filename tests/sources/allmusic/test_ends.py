"""Crawls that are ended at any moment and run again: no album is lost, and none is fetched twice."""

import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import pytest

from albumnet.dataset import AlbumSet
from albumnet.errors import SourceError
from albumnet.sources.allmusic.journal import Journal
from planted_stand_in import crawl, stand_in_site

N_KILLS = 6


@pytest.fixture
def larger_site(elsewhere):
    with stand_in_site(n_albums=60) as site:
        yield site
        assert not elsewhere


def begin(site, out):
    """The command, in a process group of its own as a terminal would start it."""
    command = [sys.executable, "-m", "albumnet", "crawl", "allmusic", "--start", f"{site.address}/sitemap.xml"]
    return subprocess.Popen(
        [*command, "--out", str(out), "--i-may-crawl", "--delay", "0"],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True,
    )  # fmt: skip


def wait_for_requests(site, n, process):
    """Until so many more requests have come, and not in step with any of them."""
    wanted = site.served.asked.total() + n
    while site.served.asked.total() < wanted and process.poll() is None:
        time.sleep(0.001)


def children_of(pid):
    listed = Path(f"/proc/{pid}/task/{pid}/children")
    if not listed.exists():
        pytest.skip("the system does not list children of a process")
    return [int(child) for child in listed.read_text().split()]


def check(site, out, *, n_kills):
    """The set is whole, and every kill has cost one request at most."""
    albums = AlbumSet(out).albums
    assert [album.album_id for album in albums] == [f"mw{n:010d}" for n in range(60) if n % 10 != 9]
    for album in albums:
        assert album.moods == site.planted.world.albums[int(album.album_id[2:])].moods
        assert album.cover is not None
    repeated = Counter({path: n - 1 for path, n in site.asked.items() if n > 1})
    assert repeated.total() <= n_kills
    with Journal(out / "allmusic" / "journal.sqlite") as journal:
        assert journal.waiting(most=1) == []


@pytest.mark.parametrize("whom", ["command", "crawl"])
def test_killed_at_random_moments_it_goes_on_where_it_was(larger_site, tmp_path, whom):
    rng = random.Random(whom)
    n_killed = 0
    for _ in range(N_KILLS):
        with begin(larger_site, tmp_path / "set") as process:
            wait_for_requests(larger_site, rng.randint(1, 25), process)
            time.sleep(rng.random() * 0.02)
            if process.poll() is None:
                victims = children_of(process.pid) if whom == "crawl" else [process.pid]
                for victim in victims:
                    os.kill(victim, signal.SIGKILL)
                n_killed += bool(victims)
            _, said = process.communicate()
        if whom == "crawl" and process.returncode == 1:
            assert "the crawl ended without a word (exit code -9)" in said
    assert n_killed >= 4
    with begin(larger_site, tmp_path / "set") as process:
        assert process.wait(60) == 0
    check(larger_site, tmp_path / "set", n_kills=n_killed)


@pytest.mark.parametrize("end", [signal.SIGINT, signal.SIGTERM])
def test_ctrl_c_ends_with_130_and_the_state_saved(larger_site, tmp_path, end):
    with begin(larger_site, tmp_path / "set") as process:
        wait_for_requests(larger_site, 20, process)
        os.killpg(process.pid, end)
        _, said = process.communicate(timeout=20)
    assert process.returncode == 130
    assert "interrupted; what was finished is saved, run the same command again to go on" in said
    assert "Traceback" not in said
    n_asked = larger_site.served.asked.total()
    time.sleep(0.3)
    assert larger_site.served.asked.total() - n_asked <= 1  # nobody goes on in the background
    with begin(larger_site, tmp_path / "set") as process:
        assert process.wait(60) == 0
    check(larger_site, tmp_path / "set", n_kills=1)


def test_two_crawls_do_not_write_into_one_set(site, tmp_path):
    with Journal(tmp_path / "set" / "allmusic" / "journal.sqlite"):
        with pytest.raises(SourceError, match="in use: another crawl writes there"):
            crawl(site, tmp_path / "set")
        assert site.asked == {}


def test_a_kill_between_answer_and_settling_costs_no_request(site, tmp_path):
    """The answer is in the cache before anything is made of it: a journal of before it asks for nothing again."""
    crawl(site, tmp_path / "set", start=site.page(2))
    n_asked = site.asked[site.page(2)]
    journal = tmp_path / "set" / "allmusic" / "journal.sqlite"
    journal.unlink()
    crawl(site, tmp_path / "set", start=site.page(2))
    assert site.asked[site.page(2)] == n_asked == 1


def test_an_error_of_the_machine_stops_the_crawl_and_loses_nothing(site, tmp_path):
    in_the_way = tmp_path / "set" / "covers"
    in_the_way.parent.mkdir()
    in_the_way.write_text("no folder")
    with pytest.raises(SourceError, match=r"unexpected (FileExists|NotADirectory)Error: .*; what was fetched is kept"):
        crawl(site, tmp_path / "set")
    assert sum(path.startswith("/covers/") for path in site.asked) == 1
    in_the_way.unlink()
    assert crawl(site, tmp_path / "set").counts.reviewed == 11
    assert {path for path, n in site.asked.items() if n > 1} == {"/covers/0.jpg"}
