"""A small planted set with features, a model trained on it for a moment, and a recommender of few listeners."""

import csv
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from albumnet import pipeline
from albumnet.dataset import AlbumSet
from albumnet.features import extract_features
from albumnet.models.presets import PRESETS
from albumnet.planted import draw_listeners, draw_world, write_world
from albumnet.recommend.recommenders import AlsOptions
from albumnet.sources import import_table
from albumnet.vision.backbones import load_backbone


def make_planted_run(base: Path, *, n_albums: int, cover_size: int) -> tuple[Path, Path]:
    """Write covers, set and run into `base`; the folders of the last two."""
    table = write_world(draw_world(n_albums=n_albums, rng=np.random.default_rng(4), cover_size=cover_size), base)
    album_set = import_table(table, base / "covers", out=base / "set").album_set
    extract_features(album_set, load_backbone("efficientnet_lite0"), device="cpu")
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(PRESETS, "small", replace(PRESETS["small"], strengths=(1e-2,), max_epochs=5))
        options = pipeline.training_options(
            album_set, model="2", device="cpu", min_albums_per_mood=4, backbone="efficientnet_lite0"
        )
        pipeline.train(album_set, base / "run", options=options, backbone="efficientnet_lite0")
    return base / "set", base / "run"


def fit_planted_recommender(album_set: AlbumSet, run: Path, base: Path) -> Path:
    """Listeners of moods who all leave the set's first album alone, and a recommender fitted to them; its folder."""
    albums = album_set.albums
    moods = album_set.vocabulary.target([album.moods for album in albums]).astype(np.float64)
    artists = np.unique([album.artist for album in albums], return_inverse=True)[1]
    drawn = draw_listeners(
        moods - moods.mean(axis=0), artists, shares={"mood": 1.0}, n_users=30, n_likes=8, rng=np.random.default_rng(0)
    )
    with (base / "ratings.csv").open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(("user", "album_id", "rating"))
        for user, album in zip(drawn.user.tolist(), drawn.album.tolist(), strict=True):
            if album:
                writer.writerow((f"u{user}", albums[album].album_id, 5))
    options = AlsOptions(n_factors=8, n_iterations=5, n_threads=1)
    pipeline.fit_recommender(base / "ratings.csv", album_set=album_set, run=run, out=base / "rec", als=options)
    return base / "rec"
