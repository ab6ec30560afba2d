"""Figures as a stage: every model has one, model 3 shows five covers, and what does not fit together is said."""

import dataclasses
import xml.etree.ElementTree as ET

import numpy as np
import pytest

from albumnet import pipeline
from albumnet.dataset.covers import store_cover
from albumnet.errors import MapError
from albumnet.models.presets import PRESETS
from albumnet.moodmap import layout
from small_world import make_albums, make_set, train
from synthetic_world import draw_cover

ALSO = {"Bleak": "Somber", "Calm": "Gentle"}
SVG = "{http://www.w3.org/2000/svg}"


@pytest.fixture(autouse=True)
def quick(monkeypatch):
    monkeypatch.setattr(layout, "N_EARLY", 60)
    monkeypatch.setattr(layout, "N_LATE", 100)
    monkeypatch.setitem(PRESETS, "small", dataclasses.replace(PRESETS["small"], strengths=(1e-3,), max_epochs=3))


@pytest.fixture
def six_moods(tmp_path):
    """A set of six moods, whose first album has a cover to be shown."""
    albums, features = make_albums(np.random.default_rng(0))
    albums = [
        dataclasses.replace(album, moods=tuple(ALSO.get(mood, mood) if n % 2 else mood for mood in album.moods))
        for n, album in enumerate(albums)
    ]
    albums[0] = dataclasses.replace(albums[0], cover=store_cover(tmp_path / "set" / "covers", draw_cover(0)))
    return make_set(tmp_path / "set", albums, features)


@pytest.mark.parametrize(("model", "n_covers"), [("1", 1), ("3", 5), ("4", 1)])
def test_every_model_has_a_figure(six_moods, tmp_path, model, n_covers):
    train(six_moods, tmp_path / "run", model)
    svg, png = pipeline.draw_figures(six_moods, tmp_path / "run", ["a0"], compare_with=None, out=tmp_path / "figures")
    assert (svg.name, png.name) == ("a0.svg", "a0.png")
    root = ET.parse(svg).getroot()
    assert len(list(root.iter(f"{SVG}image"))) == n_covers
    texts = {"".join(text.itertext()) for text in root.iter(f"{SVG}text")}
    assert {"Bleak", "Somber", "Calm", "Gentle", "Playful", "Warm"} <= texts


def test_two_models_of_one_mood_space_are_compared_and_others_refused(six_moods, tmp_path):
    train(six_moods, tmp_path / "decoded", "4")
    train(six_moods, tmp_path / "regressed", "4", space="regressed")
    train(six_moods, tmp_path / "fewer", "4", min_albums_per_mood=80)
    svg, _ = pipeline.draw_figures(
        six_moods, tmp_path / "decoded", (), compare_with=tmp_path / "regressed", out=tmp_path / "figures"
    )
    text = svg.read_text("utf-8")
    assert "model 4: one mood vector, regressed" in text
    assert "model 4: one mood vector, decoded" in text
    with pytest.raises(MapError, match="answer in different mood spaces"):
        pipeline.draw_figures(
            six_moods, tmp_path / "decoded", (), compare_with=tmp_path / "fewer", out=tmp_path / "figures"
        )


def test_albums_that_are_not_there_are_named(six_moods, tmp_path):
    train(six_moods, tmp_path / "run", "1")
    with pytest.raises(MapError, match="album 'nobody' is not among the 400"):
        pipeline.draw_figures(six_moods, tmp_path / "run", ["nobody"], compare_with=None, out=tmp_path / "figures")
    assert not (tmp_path / "figures").exists()


def test_an_album_without_a_cover_cannot_be_drawn_by_a_model_that_looks(six_moods, tmp_path):
    train(six_moods, tmp_path / "run", "1")
    bare = [dataclasses.replace(a, cover=None) if a.album_id == "a5" else a for a in six_moods.albums]
    _, features = make_albums(np.random.default_rng(0))
    order = [n for n in range(len(bare)) if n != 5] + [5]
    other = make_set(tmp_path / "bare", [bare[n] for n in order], features[order], n_with_features=399)
    with pytest.raises(MapError, match="'a5' has no usable cover"):
        pipeline.draw_figures(other, tmp_path / "run", ["a5"], compare_with=None, out=tmp_path / "figures")
