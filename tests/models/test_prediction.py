"""A trained model in use, from its folder: what goes in, what comes out, and what is refused."""

import importlib.util
import json
import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import albumnet
from albumnet import pipeline
from albumnet.dataset import write_album_set
from albumnet.errors import FeatureStoreError, MissingExtraError, RunError, VocabularyMismatchError, WordVectorError
from albumnet.models.prediction import load_model
from albumnet.models.presets import MODELS
from albumnet.moodspace import embed_labels, load_packaged_vectors
from albumnet.records import MoodVocabulary
from albumnet.training.assembly import TrainingOptions, save_run, train_model
from albumnet.vision.decoding import decode_cover


def save(world, path: Path, vectors, *, model="2") -> Path:
    options = TrainingOptions(model=model, preset="quick", min_albums_per_mood=5, device="cpu", vectors=vectors)
    save_run(path, train_model(world.sides, world.store, options=options))
    return path


@pytest.fixture
def make_run(pictured, vectors, tmp_path):
    return lambda model="2": save(pictured, tmp_path / f"run-{model}", vectors, model=model)


@pytest.fixture
def model(make_run, installed_backbone):
    return load_model(make_run())


def probabilities(prediction) -> dict[str, float]:
    return {mood.mood: mood.probability for mood in prediction.moods}


@pytest.mark.parametrize("name", MODELS)
def test_a_loaded_model_predicts_what_the_trained_one_did(pictured, vectors, tmp_path, name):
    options = TrainingOptions(model=name, preset="quick", min_albums_per_mood=5, device="cpu", vectors=vectors)
    trained = train_model(pictured.sides, pictured.store, options=options)
    save_run(tmp_path, trained)
    test = pictured.sides["test"]
    given = (pictured.store.read([a.cover for a in test]), [a.genres for a in test], [a.year for a in test])
    np.testing.assert_array_equal(load_model(tmp_path).probabilities(*given), trained.model.probabilities(*given))


@pytest.mark.parametrize("name", MODELS)
def test_predicting_a_cover_is_predicting_from_its_stored_features(
    make_run, installed_backbone, pictured, covers, name
):
    loaded = load_model(make_run(name))
    albums = pictured.album_set.albums[:3]
    stored = loaded.probabilities(
        pictured.store.read([a.cover for a in albums]), [a.genres for a in albums], [a.year for a in albums]
    )
    predicted = loaded.predict(covers[:3], genres=[a.genres for a in albums], years=[a.year for a in albums])
    for row, prediction in zip(stored, predicted, strict=True):
        found = [probabilities(prediction)[mood] for mood in loaded.config.moods]
        np.testing.assert_allclose(found, row, atol=2e-3)  # features are stored in float16


def test_moods_come_likeliest_first_with_rank_and_base_rate(model, covers):
    (prediction,) = model.predict([covers[0]])
    assert [mood.rank for mood in prediction.moods] == [1, 2, 3, 4]
    ordered = [mood.probability for mood in prediction.moods]
    assert ordered == sorted(ordered, reverse=True)
    assert all(0 < p < 1 for p in ordered)
    base_rate = dict(zip(model.config.moods, model.config.base_rates, strict=True))
    assert {mood.mood: mood.base_rate for mood in prediction.moods} == base_rate


def test_top_keeps_the_likeliest(model, covers):
    (whole,), (top,) = model.predict([covers[0]]), model.predict([covers[0]], top=2)
    assert top.moods == whole.moods[:2]


def test_bytes_and_paths_are_one_and_the_same_cover(model, covers, tmp_path):
    path = tmp_path / "cover.png"
    path.write_bytes(covers[0])
    by_bytes, by_path, by_name = model.predict([covers[0], path, str(path)])
    assert by_bytes.moods == by_path.moods == by_name.moods
    assert (by_path.cover, by_bytes.cover) == (str(path), f"{len(covers[0])} bytes")


def test_one_cover_and_one_genre_need_no_list(model, covers, tmp_path):
    path = tmp_path / "cover.png"
    path.write_bytes(covers[0])
    in_lists = model.predict([covers[0]], genres=["Rock"])[0].moods
    assert [p.moods for p in model.predict(covers[0], genres="Rock")] == [in_lists]
    assert [p.moods for p in model.predict(str(path), genres="Rock")] == [in_lists]
    assert [p.moods for p in model.predict(path, genres="Rock")] == [in_lists]


def test_genres_and_a_year_may_be_those_of_all_covers(model, covers):
    together = model.predict(covers[:2], genres=["Rock"], years=1977)
    apart = [model.predict([cover], genres=["Rock"], years=1977)[0] for cover in covers[:2]]
    for first, second in zip(together, apart, strict=True):
        assert probabilities(first) == pytest.approx(probabilities(second), abs=1e-6)
    assert probabilities(together[0]) != probabilities(model.predict([covers[0]])[0])


def test_genres_and_years_may_be_given_per_cover(model, covers):
    both = model.predict([covers[0]] * 2, genres=[["Rock"], []], years=[1977, None])
    assert probabilities(both[0]) == pytest.approx(
        probabilities(model.predict([covers[0]], genres=["Rock"], years=1977)[0]), abs=1e-6
    )
    assert probabilities(both[1]) == pytest.approx(probabilities(model.predict([covers[0]])[0]), abs=1e-6)


def test_an_unknown_genre_counts_as_none(model, covers):
    assert model.predict([covers[0]], genres=["Polka"]) == model.predict([covers[0]])


@pytest.mark.parametrize("wrong", [{"genres": [["Rock"]]}, {"years": [1977, 1978, 1979]}])
def test_other_than_one_per_cover_is_refused(model, covers, wrong):
    with pytest.raises(ValueError, match="zip"):
        model.predict(covers[:2], **wrong)


def test_a_prediction_does_not_depend_on_the_covers_beside_it(model, covers):
    among_many = model.predict(covers[:40])
    for n in (0, 31, 32, 39):
        assert probabilities(among_many[n]) == pytest.approx(probabilities(model.predict([covers[n]])[0]), abs=1e-6)


@pytest.mark.parametrize(
    ("broken", "reason"),
    [(b"", "empty"), (b"no picture at all", "not a picture"), ("missing.png", "cannot be read: No such file")],
)
def test_a_broken_cover_among_good_ones_is_an_entry_with_its_reason(model, covers, broken, reason):
    first, second, third = model.predict([covers[0], broken, covers[1]])
    assert reason in second.error
    assert second.moods == ()
    assert first.error is third.error is None
    assert probabilities(third) == pytest.approx(probabilities(model.predict([covers[1]])[0]), abs=1e-6)


def test_a_truncated_cover_has_its_reason_too(model, covers):
    (prediction,) = model.predict([covers[0][:60]])
    assert prediction.error
    assert "\n" not in prediction.error


def test_no_covers_give_no_predictions(model):
    assert model.predict([]) == []


def test_model_of_other_backbone_weights_is_refused_and_both_are_named(
    make_run, installed_backbone, make_backbone, covers
):
    installed_backbone["now"] = lambda: make_backbone(weights_digest="f" * 16)
    with pytest.raises(FeatureStoreError, match=f"tiny weights 0123456789abcdef, but {'f' * 16} is here.*--weights"):
        load_model(make_run()).predict([covers[0]])


def test_model_of_another_transform_is_refused(make_run, installed_backbone, make_backbone, covers):
    installed_backbone["now"] = lambda: make_backbone(mean=0.0)
    with pytest.raises(FeatureStoreError, match="trained with tiny transform"):
        load_model(make_run()).predict([covers[0]])


@pytest.mark.parametrize("name", MODELS)
def test_every_model_gives_each_album_a_place_in_the_mood_space(make_run, pictured, name):
    loaded = load_model(make_run(name))
    given = features_genres_years(pictured)
    placed = loaded.mood_vectors(*given)
    assert placed.shape == (len(given[1]), loaded.embedding_size)
    np.testing.assert_allclose(np.linalg.norm(placed, axis=1), 1, rtol=1e-5)


def test_the_closeness_of_a_label_model_to_its_own_moods_ranks_them_as_its_probabilities_do(make_run, pictured):
    loaded = load_model(make_run("2"))
    given = features_genres_years(pictured)
    moods, labels = loaded.mood_labels
    columns = [loaded.config.moods.index(mood) for mood in moods]
    raw = loaded.probabilities(*given, is_calibrated=False)[:, columns]
    correlation = np.corrcoef(loaded.closeness_to(labels, *given).ravel(), np.log(raw / (1 - raw)).ravel())[0, 1]
    assert correlation > 0.95


def test_closeness_to_vectors_of_another_width_is_refused(make_run, pictured):
    with pytest.raises(RunError, match="answers in 100 numbers, the moods' vectors have 7"):
        load_model(make_run("2")).closeness_to(np.ones((1, 7), np.float32), *features_genres_years(pictured))


def test_a_label_model_whose_moods_have_no_word_vectors_has_no_mood_space(model, pictured):
    model.config = replace(model.config, moods=tuple(f"xqzt{n}" for n in range(len(model.config.moods))))
    with pytest.raises(WordVectorError, match=r"^0 of the model's \d+ moods have a word vector"):
        model.mood_vectors(*features_genres_years(pictured))


def features_genres_years(pictured):
    test = pictured.sides["test"]
    return pictured.store.read([a.cover for a in test]), [a.genres for a in test], [a.year for a in test]


def test_features_are_wanted_by_a_model_with_the_cover(model):
    with pytest.raises(RunError, match="needs a cover"):
        model.probabilities(None, [()], [None])


def test_a_backbone_without_a_graph_says_what_to_install_where_torch_is_missing(make_run, covers, monkeypatch):
    loaded = load_model(make_run())
    find = importlib.util.find_spec
    monkeypatch.setattr(importlib.util, "find_spec", lambda name, *rest: None if name == "torch" else find(name, *rest))
    with pytest.raises(MissingExtraError, match=r"pip install 'albumnet\[train\]'"):
        loaded.predict(covers[:1])


def test_load_model_is_the_packages_own_door(make_run):
    assert albumnet.load_model is load_model
    assert isinstance(albumnet.load_model(str(make_run())), albumnet.MoodModel)


@pytest.fixture
def foreign(pictured, tmp_path):
    """The same covers in a set whose moods are others."""
    renamed = {"Bleak": "Desolate", "Cheerful": "Sunny"}
    albums = [replace(a, moods=tuple(renamed.get(m, m) for m in a.moods)) for a in pictured.album_set.albums]
    vocabulary = MoodVocabulary(("Desolate", "Energetic", "Laid-Back", "Sunny"))
    path = tmp_path / "foreign"
    album_set = write_album_set(path, albums, vocabulary=vocabulary, import_digest="foreign")
    path.joinpath("features").symlink_to(pictured.album_set.path / "features")
    return album_set


def test_a_set_of_another_vocabulary_is_scored_with_the_models_moods(make_run, foreign, pictured, tmp_path):
    run = make_run()
    paths = [tmp_path / "theirs.parquet", tmp_path / "ours.parquet"]
    for album_set, path in zip((foreign, pictured.album_set), paths, strict=True):
        n_scored, left_out = pipeline.score(album_set, run, out=path)
        assert (n_scored, left_out) == (len(album_set.albums), ())
    theirs, ours = (pipeline_table(path) for path in paths)
    assert theirs == ours
    assert {row["mood"] for row in theirs} == set(load_model(run).config.moods)


def pipeline_table(path: Path) -> list[dict]:
    import pyarrow.parquet as pq

    return pq.read_table(path).to_pylist()


def test_a_set_of_another_vocabulary_has_no_targets_to_compare_with(make_run, foreign, pictured):
    loaded = load_model(make_run())
    pipeline.compare_with_set(loaded, pictured.album_set)
    with pytest.raises(VocabularyMismatchError, match=r"2 of the model's 4 moods.*Bleak, Cheerful"):
        pipeline.compare_with_set(loaded, foreign)


def test_scores_are_finite_json(model, covers):
    (prediction,) = model.predict([covers[0]])
    assert all(math.isfinite(p) for p in json.loads(json.dumps(probabilities(prediction))).values())


@pytest.mark.parametrize("value", [math.nan, math.inf])
def test_damaged_weights_are_one_line_and_no_probabilities(model, covers, value):
    model.head.arrays["output.bias"][0] = value
    with pytest.raises(RunError, match=r"model 2: .* gives nan or infinity"):
        model.predict(covers[:1])


def test_damaged_features_are_one_line_too(model):
    with pytest.raises(RunError, match="an album's features are damaged"):
        model.probabilities(np.full((1, 6, 4, 4), np.nan, np.float32), [[]], [None])


def test_only_the_moods_asked_for_are_told_with_their_rank_among_all(model, covers):
    (whole,) = model.predict([covers[0]])
    asked = whole.moods[2]
    (prediction,) = model.predict([covers[0]], moods=asked.mood.upper())
    assert prediction.moods == (asked,)
    assert prediction.unseen_moods == ()


def test_an_unseen_mood_has_its_closeness(model, covers):
    labels = embed_labels(["Funereal"], load_packaged_vectors())
    predictions = model.predict(covers[:3], moods=["Funereal"])
    pixels = np.stack([decode_cover(cover, size=16, interpolation="bilinear") for cover in covers[:3]])
    near = model.closeness_to(labels, model.features(pixels), [[]] * 3, [None] * 3)
    assert [found.unseen_moods[0].closeness for found in predictions] == pytest.approx(near[:, 0].tolist())
    assert all(found.moods == () for found in predictions)
