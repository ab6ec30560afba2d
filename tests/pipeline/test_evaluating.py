"""Evaluation as a stage: baselines know what they may know, files are reused, and what does not fit is refused."""

import dataclasses
import json
import shutil

import numpy as np
import pytest

from albumnet import pipeline
from albumnet.dataset import AlbumSet
from albumnet.dataset.predictions import read_predictions, write_predictions
from albumnet.errors import AlbumSetError, PredictionsError
from albumnet.pipeline import baselines
from albumnet.records import MoodVocabulary
from small_world import MOODS, N_ALBUMS, leave_out_baselines, make_albums, make_set, train


@pytest.fixture(scope="module")
def evaluated(tmp_path_factory):
    """Model 2 of a world whose moods follow its features; colours are left out, for want of pictures."""
    base = tmp_path_factory.mktemp("evaluated")
    with pytest.MonkeyPatch.context() as patch:
        leave_out_baselines(patch, "colours")
        album_set = make_set(base / "set", *make_albums(np.random.default_rng(0)))
        train(album_set, base / "run", model="2")
        evaluation, path = pipeline.evaluate(base / "run", n_resamples=200, n_seeds=2)
        yield base, evaluation, path


@pytest.fixture(autouse=True)
def no_colours(monkeypatch):
    leave_out_baselines(monkeypatch, "colours")


def value(evaluation, row, metric="macro_roc_auc"):
    return evaluation.table.row(row).scores[metric].value


def test_the_model_and_every_baseline_have_a_row(evaluated):
    names = [row.name for row in evaluated[1].table.rows]
    assert names == ["model", "prior", "metadata", "neighbours", "shuffled covers", "shuffled moods"]


def test_each_baseline_knows_what_it_may_and_no_more(evaluated):
    _, evaluation, _ = evaluated
    assert value(evaluation, "model") > 0.58
    assert value(evaluation, "prior") == 0.5
    assert value(evaluation, "neighbours") > 0.6
    for knows_nothing in ("metadata", "shuffled covers", "shuffled moods"):
        assert abs(value(evaluation, knows_nothing) - 0.5) < 0.12, knows_nothing


def test_the_conclusion_is_that_the_cover_adds_something(evaluated):
    assert evaluated[1].conclusion[0].startswith("The cover adds +")


def test_seeds_are_scored_beside_each_other(evaluated):
    _, evaluation, _ = evaluated
    assert len(evaluation.seeds["macro_roc_auc"]) == 2
    assert evaluation.seeds["macro_roc_auc"][0] == value(evaluation, "model")


def test_the_file_says_what_it_was_made_from(evaluated):
    base, evaluation, path = evaluated
    content = json.loads(path.read_text())
    assert content["made_from"]["albums"] == AlbumSet(base / "set").digest
    assert content["table"]["rows"][0]["scores"]["macro_ap"]["value"] == value(evaluation, "model", "macro_ap")


def test_a_second_call_trains_nothing_and_says_the_same(evaluated, monkeypatch):
    base, first, path = evaluated

    def refuse(*_, **__):
        raise AssertionError("trained again")

    monkeypatch.setattr("albumnet.training.assembly.train_model", refuse)
    before = path.read_text()
    again, _ = pipeline.evaluate(base / "run", n_resamples=200, n_seeds=2)
    assert again.conclusion == first.conclusion
    assert path.read_text() == before


def test_a_broken_baseline_file_is_made_again(evaluated):
    base, first, _ = evaluated
    file = next((base / "run" / "baselines").rglob("prior.parquet"))
    file.write_bytes(file.read_bytes()[:100])
    again, _ = pipeline.evaluate(base / "run", n_resamples=200, n_seeds=2)
    assert value(again, "prior") == value(first, "prior")


def test_on_another_set_albums_of_known_artists_are_passed_over(evaluated, tmp_path):
    base, _, own = evaluated
    albums, features = make_albums(np.random.default_rng(5))
    # Fifty of the 150 artists are new; their covers are new too.
    new = [
        dataclasses.replace(
            album,
            album_id=f"b{n}",
            artist=f"{album.artist} again" if int(album.artist.split()[1]) < 50 else album.artist,
            cover=f"{n + 5000:064x}",
        )
        for n, album in enumerate(albums)
    ]
    make_set(tmp_path / "other", new, features)
    evaluation, path = pipeline.evaluate(base / "run", on=tmp_path / "other", n_resamples=100, n_seeds=1)
    kept = evaluation.table.n_albums
    assert 0 < kept < N_ALBUMS
    assert evaluation.n_passed_over > 0
    assert path != own
    assert value(evaluation, "model") > 0.55


def test_a_set_that_changed_since_training_is_refused(tmp_path):
    albums, features = make_albums(np.random.default_rng(0))
    train(make_set(tmp_path / "set", albums, features), tmp_path / "run")
    changed = [dataclasses.replace(album, title="another") for album in albums]
    make_set(tmp_path / "set", changed, features, n_with_features=0)
    with pytest.raises(PredictionsError, match="train the model again"):
        pipeline.evaluate(tmp_path / "run")


def test_a_set_that_is_gone_is_named(tmp_path):
    train(make_set(tmp_path / "set", *make_albums(np.random.default_rng(0))), tmp_path / "run")
    (tmp_path / "set").rename(tmp_path / "elsewhere")
    with pytest.raises(AlbumSetError, match="which is gone"):
        pipeline.evaluate(tmp_path / "run")


def test_models_in_the_mood_space_are_measured_for_collapse(tmp_path):
    album_set = make_set(tmp_path / "set", *make_albums(np.random.default_rng(0)))
    for model in ("3", "4"):
        train(album_set, tmp_path / model, model=model)
        evaluation, _ = pipeline.evaluate(tmp_path / model, n_resamples=20, n_seeds=1)
        assert evaluation.collapse.spread_ratio > 0
        assert len(evaluation.table.moods) == len(MOODS)


def test_what_cannot_be_scored_is_refused_before_any_baseline_is_trained(evaluated, tmp_path, monkeypatch):
    base, _, _ = evaluated
    albums, features = make_albums(np.random.default_rng(5))
    monkeypatch.setattr("albumnet.pipeline.evaluating.BASELINES", None)
    for name, change, said in (
        ("one artist", {"artist": "somebody 1"}, "are by one artist"),
        ("all moods", {"moods": MOODS}, "none of the 4 moods is on some of the"),
        ("no moods", {"moods": ()}, "no album of .* is left to evaluate on"),
    ):
        new = [
            dataclasses.replace(album, **{"artist": f"{album.artist} again", "cover": f"{n + 5000:064x}", **change})
            for n, album in enumerate(albums)
        ]
        make_set(tmp_path / name, new, features, vocabulary=MoodVocabulary(MOODS))
        with pytest.raises(PredictionsError, match=said):
            pipeline.evaluate(base / "run", on=tmp_path / name, n_resamples=10, n_seeds=1)


def test_predictions_of_other_albums_or_moods_name_both_digests(evaluated, tmp_path):
    base, _, _ = evaluated
    run = shutil.copytree(base / "run", tmp_path / "run")
    (run / "evaluation.json").unlink()
    path = run / "predictions.parquet"
    found = read_predictions(path)

    def write(**changes):
        content = {
            "album_ids": found.album_ids, "moods": found.vocabulary.names, "probabilities": found.probabilities,
            "splits": found.splits, "made_from": found.made_from,
        }  # fmt: skip
        write_predictions(path, **{**content, **changes})

    write(made_from={**found.made_from, "albums": "f" * 16})
    with pytest.raises(PredictionsError, match=f"{'f' * 16}.*{found.made_from['albums']}"):
        pipeline.evaluate(run)
    names = ("Zzz", *found.vocabulary.names[1:])
    write(moods=names)
    with pytest.raises(
        PredictionsError, match=f"{MoodVocabulary(tuple(sorted(names))).digest}.*{found.vocabulary.digest}"
    ):
        pipeline.evaluate(run)
    write(probabilities=np.full_like(found.probabilities, np.nan))
    with pytest.raises(PredictionsError, match="no probabilities"):
        pipeline.evaluate(run)


def test_moods_without_a_word_vector_are_named_and_nearness_is_left_out(tmp_path, monkeypatch):
    leave_out_baselines(monkeypatch, *set(baselines.BASELINES) - {"prior"})
    albums, features = make_albums(np.random.default_rng(0))
    renamed = [
        dataclasses.replace(album, moods=tuple("Xyzzyish" if mood == "Calm" else mood for mood in album.moods))
        for album in albums
    ]
    train(make_set(tmp_path / "set", renamed, features), tmp_path / "run")
    evaluation, path = pipeline.evaluate(tmp_path / "run", n_resamples=10, n_seeds=1)
    assert evaluation.moods_without_vectors == ("Xyzzyish",)
    assert json.loads(path.read_text())["moods_without_vectors"] == ["Xyzzyish"]
    assert "semantic_precision_at_5" not in evaluation.table.rows[0].scores
