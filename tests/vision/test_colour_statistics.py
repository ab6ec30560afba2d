"""Colour statistics: hand-worked on plain covers, blind to where things are."""

import numpy as np
import pytest
import torch

from albumnet.errors import WeightsError
from albumnet.vision.backbones import load_backbone
from albumnet.vision.backbones.colour_statistics import FEATURE_DIM, ColourStatistics


def statistics(covers):
    with torch.inference_mode():
        return ColourStatistics()(torch.as_tensor(covers, dtype=torch.float32)).numpy()


def plain(red, green, blue):
    return np.broadcast_to(np.array([red, green, blue])[:, None, None], (1, 3, 8, 8)).copy()


def test_means_are_lightness_red_against_green_and_yellow_against_blue():
    np.testing.assert_allclose(statistics(plain(0.9, 0.3, 0.0))[0, :3], [0.4, 0.6, 0.6], rtol=1e-5)


def test_a_plain_cover_has_no_spread_no_roughness_and_one_bin_of_each_histogram():
    found = statistics(plain(0.2, 0.2, 0.2))[0]
    np.testing.assert_allclose(found[3:9], 0, atol=1e-5)
    assert sorted(found[9:33].tolist()) == [0] * 21 + [1] * 3
    assert found[33] == 0


def test_moving_pixels_changes_the_roughness_alone():
    rng = np.random.default_rng(0)
    stripes = np.tile(np.repeat([0.0, 1.0], 16), (1, 3, 32, 1))
    shuffled = stripes.reshape(1, 3, -1)[:, :, rng.permutation(32 * 32)].reshape(stripes.shape)
    first, second = statistics(stripes)[0], statistics(shuffled)[0]
    np.testing.assert_allclose(first[:33], second[:33], atol=1e-4)
    assert second[33] > 5 * first[33]


def test_every_number_is_finite_on_noise():
    found = statistics(np.random.default_rng(0).random((4, 3, 64, 64)))
    assert found.shape == (4, FEATURE_DIM)
    assert np.isfinite(found).all()


def test_weights_are_refused(tmp_path):
    with pytest.raises(WeightsError, match="no weights"):
        load_backbone("colour_statistics", weights=tmp_path / "w.safetensors")
