"""`albumnet crawl allmusic`: what it refuses, prints and ends with."""

import subprocess
import sys

import pytest
from typer.testing import CliRunner

from albumnet.cli import app
from planted_site import Answer
from planted_stand_in import stand_in_site


@pytest.fixture
def site(monkeypatch):
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    with stand_in_site() as site:
        yield site


def run(*arguments):
    return CliRunner().invoke(app, ["crawl", "allmusic", *arguments])


def all_of(site, tmp_path):
    return ("--start", f"{site.address}/sitemap.xml", "--out", str(tmp_path / "set"), "--i-may-crawl", "--delay", "0")


def test_it_does_not_start_before_the_user_states_that_they_may(site, tmp_path):
    result = run("--start", f"{site.address}/sitemap.xml", "--out", str(tmp_path / "set"))
    assert result.exit_code == 2
    assert "--i-may-crawl" in result.output
    assert not site.served.asked
    assert not (tmp_path / "set").exists()


def test_a_site_elsewhere_must_know_whom_to_write_to(tmp_path):
    result = run("--start", "https://site.example/sitemap.xml", "--out", str(tmp_path / "set"), "--i-may-crawl")
    assert result.exit_code == 1
    assert "--contact takes a mail address" in result.output
    assert not (tmp_path / "set").exists()


def test_a_crawl_says_what_it_found(site, tmp_path):
    arguments = (
        "--start",
        f"{site.address}/sitemap.xml",
        "--out",
        str(tmp_path / "set"),
        "--i-may-crawl",
        "--delay",
        "0",
    )
    result = run(*arguments)
    assert result.exit_code == 0
    assert result.stdout == ""
    assert "albums  12 of 12" in result.stderr
    assert "12 albums found, 12 read, 11 with an official review" in result.stderr
    assert "11 albums, 11 covers" in result.stderr
    assert "is there already" in run(*all_of(site, tmp_path)).stderr


def test_pages_that_failed_are_listed_and_end_with_3(site, tmp_path):
    site.faults[site.page(2)] = lambda: Answer(404)
    result = run(
        "--start", f"{site.address}/sitemap.xml", "--out", str(tmp_path / "set"), "--i-may-crawl", "--delay", "0"
    )
    assert result.exit_code == 3
    assert f"{site.address}{site.page(2)}: there is nothing (404)" in result.stderr


def test_without_scrapy_the_extra_is_named(site, tmp_path, monkeypatch):
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    result = run("--start", f"{site.address}/sitemap.xml", "--out", str(tmp_path / "set"), "--i-may-crawl")
    assert result.exit_code == 1
    assert "pip install 'albumnet[crawl]'" in result.stderr


def test_neither_scrapy_nor_twisted_is_imported_before_the_crawl():
    code = (
        "import sys, albumnet.cli, albumnet.sources.allmusic; print(*{'scrapy', 'twisted', 'lxml'} & set(sys.modules))"
    )
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stdout == "\n"
