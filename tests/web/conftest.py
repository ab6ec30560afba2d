"""A planted set with features, a model trained on it, and the app that serves both."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from albumnet.dataset import AlbumSet
from albumnet.web.app import app_of
from albumnet.web.loading import load_state
from albumnet.web.options import ServeOptions
from albumnet.web.state import AppState
from web.planted_run import fit_planted_recommender, make_planted_run
from web.serving import Client, serving

N_ALBUMS = 40


@dataclass(frozen=True)
class Work:
    """Where set and run lie."""

    album_set: Path
    run: Path


@pytest.fixture(scope="session")
def work(tmp_path_factory) -> Work:
    base = tmp_path_factory.mktemp("web")
    made = make_planted_run(base, n_albums=N_ALBUMS, cover_size=96)
    return Work(*made)


@pytest.fixture(scope="session")
def state(work, tmp_path_factory) -> AppState:
    """Set, model and the map that the app makes itself."""
    options = ServeOptions(album_set=work.album_set, model=work.run, app_dir=tmp_path_factory.mktemp("app"))
    return load_state(options)


@pytest.fixture(scope="session")
def client(state) -> Iterator[Client]:
    """Asks an app that serves set, model and map."""
    with serving(app_of(state)) as client:
        yield client


@pytest.fixture(scope="session")
def album_set(work) -> AlbumSet:
    return AlbumSet(work.album_set)


@pytest.fixture(scope="session")
def rec(work, tmp_path_factory) -> Path:
    """A recommender of planted listeners, none of whom likes the set's first album."""
    pytest.importorskip("implicit")
    return fit_planted_recommender(AlbumSet(work.album_set), work.run, tmp_path_factory.mktemp("rec"))
