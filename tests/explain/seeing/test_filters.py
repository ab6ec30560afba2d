import numpy as np
import pytest

from albumnet.errors import ExplainError
from albumnet.explain.seeing.filters import CropFinder, first_filters
from albumnet.vision.backbones import load_backbone


@pytest.fixture(scope="module")
def backbone():
    return load_backbone("efficientnet_lite0")


def test_first_filters_are_colours_about_a_middle_grey(backbone):
    kernels = first_filters(backbone)
    assert kernels.shape == (32, 3, 3, 3)
    assert kernels.min() >= 0
    assert kernels.max() <= 1
    np.testing.assert_allclose(np.abs(kernels - 0.5).max(axis=(1, 2, 3)), 0.5, atol=1e-6)


def test_crops_come_from_different_covers_strongest_first(backbone):
    covers = np.random.default_rng(0).integers(0, 256, (3, 224, 224, 3), dtype=np.uint8)
    finder = CropFinder(backbone, blocks=[2, 6], n_filters=2, n_crops=2)
    finder.watch(covers[:2])
    finder.watch(covers[2:])
    found = list(finder.crops())
    assert [crops[0].block for crops in found] == [2, 2, 6, 6]
    for crops in found:
        assert len(crops) == 2
        assert crops[0].value >= crops[1].value
        assert crops[0].picture.shape[0] == crops[0].picture.shape[1] >= 35


def test_a_block_that_is_not_there_is_told_from_those_that_are(backbone):
    with pytest.raises(ExplainError, match="blocks 0 to 8"):
        CropFinder(backbone, blocks=[40], n_filters=1, n_crops=1)
    with pytest.raises(ExplainError, match="no blocks"):
        CropFinder(load_backbone("colour_statistics"), blocks=[0], n_filters=1, n_crops=1)


def test_a_backbone_without_a_first_convolution_has_no_first_filters():
    with pytest.raises(ExplainError, match="no first filters"):
        first_filters(load_backbone("colour_statistics"))
