"""The app in a browser: a small planted set with a model, and one as large as the origin's with a map."""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe

from albumnet.dataset import AlbumSet
from albumnet.web.app import app_of
from albumnet.web.loading import load_state
from albumnet.web.options import ServeOptions
from albumnet.web.state import AppState
from web.planted_127k import write_planted
from web.planted_run import fit_planted_recommender, make_planted_run
from web.serving import serving

N_ALBUMS = 60
DESKTOP = {"width": 1280, "height": 800}
PHONE = {"width": 390, "height": 844}


@dataclass(frozen=True)
class Site:
    """An app that answers, and what it serves."""

    address: str
    state: AppState
    covers: tuple[Path, ...] = ()


@pytest.fixture(scope="session")
def planted(tmp_path_factory) -> tuple[Path, Path, tuple[Path, ...]]:
    """A planted set, a model trained on it for a moment, and the covers' files."""
    base = tmp_path_factory.mktemp("planted")
    made = make_planted_run(base, n_albums=N_ALBUMS, cover_size=160)
    report = "<!DOCTYPE html><title>r</title><h1>A report</h1><script>document.body.append('sorted')</script>"
    (base / "run/report.html").write_text(report, "utf-8")
    return *made, tuple(sorted((base / "covers").iterdir()))


@pytest.fixture(scope="session")
def site(planted, tmp_path_factory) -> Iterator[Site]:
    """Set, model, map and recommender."""
    album_set, run, covers = planted
    base = tmp_path_factory.mktemp("app")
    rec = fit_planted_recommender(AlbumSet(album_set), run, base)
    state = load_state(ServeOptions(album_set=album_set, model=run, recommender=rec, app_dir=base))
    with serving(app_of(state)) as client:
        yield Site(f"http://127.0.0.1:{client.port}", state, covers)


@pytest.fixture(scope="session")
def big_site(tmp_path_factory) -> Iterator[Site]:
    """127,467 albums and their map, without a model."""
    base = tmp_path_factory.mktemp("big")
    planted = write_planted(base)
    state = load_state(ServeOptions(album_set=planted.album_set, mood_map=planted.mood_map, app_dir=base / "app"))
    with serving(app_of(state)) as client:
        yield Site(f"http://127.0.0.1:{client.port}", state)


@pytest.fixture
def wait_until() -> Callable[..., object]:
    """Ask a page until an expression is true: `wait_for_function` would need eval, which the app's policy forbids."""

    def wait(page, expression: str, *, timeout_s: float = 20.0) -> object:
        deadline = time.monotonic() + timeout_s
        while not (value := page.evaluate(expression)):
            assert time.monotonic() < deadline, f"never became true: {expression}"
            page.wait_for_timeout(20)
        return value

    return wait


@pytest.fixture
def find_faults() -> Callable[..., list[str]]:
    """Serious and critical faults that axe finds on a page."""

    def find(page) -> list[str]:
        found = Axe().run(page, options={"resultTypes": ["violations"]}).response["violations"]
        return [
            f"{fault['id']}: {fault['nodes'][0]['html'][:200]} ({fault['nodes'][0]['failureSummary']})"
            for fault in found
            if fault["impact"] in ("serious", "critical")
        ]

    return find
