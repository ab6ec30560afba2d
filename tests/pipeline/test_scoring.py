"""Scoring a set: the model's moods come out, and features of other weights are refused."""

import dataclasses

import numpy as np
import pyarrow.parquet as pq
import pytest

from albumnet import pipeline
from albumnet.dataset import FeatureManifest, FeatureStore
from albumnet.errors import FeatureStoreError, VocabularyMismatchError
from albumnet.models.prediction import load_model
from small_world import MOODS, N_ALBUMS, D, make_albums, make_set, train


def test_a_set_of_another_vocabulary_is_scored_with_the_models_moods(album_set, tmp_path):
    train(album_set, tmp_path / "run")
    albums, features = make_albums(np.random.default_rng(3))
    renamed = [dataclasses.replace(a, moods=tuple(f"Very {m}" for m in a.moods)) for a in albums]
    other = make_set(tmp_path / "other", renamed, features)
    n_scored, left_out = pipeline.score(other, tmp_path / "run", out=tmp_path / "p.parquet")
    assert (n_scored, left_out) == (N_ALBUMS, ())
    table = pq.read_table(tmp_path / "p.parquet")
    assert table.column_names == ["album_id", "mood", "probability", "rank"]
    assert set(table["mood"].to_pylist()) == set(MOODS)
    assert table.num_rows == N_ALBUMS * len(MOODS)
    with pytest.raises(VocabularyMismatchError, match="Bleak, Calm"):
        pipeline.compare_with_set(load_model(tmp_path / "run"), other)


def test_features_of_other_weights_are_not_scored(album_set, tmp_path):
    train(album_set, tmp_path / "run")
    store = album_set.features_dir("efficientnet_lite0")
    FeatureStore.discard(store)
    FeatureStore(store, FeatureManifest("efficientnet_lite0", "x" * 16, "t" * 12, (D,), {})).append(
        [a.cover for a in album_set.albums], np.zeros((N_ALBUMS, D))
    )
    with pytest.raises(FeatureStoreError, match="was made by x"):
        pipeline.score(album_set, tmp_path / "run", out=tmp_path / "p.parquet")
