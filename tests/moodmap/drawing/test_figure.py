"""Figures of the mood space: words apart, true moods blue, covers in their places, the same bytes twice."""

import io
import xml.etree.ElementTree as ET

import numpy as np
import pytest
from PIL import Image

from albumnet.errors import MapError
from albumnet.moodmap.drawing import (
    AlbumOnPlane,
    Panel,
    draw_album,
    draw_comparison,
    lay_out_words,
    word_boxes,
    write_figure,
)
from albumnet.moodmap.drawing.boxes import overlaps
from albumnet.moodmap.drawing.figure import _TRUE

SVG = "{http://www.w3.org/2000/svg}"
COVER = np.full((40, 40, 3), (200, 30, 30), np.uint8)


def make_plane(n_moods: int):
    rng = np.random.default_rng(n_moods)
    vectors = rng.normal(size=(n_moods, 20)) + 2 * np.eye(20)[rng.integers(5, size=n_moods)]
    names = [f"{'Good-Natured/' if n % 7 == 0 else ''}Mood {n}" for n in range(n_moods)]
    return lay_out_words(names, vectors / np.linalg.norm(vectors, axis=1, keepdims=True), rng=rng)


@pytest.fixture(scope="module")
def plane():
    return make_plane(40)


def album_like(plane, n_slots=1, cover=COVER):
    return AlbumOnPlane("Ann – $5 & <more>", ("Mood 3", "Mood 8"), ("Mood 4",), plane.vectors[3 : 3 + n_slots], cover)


@pytest.mark.parametrize("n_moods", [5, 60, 167])
@pytest.mark.parametrize("n_slots", [1, 5])
def test_no_two_words_overlap(n_moods, n_slots):
    plane = make_plane(n_moods)
    album = AlbumOnPlane("Ann", plane.names[:3], (), np.repeat(plane.vectors[:1], n_slots, axis=0), COVER)
    (boxes,) = word_boxes(draw_album(plane, album, remark=""))
    assert len(boxes) == n_moods
    found = overlaps(boxes, boxes)
    np.fill_diagonal(found, False)
    assert not found.any()


def test_words_are_text_and_the_albums_own_are_blue(plane, tmp_path):
    svg, _ = write_figure(draw_album(plane, album_like(plane), remark="how"), tmp_path / "figure")
    texts = list(ET.parse(svg).getroot().iter(f"{SVG}text"))
    styles = {"".join(text.itertext()): text.get("style", "") for text in texts}
    assert {*plane.names, "Ann – $5 & <more>", "tagged Mood 3, Mood 8", "predicted Mood 4"} <= set(styles)
    blue = {name for name in plane.names if _TRUE in styles[name]}
    assert blue == {"Mood 3", "Mood 8"}


@pytest.mark.parametrize("n_slots", [1, 5])
def test_the_cover_is_embedded_once_for_each_prediction(plane, tmp_path, n_slots):
    svg, png = write_figure(draw_album(plane, album_like(plane, n_slots), remark=""), tmp_path / "figure")
    root = ET.parse(svg).getroot()
    images = list(root.iter(f"{SVG}image"))
    assert len(images) == n_slots
    assert all(image.get("{http://www.w3.org/1999/xlink}href", "").startswith("data:image/png") for image in images)
    ranks = {"".join(text.itertext()) for text in root.iter(f"{SVG}text")} & set("12345")
    assert ranks == (set("12345") if n_slots == 5 else set())
    pixels = np.asarray(Image.open(io.BytesIO(png.read_bytes())).convert("RGB")).reshape(-1, 3)
    assert (pixels == COVER[0, 0]).all(axis=1).sum() > 2000 * n_slots


def test_the_same_figure_gives_the_same_bytes(plane, tmp_path):
    for name in ("one", "two"):
        write_figure(draw_album(plane, album_like(plane), remark=""), tmp_path / name)
    for kind in ("svg", "png"):
        assert (tmp_path / f"one.{kind}").read_bytes() == (tmp_path / f"two.{kind}").read_bytes()
    assert "<dc:date>" not in (tmp_path / "one.svg").read_text("utf-8")


def test_an_album_without_a_cover_or_tags_and_in_any_script_is_drawn(plane, tmp_path):
    album = AlbumOnPlane("ひとり – 一人", (), (), plane.vectors[:1], None)
    svg, _ = write_figure(draw_album(plane, album, remark=""), tmp_path / "figure")
    text = svg.read_text("utf-8")
    assert "ひとり" in text
    assert "tagged nothing" in text


def test_a_prediction_falls_beside_the_word_it_equals(plane):
    places = plane.place(plane.vectors)
    nearest = np.linalg.norm(places[:, None] - plane.layout.xy[None], axis=2).argmin(axis=1)
    assert (nearest == np.arange(len(places))).mean() > 0.8


def test_a_comparison_has_a_picture_for_each_model_with_words_apart(plane, tmp_path):
    rng = np.random.default_rng(0)
    vectors = rng.normal(size=(200, 20))
    vectors = (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32)
    panels = [Panel(title, ("one", "two"), vectors, (album_like(plane),)) for title in ("before", "after")]
    figure = draw_comparison(plane, panels, remark="dots")
    for boxes in word_boxes(figure):
        found = overlaps(boxes, boxes)
        np.fill_diagonal(found, False)
        assert len(boxes) == 40
        assert not found.any()
    svg, _ = write_figure(figure, tmp_path / "figure")
    texts = {"".join(text.itertext()) for text in ET.parse(svg).getroot().iter(f"{SVG}text")}
    assert {"before", "after", "one", "two", "dots"} <= texts


def test_a_long_title_is_cut(plane, tmp_path):
    album = AlbumOnPlane("Long " * 60, (), (), plane.vectors[:1], None)
    svg, _ = write_figure(draw_album(plane, album, remark=""), tmp_path / "figure")
    assert "Long…" in svg.read_text("utf-8")


def test_four_moods_are_too_few():
    with pytest.raises(MapError, match="4 moods are too few"):
        make_plane(4)
