import numpy as np
import pytest
from PIL import Image

from albumnet.explain.looking.counterfactuals import CHANGES, encode, try_changes


def redness(covers):
    mean = covers.astype(float).mean(axis=(1, 2))
    return np.stack([mean[:, 0] - mean[:, 2], mean.sum(axis=1)], axis=1) / 50


@pytest.fixture
def red_cover(pixels):
    return np.clip(pixels.astype(int) + np.array([60, 0, 0]), 0, 255).astype(np.uint8)


def test_turning_the_hue_moves_what_hangs_on_it_beyond_encoding(red_cover):
    start, changes = try_changes(red_cover, regions={}, score=redness)
    turned = next(change for change in changes if change.name == "hue +180°")
    assert start.shape == (2,)
    assert turned.moved[0] < 0
    assert turned.beyond[0]


def test_flipping_moves_nothing_that_does_not_depend_on_sides(red_cover):
    _, changes = try_changes(red_cover, regions={}, score=redness)
    flipped = next(change for change in changes if change.name == "flipped")
    assert np.abs(flipped.moved).max() < 0.05


def test_a_region_is_blurred_where_it_is_and_only_where_there_is_one(pixels):
    mask = np.zeros(pixels.shape[:2], dtype=bool)
    mask[40:120, 40:120] = True
    _, changes = try_changes(pixels, regions={"faces": mask, "lettering": np.zeros_like(mask)}, score=redness)
    names = [change.name for change in changes]
    assert names == [*CHANGES, "faces blurred"]
    plain = encode(Image.fromarray(pixels), quality=90).astype(int)
    difference = np.abs(changes[-1].cover.astype(int) - plain).max(axis=2)
    assert difference[50:110, 50:110].max() > 30
    assert difference[140:].max() < 20
