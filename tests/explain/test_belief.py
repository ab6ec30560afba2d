import numpy as np
import pytest
from scipy.stats import spearmanr

from albumnet.explain import belief

SHAPE = (56, 56)


@pytest.fixture
def cover():
    pixels = np.full((*SHAPE, 3), 60, dtype=np.uint8)
    pixels[8:24, 8:24] = 250
    return pixels


@pytest.fixture
def mask():
    mask = np.zeros(SHAPE, dtype=bool)
    mask[8:24, 8:24] = True
    return mask


def brightness_of_square(covers):
    return covers[:, 8:24, 8:24].astype(float).mean(axis=(1, 2, 3))


def test_a_true_map_deletes_sooner_and_inserts_sooner_than_chance(cover, mask):
    chance = belief.random_map(SHAPE, rng=np.random.default_rng(0))
    true = mask.astype(float)
    for area, sign in ((belief.deletion_area, 1), (belief.insertion_area, -1)):
        found = [area(values, cover, score=brightness_of_square) for values in (true, chance)]
        assert sign * found[0] < sign * found[1]


def test_pointing_has_no_tolerance(mask):
    values = np.zeros(SHAPE)
    values[23, 23] = 1.0
    assert belief.points_at(values, mask)
    values[24, 24] = 2.0
    assert not belief.points_at(values, mask)


def test_likeness_is_the_rank_correlation_of_cells():
    rng = np.random.default_rng(0)
    first, second = rng.normal(size=(2, *SHAPE))
    wanted = abs(spearmanr(belief.to_cells(first).ravel(), belief.to_cells(second).ravel()).statistic)
    assert belief.likeness(first, second) == pytest.approx(wanted)


def test_likeness_does_not_mind_the_sign_and_is_0_for_a_flat_map():
    values = np.random.default_rng(0).normal(size=SHAPE)
    assert belief.likeness(values, -values) == pytest.approx(1.0)
    assert belief.likeness(values, np.zeros(SHAPE)) == 0.0


@pytest.mark.parametrize("side", [28, 56, 224, 160])
def test_cells_enlarged_and_averaged_again_are_the_same(side):
    cells = np.random.default_rng(0).random((belief.N_CELLS, belief.N_CELLS))
    np.testing.assert_allclose(belief.to_cells(belief.enlarge(cells, (side, side))), cells)


def test_the_centre_map_is_largest_in_the_middle():
    values = belief.centre_map((57, 57))
    assert np.unravel_index(values.argmax(), values.shape) == (28, 28)
