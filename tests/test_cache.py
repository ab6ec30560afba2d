"""Where caches lie."""

import sys
from pathlib import Path

import pytest

from albumnet.cache import cache_folder, library_cache


@pytest.fixture(autouse=True)
def nothing_said(monkeypatch):
    for name in ("ALBUMNET_CACHE", "XDG_CACHE_HOME"):
        monkeypatch.delenv(name, raising=False)


def test_it_lies_where_the_user_says(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert cache_folder("serve") == tmp_path / "albumnet" / "serve"
    monkeypatch.setenv("ALBUMNET_CACHE", str(tmp_path / "mine"))
    assert cache_folder("serve") == tmp_path / "mine" / "serve"


@pytest.mark.skipif(sys.platform in ("darwin", "win32"), reason="these keep caches elsewhere")
def test_it_lies_at_home_where_nobody_said(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    assert cache_folder("graphs") == Path(tmp_path, ".cache", "albumnet", "graphs")


def test_every_library_has_a_folder_of_its_own(tmp_path):
    assert library_cache(tmp_path / "a") != library_cache(tmp_path / "b")
    assert library_cache(tmp_path / "a" / ".." / "a") == library_cache(tmp_path / "a")
