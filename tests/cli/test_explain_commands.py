"""`see`, `filters` and `explain` as a person calls them."""

import numpy as np
import pytest
from PIL import Image

from untrained import size_of

pytest.importorskip("cv2")


def test_see_names_what_is_on_a_cover(run, work):
    told = run("see", work.cover, "--top", 3, "--json")
    assert told.code == 0
    assert len(told.json[0]["guesses"]) == 3
    assert run("see", work.cover).out.splitlines()[1].split() == ["seen", "probability"]


def test_see_on_a_set_names_things_and_moods(run, work):
    told = run("see", "--on", work.set, "--min-seen", 5)
    assert told.code == 0
    assert "lift" in told.out
    assert "30 albums" in told.err


def test_see_says_plainly_that_a_backbone_names_nothing(run, work):
    told = run("see", work.cover, "--backbone", "colour_statistics")
    assert told.code == 1
    assert "no guesses" in told.error_line


def test_see_and_explain_want_covers_or_a_set(run, work):
    assert run("see").code == 2
    assert run("explain", work.cover, "--on", work.set, "--model", work.run, "--out", "x").code == 2


def test_filters_are_drawn(run, work, tmp_path):
    told = run("filters", "--on", work.set, "--covers", 8, "--filters", 1, "--out", tmp_path / "filters.png")
    assert told.code == 0
    assert size_of(tmp_path / "filters.png")[1] > 400


def test_explain_writes_a_picture_and_the_maps(run, work, tmp_path):
    told = run("explain", work.cover, "--model", work.run, "--out", tmp_path / "why.png", "--genre", "Jazz")
    assert told.code == 0
    assert "from cover" in told.out
    assert np.load(tmp_path / "why.npy").shape == (3, 224, 224)
    assert (tmp_path / "why.png").is_file()


def test_explain_lists_covers_that_cannot_be_used(run, work, tmp_path):
    grey = tmp_path / "grey.png"
    Image.new("L", (64, 64), 90).save(grey)
    told = run("explain", grey, "--model", work.run, "--out", tmp_path / "why.png")
    assert told.code == 3
    assert "one colour only" in told.err


def test_explain_offers_near_moods(run, work, tmp_path):
    told = run("explain", work.cover, "--model", work.run, "--mood", "Energetik", "--out", tmp_path / "why.png")
    assert told.code == 1
    assert "near it are" in told.error_line


def test_explain_refuses_a_model_without_pixels(run, work, tmp_path):
    model = tmp_path / "metadata"
    assert run("train", work.set, "--model", "metadata", "--out", model, "--min-albums-per-mood", 4).code == 0
    told = run("explain", work.cover, "--model", model, "--out", tmp_path / "why.png")
    assert told.code == 1
    assert "no pixels" in told.error_line


def test_explain_shows_what_changes_would_do(run, work, tmp_path):
    told = run("explain", work.cover, "--model", work.run, "--what-if", "--out", tmp_path / "if.png", "--json")
    assert told.code == 0
    assert {"change", "mood", "moved", "is_beyond"} <= set(told.json[0]["moved"][0])


def test_explain_on_a_set_compares_regions_with_their_area(run, work, tmp_path):
    told = run("explain", "--on", work.set, "--model", work.run, "--albums", 8, "--out", tmp_path / "maps")
    assert told.code == 0
    assert len(list((tmp_path / "maps" / "maps").glob("*.npy"))) > 4
