"""A small planted set with features, and a model trained on it for a moment."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from albumnet import pipeline
from albumnet.features import extract_features
from albumnet.models.presets import PRESETS
from albumnet.planted import draw_world, write_world
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
