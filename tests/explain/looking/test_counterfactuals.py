import numpy as np
import pytest
from PIL import Image

from albumnet.explain.looking.counterfactuals import CHANGES, Retouch, encode, try_changes, try_retouch


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


def test_a_retouch_that_asks_for_nothing_changes_nothing(pixels):
    picture = Image.fromarray(pixels)
    mask = np.ones(pixels.shape[:2], dtype=bool)
    assert np.array_equal(np.asarray(Retouch().apply(picture, regions={"faces": mask})), pixels)
    assert np.array_equal(np.asarray(Retouch(blurred=("faces",)).apply(picture, regions={})), pixels)


def test_a_retouch_does_all_that_it_asks_for_and_blurs_what_was_found_on_the_unchanged_cover(pixels):
    mask = np.zeros(pixels.shape[:2], dtype=bool)
    mask[50:120, 40:120] = True
    retouch = Retouch(saturation=0.0, brightness=0.5, is_flipped=True, blurred=("faces",))
    found = np.asarray(retouch.apply(Image.fromarray(pixels), regions={"faces": mask})).astype(int)
    assert np.ptp(found, axis=2).max() <= 1
    unblurred = np.asarray(
        Retouch(saturation=0.0, brightness=0.5, is_flipped=True).apply(Image.fromarray(pixels), regions={})
    ).astype(int)
    assert abs(unblurred.mean() - pixels.mean() / 2) < 6
    difference = np.abs(found - unblurred).max(axis=2)[:, ::-1]
    assert difference[mask].max() > 10
    assert difference[~mask].max() <= 1


def test_the_named_changes_are_retouches(red_cover):
    mask = np.zeros(red_cover.shape[:2], dtype=bool)
    mask[40:120, 40:120] = True
    start, changes = try_changes(red_cover, regions={"lettering": mask}, score=redness)
    for name, retouch in (
        ("hue +60°", Retouch(hue_degrees=60)),
        ("darker", Retouch(brightness=0.6)),
        ("flipped", Retouch(is_flipped=True)),
        ("lettering blurred", Retouch(blurred=("lettering",))),
    ):
        named = next(change for change in changes if change.name == name)
        again, found = try_retouch(red_cover, retouch, regions={"lettering": mask}, score=redness)
        assert np.array_equal(again, start)
        assert np.array_equal(found.cover, named.cover)
        assert np.array_equal(found.moved, named.moved)
        assert np.array_equal(found.by_encoding, named.by_encoding)
