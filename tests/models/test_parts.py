"""A model of parts: the head for what is known of an album answers, on disk and off."""

import json
from dataclasses import replace

import numpy as np
import pytest

from albumnet.errors import RunError, SchemaVersionError
from albumnet.models.parts import ModelOfParts, folder_of, list_known, name_known, write_telling
from albumnet.models.prediction import load_model
from albumnet.models.presets import PRESETS
from albumnet.models.telling import Telling
from albumnet.training.assembly import TrainingOptions, save_run, train_model
from synthetic_world import QUICK

WHOLE = "cover+genre+year"
TELLING = {known: Telling(0.5, 1.0, 0.1 * (n + 1)) for n, known in enumerate(list_known())}


def train_part(world, known):
    sides = {
        side: [
            replace(a, genres=a.genres if "genre" in known else (), year=a.year if "year" in known else None)
            for a in albums
        ]
        for side, albums in world.sides.items()
    }
    name = "metadata" if "cover" not in known else "1" if known == "cover" else "2"
    options = TrainingOptions(model=name, preset="quick", min_albums_per_mood=5, device="cpu")
    return train_model(sides, world.store if "cover" in known else None, options=options)


@pytest.fixture(scope="module")
def trained(pictured):
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(PRESETS, "quick", QUICK)
        return {known: train_part(pictured, known) for known in list_known()}


@pytest.fixture
def run(trained, tmp_path):
    for known, part in trained.items():
        save_run(folder_of(tmp_path / "run", known), part)
    write_telling(tmp_path / "run", TELLING)
    return tmp_path / "run"


@pytest.fixture
def model(run, installed_backbone):
    return load_model(run)


def test_there_is_a_part_for_all_that_can_be_known():
    assert list_known() == (
        "cover+genre+year", "cover+genre", "cover+year", "cover", "genre+year", "genre", "year", "nothing",
    )  # fmt: skip


@pytest.mark.parametrize("known", list_known())
def test_the_part_for_what_is_known_answers(model, trained, pictured, known):
    album = next(a for a in pictured.sides["test"] if a.genres and a.year)
    genres, year = album.genres if "genre" in known else (), album.year if "year" in known else None
    features = pictured.store.read([album.cover]) if "cover" in known else None
    found = model.probabilities(features, [genres], [year])
    wanted = trained[known].model.probabilities(features, [genres], [year])
    np.testing.assert_array_equal(found, wanted)
    np.testing.assert_array_equal(
        model.mood_vectors(features, [genres], [year]), trained[known].model.mood_vectors(features, [genres], [year])
    )


def test_albums_of_which_different_things_are_known_keep_their_order(model, pictured):
    albums = pictured.sides["test"][:4]
    features = pictured.store.read([a.cover for a in albums])
    genres, years = [("Rock",), (), ("Rock",), ()], [1980, 1980, None, None]
    together = model.probabilities(features, genres, years)
    apart = [model.probabilities(features[[n]], [genres[n]], [years[n]])[0] for n in range(4)]
    np.testing.assert_allclose(together, apart, atol=1e-6)


def test_a_genre_that_no_training_album_had_is_not_known(model):
    assert model.part_for(has_cover=True, genres=["Polka"], year=None) is model.parts["cover"]
    assert model.part_for(has_cover=True, genres=["Rock", "Polka"], year=None) is model.parts["cover+genre"]


def test_an_album_without_a_cover_is_told_from_its_metadata(model, covers):
    seen, unseen, broken = model.predict([covers[0], None, b"no picture"], genres="Rock", years=1980)
    assert (seen.error, unseen.error, unseen.cover) == (None, None, "")
    probabilities = model.probabilities(None, [("Rock",)], [1980])[0]
    assert {m.mood: m.probability for m in unseen.moods} == pytest.approx(
        dict(zip(model.config.moods, probabilities.tolist(), strict=True))
    )
    assert broken.error
    assert not broken.moods


def test_a_model_without_parts_says_that_it_needs_a_cover(trained, installed_backbone):
    (prediction,) = trained[WHOLE].model.predict([None])
    assert prediction.error == "no cover, which model 2: cover, genre, year needs"


def test_moods_are_told_by_the_rule_of_the_part(model, covers):
    for given, known in (({"genres": "Rock", "years": 1980}, WHOLE), ({}, "cover")):
        (prediction,) = model.predict([covers[0]], **given)
        assert prediction.told_precision == 0.5
        for mood in prediction.moods:
            rule = TELLING[known]
            assert mood.is_told == (mood.probability >= max(rule.threshold, rule.lift * mood.base_rate))


def test_a_model_without_a_rule_says_nothing_of_telling(trained, covers, installed_backbone):
    (prediction,) = trained[WHOLE].model.predict([covers[0]])
    assert prediction.told_precision is None
    assert {mood.is_told for mood in prediction.moods} == {None}


def test_a_part_that_is_missing_is_one_line(run):
    (folder_of(run, "genre") / "config.json").unlink()
    with pytest.raises(RunError, match="is no run"):
        load_model(run)


def test_a_part_of_other_moods_is_one_line(run, pictured):
    options = TrainingOptions(model="metadata", preset="quick", moods=("Bleak", "Cheerful"), device="cpu")
    save_run(folder_of(run, "genre"), train_model(pictured.sides, None, options=options))
    with pytest.raises(RunError, match=r"genre is of other moods or another backbone"):
        load_model(run)


def test_parts_of_another_version_are_one_line(run):
    content = json.loads((run / "parts.json").read_text())
    (run / "parts.json").write_text(json.dumps({**content, "schema_version": 99}))
    with pytest.raises(SchemaVersionError, match="schema version 99"):
        load_model(run)


def test_without_parts_json_the_folder_is_the_whole_run(run):
    (run / "parts.json").unlink()
    assert not isinstance(load_model(run), ModelOfParts)


def test_names_of_what_is_known():
    assert name_known(cover=False, genre=False, year=False) == "nothing"
    assert name_known(cover=True, genre=False, year=True) == "cover+year"
