import json

import numpy as np
import pytest
import torch
from PIL import Image

from albumnet import pipeline
from albumnet.errors import ExplainError, RunError
from albumnet.explain.attribution import METHODS
from albumnet.pipeline.explaining.changes import MovedMood
from albumnet.pipeline.explaining.covers import CoverExplanation, find_mood
from albumnet.pipeline.explaining.explainer import CoverExplainer, MoodMap
from untrained import MOODS, make_model, make_pixels, size_of

pytest.importorskip("cv2")


@pytest.fixture(autouse=True)
def one_thread():
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="module")
def model():
    return make_model("2")


@pytest.fixture(scope="module")
def cover(tmp_path_factory):
    path = tmp_path_factory.mktemp("covers") / "cover.png"
    Image.fromarray(make_pixels()).save(path)
    return path


def test_two_moods_are_shown_side_by_side_and_then_set_against_each_other(model, cover, tmp_path):
    (explained,) = pipeline.explain_covers(model, [cover], moods=["playful", "Bleak"], genres=["Rock"], year=1970)
    assert [one.title for one in explained.maps] == ["Playful", "Bleak", "Playful rather than Bleak"]
    one, other, both = explained.maps
    np.testing.assert_allclose(both.values, one.values - other.values, atol=1e-6)
    assert both.shares["cover"] == pytest.approx(one.shares["cover"] - other.shares["cover"])
    paths = pipeline.write_explanation([explained], tmp_path / "why.png", method="HiResCAM", parts=("cover", "genre"))
    assert np.load(paths[1]).shape == (3, 224, 224)
    listed = json.loads(paths[2].read_text())["maps"]
    assert [entry["rather_than"] for entry in listed] == [None, None, "Bleak"]
    assert size_of(paths[0])[0] > 7 * 224


def test_without_moods_the_likeliest_are_explained(model, cover):
    (explained,) = pipeline.explain_covers(model, [cover], is_checked=False)
    found = [one.probability for one in explained.maps]
    assert found == sorted(found, reverse=True)
    assert len(found) == 3
    assert all(one.likeness is None and not one.is_refused for one in explained.maps)


def test_a_map_that_a_forgetful_network_gives_too_is_refused(model, cover, monkeypatch):
    from dataclasses import replace

    def look_at_brightness(scorer, covers, direction):
        return covers.mean(dim=1)

    monkeypatch.setitem(METHODS, "hirescam", replace(METHODS["hirescam"], attribute=look_at_brightness))
    (explained,) = pipeline.explain_covers(model, [cover], moods=["Bleak"])
    assert explained.maps[0].likeness == pytest.approx(1.0)
    assert explained.maps[0].is_refused


def test_several_covers_and_one_mood_make_one_sheet(tmp_path):
    values = np.random.default_rng(0).normal(size=(60, 60))
    one = MoodMap("Bleak", None, 0.3, values, 0.1, {"cover": 0.1, "genre": 0.0, "year": 0.0})
    covers = [CoverExplanation(f"{n}.jpg", make_pixels(side=60), (one,)) for n in range(7)]
    paths = pipeline.write_explanation(covers, tmp_path / "sheet.png", method="HiResCAM", parts=("cover",))
    assert size_of(paths[0])[1] > 2 * 60


@pytest.mark.parametrize("name", ["Playfull", "playing"])
def test_an_unknown_mood_is_answered_with_near_ones(model, name):
    with pytest.raises(ExplainError, match=r"near it are .*Playful"):
        find_mood(model, name)


def test_a_cover_of_one_colour_and_a_tiny_one_are_one_line_each(model, tmp_path, cover):
    Image.new("RGB", (300, 300), (128, 128, 128)).save(tmp_path / "grey.png")
    Image.new("RGB", (4, 4), (1, 2, 3)).save(tmp_path / "tiny.png")
    paths = [tmp_path / "grey.png", tmp_path / "tiny.png", tmp_path / "none.png", cover]
    grey, tiny, none, good = pipeline.explain_covers(model, paths, moods=["Bleak"], is_checked=False)
    assert "one colour" in grey.error
    assert "too few" in tiny.error
    assert "cannot be read" in none.error
    assert good.error is None


def test_changes_of_a_cover_say_what_they_moved(model, cover, tmp_path):
    moved = pipeline.change_cover(model, cover, moods=["Bleak"], out=tmp_path / "what_if.png")
    assert {one.mood for one in moved} == {"Bleak"}
    assert {"grey", "flipped", "hue +180°"} <= {one.change for one in moved}
    for one in moved:
        odds = np.log(one.after / (1 - one.after)) - np.log(one.before / (1 - one.before))
        assert odds == pytest.approx(one.moved, abs=1e-3)
    assert (tmp_path / "what_if.png").is_file()


@pytest.fixture(scope="module")
def mood_of_set(planted_set):
    return planted_set.vocabulary.names[0]


@pytest.fixture
def model_of_set(model, planted_set, monkeypatch):
    """The model under the names of the planted set's moods."""
    from dataclasses import replace

    monkeypatch.setattr(model, "config", replace(model.config, moods=planted_set.vocabulary.names[: len(MOODS)]))
    return model


def test_a_set_is_explained_once_and_goes_on_where_it_stopped(model_of_set, planted_set, tmp_path, monkeypatch):
    out = tmp_path / "maps"
    ratios, n_maps, failures = pipeline.explain_set(model_of_set, planted_set, out, n_albums=5, min_maps=3)
    assert n_maps >= 5
    assert not failures
    assert any(ratio.region == "centre" for ratio in ratios)
    assert len(list((out / "maps").glob("*.npy"))) == 5
    monkeypatch.setitem(METHODS, "hirescam", refusing_method())
    again, n_again, _ = pipeline.explain_set(model_of_set, planted_set, out, n_albums=5, min_maps=3)
    assert (again, n_again) == (ratios, n_maps)


def refusing_method():
    from dataclasses import replace

    def refuse(*_):
        raise AssertionError("computed again")

    return replace(METHODS["hirescam"], attribute=refuse)


def test_maps_of_another_method_are_not_mixed_in(model_of_set, planted_set, tmp_path):
    out = tmp_path / "maps"
    pipeline.explain_set(model_of_set, planted_set, out, n_albums=1)
    with pytest.raises(RunError, match="--force"):
        pipeline.explain_set(model_of_set, planted_set, out, n_albums=1, method="gradient")
    pipeline.explain_set(model_of_set, planted_set, out, n_albums=1, method="gradient", force=True)


@pytest.mark.parametrize("before", [1e-9, 0.3, 1.0])
def test_what_encoding_alone_did_lies_around_the_probability_before(before):
    moved = MovedMood("grey", "Bleak", before, 0.4, 0.5, 0.7)
    low, high = moved.encoding_band
    assert low <= before <= high
    if before == 0.3:
        odds = np.log(0.3 / 0.7)
        assert (low, high) == (
            pytest.approx(1 / (1 + np.exp(0.7 - odds))),
            pytest.approx(1 / (1 + np.exp(-0.7 - odds))),
        )


def test_one_explainer_tells_covers_and_metadata_apart(model):
    explainer, pixels = CoverExplainer(model), make_pixels()
    (rock,) = explainer.maps(pixels, columns=[0], genres=["Rock"], year=1970)
    (jazz,) = explainer.maps(pixels, columns=[0], genres=["Jazz"], year=1970)
    (again,) = explainer.maps(pixels, columns=[0], genres=["Rock"], year=1970)
    assert rock.probability != jazz.probability
    assert np.array_equal(again.values, rock.values)
    assert again.likeness == rock.likeness
    shares = explainer.shares(pixels, genres=["Rock"], year=1970)
    np.testing.assert_allclose(list(rock.shares.values()), shares.parts[0], atol=1e-6)
