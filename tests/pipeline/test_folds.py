"""Cross-validation: every album tested once, never by its own artist, and nothing found where there is nothing."""

import numpy as np

from albumnet import pipeline
from albumnet.dataset import FeatureStore
from small_world import MOODS, make_albums, make_set


def test_cross_validation_tests_every_album_once_and_never_by_its_own_artist(album_set):
    store = FeatureStore(album_set.features_dir("efficientnet_lite0"))
    options = [pipeline.training_options(album_set, model=m, device="cpu") for m in ("1", "metadata")]
    prior, model, metadata = pipeline.cross_validate(
        album_set, store, options=options, n_folds=3, min_albums_per_mood=30, seed=0
    )
    assert prior.fold_mean_roc_auc == 0.5
    assert model.pooled.n_moods == len(MOODS)
    assert model.pooled.macro_roc_auc > 0.7
    assert abs(metadata.pooled.macro_roc_auc - 0.5) < 0.1
    assert len(model.strengths) == 3


def test_cross_validation_finds_nothing_where_there_is_nothing(tmp_path):
    albums, features = make_albums(np.random.default_rng(0))
    shuffled = np.random.default_rng(1).permutation(features)
    album_set = make_set(tmp_path / "set", albums, shuffled)
    options = [pipeline.training_options(album_set, model="1", device="cpu")]
    store = FeatureStore(album_set.features_dir("efficientnet_lite0"))
    _, model = pipeline.cross_validate(album_set, store, options=options, n_folds=3, min_albums_per_mood=30, seed=0)
    assert abs(model.fold_mean_roc_auc - 0.5) < 0.06
