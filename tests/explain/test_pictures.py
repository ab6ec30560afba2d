import numpy as np
import pytest

from albumnet.explain.pictures import (
    AGAINST_COLOUR,
    FOR_COLOUR,
    FULL_COLOUR,
    Panel,
    bars,
    contact_sheet,
    density,
    in_rows,
    layer,
    overlay,
)

COVER = np.full((40, 40, 3), 120, dtype=np.uint8)


def test_what_speaks_for_a_mood_is_red_and_what_speaks_against_it_blue():
    values = np.zeros((40, 40))
    values[:5], values[-5:] = 1.0, -1.0
    shown = overlay(COVER, values).astype(int)
    assert shown[0, 0, 0] > shown[0, 0, 2]
    assert shown[-1, 0, 2] > shown[-1, 0, 0]
    assert len(set(shown[20, 0].tolist())) == 1


def test_the_scale_is_the_same_whatever_a_map_is_multiplied_by():
    values = np.random.default_rng(0).normal(size=(40, 40))
    np.testing.assert_array_equal(overlay(COVER, values), overlay(COVER, 1000 * values))
    assert np.abs(density(values)).mean() == pytest.approx(1.0)


def test_a_flat_map_of_zeros_colours_nothing():
    assert (density(np.zeros((4, 4))) == 0).all()
    assert np.ptp(overlay(COVER, np.zeros((40, 40)))) == 0


def test_values_beyond_the_scale_are_shown_in_full_colour():
    values = np.zeros((40, 40))
    values[0, 0], values[0, 1] = 10, 20  # 800 and more times the mean
    shown = overlay(COVER, values)
    assert FULL_COLOUR < 800
    np.testing.assert_array_equal(shown[0, 0], shown[0, 1])


def test_a_bar_points_right_for_what_raises_and_left_for_what_lowers():
    picture = bars([("cover", 1.0), ("year", -1.0)], side=120, reach=1.0).astype(int)
    red, blue = picture[..., 0] - picture[..., 2] > 100, picture[..., 2] - picture[..., 0] > 100
    assert np.nonzero(red)[1].min() >= 60
    assert np.nonzero(blue)[1].max() <= 60


def test_a_contact_sheet_holds_every_panel_its_title_and_its_scale():
    panels = [Panel(COVER, ("a caption that is much too long for its picture",))] * 5
    rows = in_rows(panels, n_columns=3)
    assert [len(row) for row in rows] == [3, 2]
    bare, full = contact_sheet(rows), contact_sheet(rows, title="Title", footer=["note"], has_scale=True)
    assert full.height > bare.height
    assert bare.width >= 3 * 40


def test_a_layer_is_as_opaque_as_the_map_is_strong_in_the_colours_of_the_overlay():
    values = np.zeros((10, 10))
    values[0, 0], values[0, 1], values[0, 2] = 30.0, -3.0, 1.0
    found = layer(values)
    mean = np.abs(values).mean()
    assert found[0, 0].tolist() == [*FOR_COLOUR, 255]
    assert found[0, 1].tolist() == [*AGAINST_COLOUR, 255]
    assert found[0, 2, 3] == round(255 * min(1, 1 / mean / FULL_COLOUR))
    assert found[5, 5, 3] == 0
    assert layer(np.zeros((4, 4)))[..., 3].max() == 0
