"""The demo's stages on a smaller planted world, whose truth the models must find, and no more than it."""

import numpy as np
import pytest

from albumnet import pipeline
from albumnet.dataset import AlbumSet, FeatureStore
from albumnet.metrics import roc_auc
from albumnet.models.prediction import load_model
from albumnet.planted import draw_world


@pytest.fixture(scope="module")
def demo(tmp_path_factory):
    directory = tmp_path_factory.mktemp("demo")
    return directory, pipeline.demo(directory, seed=0, n_albums=360)


def test_it_scores_the_four_models_beside_metadata_and_prior(demo):
    names = [row.name for row in demo[1].rows]
    assert [name.split(":")[0] for name in names] == [
        "model 1",
        "model 2",
        "model 3",
        "model 4",
        "metadata only",
        "prior",
    ]


def test_covers_say_more_than_metadata_in_a_world_made_so(demo):
    scores = {row.name.split(":")[0]: row.scores.macro_roc_auc for row in demo[1].rows}
    assert scores["model 1"] > 0.65
    assert scores["model 2"] > scores["metadata only"]
    assert scores["prior"] == 0.5


def test_visible_moods_are_read_from_covers_better_than_invisible_ones(demo):
    directory, result = demo
    truth = draw_world(n_albums=360, rng=np.random.default_rng(0)).truth
    visibility = dict(zip(truth.mood_names, truth.visibility, strict=True))
    album_set, model = AlbumSet(result.album_set), load_model(directory / "run-1")
    held_out = [a for a in album_set.albums if album_set.splits[a.album_id] != "train"]
    store = FeatureStore(album_set.features_dir("efficientnet_lite0"))
    probabilities = pipeline.predict_albums(model, album_set, held_out, store)
    target = model.config.vocabulary.target([a.moods for a in held_out])
    auc = {mood: roc_auc(target[:, m], probabilities[:, m]) for m, mood in enumerate(model.config.moods)}
    visible = [value for mood, value in auc.items() if visibility[mood] >= 0.8]
    invisible = [value for mood, value in auc.items() if visibility[mood] == 0]
    assert np.mean(visible) > np.mean(invisible) + 0.1


def test_one_cover_is_read_with_base_rates(demo):
    result = demo[1]
    assert [mood.rank for mood in result.moods] == list(range(1, 9))
    assert all(0 < mood.base_rate < 1 for mood in result.moods)
    assert result.cover.is_file()
    assert result.true_moods


def test_running_it_again_does_nothing_twice(demo):
    directory, first = demo
    before = {path: path.stat().st_mtime_ns for path in directory.rglob("*") if path.suffix in (".jpg", ".safetensors")}
    again = pipeline.demo(directory, seed=0, n_albums=360)
    assert {path: path.stat().st_mtime_ns for path in before} == before
    assert [row.scores for row in again.rows] == [row.scores for row in first.rows]
