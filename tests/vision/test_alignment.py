"""Two thumbnails laid one upon the other."""

import numpy as np
import pytest
from PIL import Image

from albumnet.vision.alignment import align, correlation, detail_agreement, warp, weakest_agreement

SIDE = 48


def draw(seed, window=(0, 0, 1, 1)):
    rng = np.random.default_rng(seed)
    picture = Image.fromarray(rng.integers(0, 256, (9, 9), dtype=np.uint8)).resize((480, 480), Image.Resampling.BICUBIC)
    box = tuple(480 * edge for edge in window)
    return np.asarray(picture.resize((SIDE, SIDE), Image.Resampling.BOX, box=box), dtype=np.float32)[None]


NOWHERE = np.zeros((1, 4), dtype=np.float32)


def test_no_placement_changes_nothing():
    np.testing.assert_allclose(warp(draw(0), NOWHERE), draw(0), atol=1e-4)


def test_a_shift_by_a_pixel_moves_columns():
    placed = warp(draw(0), np.array([[1, 0, 0, 0]], dtype=np.float32))
    np.testing.assert_allclose(placed[0, :, :-1], draw(0)[0, :, 1:], atol=1e-3)


@pytest.mark.parametrize("window", [(0.03, 0.03, 0.97, 0.97), (0.03, 0, 1, 1), (0, 0, 1, 0.97)])
def test_alignment_undoes_a_crop(window):
    cropped, whole = draw(0, window), draw(0)
    placement = align(cropped, whole, start=NOWHERE, steps=6)
    left, top, right, bottom = window
    growth = (right - left - 1, bottom - top - 1)
    np.testing.assert_allclose(placement[0, 2:], growth, atol=0.01)
    shift = (SIDE * (left + right - 1) / 2, SIDE * (top + bottom - 1) / 2)
    np.testing.assert_allclose(placement[0, :2], shift, atol=0.25)
    assert detail_agreement(cropped, warp(whole, placement)) > 0.97


def test_alignment_goes_no_further_than_a_crop_does():
    placement = align(draw(0), draw(1), start=NOWHERE, steps=6)
    assert (abs(placement[0, :2]) <= 0.035 * SIDE + 1e-4).all()
    assert (abs(placement[0, 2:]) <= 0.075 + 1e-6).all()


def test_correlation_agrees_with_numpy_and_knows_no_brightness():
    first, second = draw(0), draw(1)
    expected = np.corrcoef(first.ravel(), second.ravel())[0, 1]
    assert correlation(first, second) == pytest.approx(expected, abs=1e-5)
    assert correlation(first, 0.5 * first + 7) == pytest.approx(1)


def test_one_grey_correlates_with_nothing():
    flat = np.full((1, SIDE, SIDE), 7.0, dtype=np.float32)
    assert correlation(flat, draw(0)) == 0
    assert detail_agreement(flat, draw(0)) == 0
    assert weakest_agreement(flat, flat) == 0


def test_one_frame_around_two_pictures_is_not_agreement():
    framed = []
    for seed in (0, 1):
        picture = np.full((1, SIDE, SIDE), 255, dtype=np.float32)
        picture[:, 10:38, 10:38] = 0.3 * draw(seed)[:, 10:38, 10:38]
        framed.append(picture)
    assert correlation(*framed) > 0.9
    assert weakest_agreement(*framed) < 0.1
    assert weakest_agreement(framed[0], framed[0]) > 0.9


def test_no_pairs_are_no_work():
    none = np.empty((0, SIDE, SIDE), dtype=np.float32)
    assert len(align(none, none, start=NOWHERE[:0], steps=2)) == 0
    assert len(weakest_agreement(none, none)) == len(detail_agreement(none, none)) == len(correlation(none, none)) == 0
