"""A planted set with features, a model trained on it, and the app that serves both."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pytest

from albumnet import pipeline
from albumnet.dataset import AlbumSet
from albumnet.features import extract_features
from albumnet.models.presets import PRESETS
from albumnet.planted import draw_world, write_world
from albumnet.sources import import_table
from albumnet.vision.backbones import load_backbone
from albumnet.web.app import app_of
from albumnet.web.loading import load_state
from albumnet.web.options import ServeOptions
from albumnet.web.state import AppState
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
    table = write_world(draw_world(n_albums=N_ALBUMS, rng=np.random.default_rng(4), cover_size=96), base)
    album_set = import_table(table, base / "covers", out=base / "set").album_set
    extract_features(album_set, load_backbone("efficientnet_lite0"), device="cpu")
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(PRESETS, "small", replace(PRESETS["small"], strengths=(1e-2,), max_epochs=5))
        options = pipeline.training_options(
            album_set, model="2", device="cpu", min_albums_per_mood=4, backbone="efficientnet_lite0"
        )
        pipeline.train(album_set, base / "run", options=options, backbone="efficientnet_lite0")
    return Work(base / "set", base / "run")


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
