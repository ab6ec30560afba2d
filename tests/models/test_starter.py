"""The model that comes with the package: whole, small, silent where it should be, and nobody's data."""

import json
import re
from pathlib import Path

import numpy as np
import pytest

from albumnet.models.parts import ModelOfParts, list_known
from albumnet.models.prediction import load_model
from albumnet.models.run import find_run
from albumnet.planted import draw_world
from albumnet.planted.drawing import draw_cover

FOLDER = find_run("starter")
DOCS = Path(__file__).parents[2] / "docs"


@pytest.fixture(scope="module")
def starter():
    return load_model("starter")


@pytest.fixture(scope="module")
def cover():
    return draw_cover(draw_world(n_albums=1, rng=np.random.default_rng(0), cover_size=256), 0)


def files():
    return [path for path in FOLDER.rglob("*") if path.is_file()]


def test_it_is_small():
    sizes = [path.stat().st_size for path in files()]
    assert max(sizes) <= 2 * 2**20
    assert sum(sizes) <= 5 * 2**20


def test_it_holds_weights_and_numbers_and_nobodys_albums():
    assert {path.name for path in files()} <= {"config.json", "model.safetensors", "parts.json", "card.md"}
    for path in FOLDER.rglob("config.json"):
        content = json.loads(path.read_text("utf-8"))
        assert (content["album_set"], content["albums_digest"], content["set_vocabulary"]) == ("", "", "")
        assert (content["weights"], (content["backbone"] or {}).get("weights", "")) == ("", "")
        assert content["left_out_moods"] == {}
    for path in files():
        assert not re.search(rb"/(work|tmp|home|root|Users)/", path.read_bytes()), path


def test_it_answers_whatever_is_known(starter, cover):
    assert isinstance(starter, ModelOfParts)
    assert set(starter.parts) == set(list_known())
    both, cover_only, unseen, nothing = (
        starter.predict([picture], genres=genres, years=year)[0]
        for picture, genres, year in (
            (cover, "Jazz", 1959), (cover, (), None), (None, "Jazz", 1959), (None, (), None),
        )
    )  # fmt: skip
    for prediction in (both, cover_only, unseen, nothing):
        assert prediction.error is None
        assert len(prediction.moods) == 66
        assert all(0 < mood.probability < 1 for mood in prediction.moods)
    assert len({prediction.moods for prediction in (both, cover_only, unseen, nothing)}) == 4


def test_knowing_nothing_it_says_base_rates_and_tells_nothing(starter):
    (prediction,) = starter.predict([None])
    for mood in prediction.moods:
        assert mood.probability == pytest.approx(mood.base_rate, abs=0.05)
        assert not mood.is_told


def test_what_it_tells_is_likely_and_likelier_than_usual(starter):
    (prediction,) = starter.predict([None], genres=["Black Metal"], years=1994)
    told = [mood for mood in prediction.moods if mood.is_told]
    assert told
    for mood in told:
        assert mood.probability >= 1.5 * mood.base_rate
    assert {"Heavy", "Dark"} & {mood.mood for mood in told}


def test_it_has_a_mood_space_with_unseen_moods(starter, cover):
    (prediction,) = starter.predict([cover], moods=["Funereal"])
    assert [near.mood for near in prediction.unseen_moods] == ["Funereal"]
    vectors = starter.mood_vectors(None, [["Black Metal"], ["Soul"]], [1994, 1968])
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-5)


def test_its_card_is_in_the_package_and_in_the_documentation():
    card = (FOLDER / "card.md").read_text("utf-8")
    assert card == (DOCS / "starter_model.md").read_text("utf-8")
    for promised in ("1,525 covers", "Neither the covers nor the tags", "Classical", "before 1955", "says little"):
        assert promised in card


def test_a_run_of_that_name_that_lies_here_is_meant_first(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert find_run("starter") == FOLDER
    (tmp_path / "starter").mkdir()
    (tmp_path / "starter" / "config.json").write_text("{}")
    assert find_run("starter") == Path("starter")
