"""The stages in order: training scores, cross-validation, and what must not leak between the sides."""

import dataclasses

import numpy as np
import pytest
import torch
from safetensors.torch import load_file

from albumnet import pipeline
from albumnet.dataset import FeatureManifest, FeatureStore, write_album_set
from albumnet.errors import FeatureStoreError, RunError, TrainingError, VocabularyMismatchError
from albumnet.models.prediction import load_model
from albumnet.records import Album, build_vocabulary

MOODS = ("Bleak", "Calm", "Playful", "Warm")
N_ALBUMS, D = 400, 12


def make_albums(rng):
    """Moods follow the features (not the metadata): mood m is likely where feature m is high."""
    features = rng.normal(size=(N_ALBUMS, D))
    chance = 1 / (1 + np.exp(-3 * features[:, : len(MOODS)] + 0.5))
    has = rng.random((N_ALBUMS, len(MOODS))) < chance
    albums = [
        Album(
            album_id=f"a{n}",
            artist=f"artist {n % 150}",
            moods=tuple(mood for mood, is_there in zip(MOODS, has[n], strict=True) if is_there),
            genres=(("Rock", "Jazz")[n % 2],),
            year=1960 + n % 50,
            cover=f"{n:064x}",
        )
        for n in range(N_ALBUMS)
    ]
    return albums, features + 5


def make_set(path, albums, features, *, n_with_features=N_ALBUMS):
    album_set = write_album_set(
        path, albums, vocabulary=build_vocabulary(a.moods for a in albums), import_digest="test"
    )
    album_set.write_splits(
        {a.album_id: ("train", "train", "train", "valid", "test")[int(a.artist.split()[1]) % 5] for a in albums}, seed=0
    )
    manifest = FeatureManifest("efficientnet_lite0", "w" * 16, "t" * 12, (D,), {"channels": "RGB"})
    store = FeatureStore(album_set.features_dir("efficientnet_lite0"), manifest)
    store.append([a.cover for a in albums][:n_with_features], features[:n_with_features])
    return album_set


@pytest.fixture
def album_set(tmp_path):
    return make_set(tmp_path / "set", *make_albums(np.random.default_rng(0)))


def train(album_set, out, model="1", **options):
    chosen = pipeline.training_options(album_set, model=model, device="cpu", **options)
    return pipeline.train(album_set, out, options=chosen, backbone="efficientnet_lite0")


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


def test_a_set_of_another_vocabulary_is_scored_with_the_models_moods(album_set, tmp_path):
    import pyarrow.parquet as pq

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
