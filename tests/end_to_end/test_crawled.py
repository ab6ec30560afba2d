"""From a site to a model by the commands of the README: crawled, killed twice, cleaned, split, featured, trained on."""

import json
import os
import signal
import subprocess
import sys

import pytest

from albumnet.dataset import AlbumSet
from planted_stand_in import stand_in_site

N_ALBUMS = 2_000
ENVIRONMENT = {**os.environ, "no_proxy": "127.0.0.1", "NO_PROXY": "127.0.0.1"}


def albumnet(*arguments):
    command = [sys.executable, "-m", "albumnet", *map(str, arguments)]
    return subprocess.Popen(command, env=ENVIRONMENT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def run(*arguments):
    with albumnet(*arguments) as process:
        out, said = process.communicate()
    assert process.returncode == 0, said
    return out, said


def kill_after(site, n_requests, *arguments):
    with albumnet(*arguments) as process:
        while site.served.asked.total() < n_requests:
            assert process.poll() is None
            try:
                process.wait(0.05)
            except subprocess.TimeoutExpired:
                continue
        process.send_signal(signal.SIGKILL)
        process.communicate()
    assert process.returncode == -signal.SIGKILL


@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_a_site_becomes_a_model(tmp_path):
    crawled, cleaned, trained = tmp_path / "crawled", tmp_path / "cleaned", tmp_path / "run"
    with stand_in_site(n_albums=N_ALBUMS) as site:
        crawl = ("crawl", "allmusic", "--start", f"{site.address}/sitemap.xml", "--out", crawled, "--i-may-crawl")
        kill_after(site, 700, *crawl, "--delay", 0)
        kill_after(site, 3_000, *crawl, "--delay", 0)
        _, said = run(*crawl, "--delay", 0)
        assert "2,000 albums found, 2,000 read, 1,800 with an official review" in said
        assert sum(n - 1 for n in site.asked.values()) <= 2
        planted = site.planted.world.albums
    albums = AlbumSet(crawled).albums
    assert [album.album_id for album in albums] == [f"mw{n:010d}" for n in range(N_ALBUMS) if n % 10 != 9]
    assert all(album.moods == planted[int(album.album_id[2:])].moods and album.cover for album in albums)
    run("clean", crawled, "--out", cleaned, "--min-side", 32)
    run("split", cleaned, "--force", "--seed", 1)
    run("features", cleaned)
    run("train", cleaned, "--model", 2, "--out", trained)
    metrics = json.loads((trained / "metrics.json").read_text("utf-8"))
    scores = {row["name"].split(":")[0]: row["macro_roc_auc"] for row in metrics["rows"]}
    assert scores["model 2"] > 0.65
    assert scores["model 2"] > scores["prior"] == 0.5
    _, said = run(*crawl, "--delay", 0)  # the site is gone, and nobody asks for it
    assert "is there already" in said
