"""Training as a stage: its scores, and what must not leak between the sides."""

import dataclasses

import numpy as np
import pytest
import torch
from safetensors.torch import load_file

from albumnet.errors import FeatureStoreError, RunError, TrainingError
from small_world import N_ALBUMS, D, make_albums, make_set, train


def test_training_finds_what_covers_say_and_metadata_does_not(album_set, tmp_path):
    result = train(album_set, tmp_path / "run")
    model, metadata, prior = (row.scores.macro_roc_auc for row in result.rows)
    assert model > 0.7
    assert abs(metadata - 0.5) < 0.12
    assert prior == 0.5


def test_the_test_side_does_not_touch_the_model(album_set, tmp_path):
    first = train(album_set, tmp_path / "first", model="2")
    albums, features = make_albums(np.random.default_rng(0))
    is_test = [album_set.splits[a.album_id] == "test" for a in albums]
    rng = np.random.default_rng(1)
    changed = [
        dataclasses.replace(a, moods=("Playful",), genres=("Polka",), year=1911) if test else a
        for a, test in zip(albums, is_test, strict=True)
    ]
    features[is_test] = rng.normal(size=(sum(is_test), D)) * 100
    second = train(make_set(tmp_path / "changed", changed, features), tmp_path / "second", model="2")
    weights = [load_file(tmp_path / run / "model.safetensors") for run in ("first", "second")]
    assert weights[0].keys() == weights[1].keys()
    assert all(torch.equal(weights[0][name], weights[1][name]) for name in weights[0])
    assert first.rows[0].scores != second.rows[0].scores


def test_the_vectors_of_models_3_and_4_give_scores_above_the_prior(album_set, tmp_path):
    for model in ("3", "4"):
        result = train(album_set, tmp_path / model, model=model)
        assert result.rows[0].scores.macro_roc_auc > 0.55


def test_a_finished_run_is_not_overwritten_without_force(album_set, tmp_path):
    train(album_set, tmp_path / "run")
    with pytest.raises(RunError, match="--force"):
        train(album_set, tmp_path / "run")


def test_covers_without_features_are_an_error_unless_they_failed(tmp_path):
    albums, features = make_albums(np.random.default_rng(0))
    album_set = make_set(tmp_path / "set", albums, features, n_with_features=N_ALBUMS - 3)
    with pytest.raises(FeatureStoreError, match="lacks the features of 3 of"):
        train(album_set, tmp_path / "run")


def test_a_set_without_moods_says_so(tmp_path):
    albums, features = make_albums(np.random.default_rng(0))
    album_set = make_set(tmp_path / "set", [dataclasses.replace(a, moods=()) for a in albums], features)
    with pytest.raises(TrainingError, match="--moods-column"):
        train(album_set, tmp_path / "run")
