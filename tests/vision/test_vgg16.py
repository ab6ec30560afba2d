"""VGG-16: our definition against torchvision's, the Winograd forward, and the two pixel conventions."""

import warnings

import numpy as np
import pytest
import torch
from safetensors.torch import save_file

from albumnet.errors import WeightsError
from albumnet.vision.backbones import load_backbone
from albumnet.vision.backbones.vgg16 import TRANSFORMS, VGG16Convolutions, winograd_forward
from albumnet.vision.winograd import can_use_winograd, winograd_conv


@pytest.fixture(scope="module")
def reference():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from torchvision.models import vgg16

        torch.manual_seed(0)
        return vgg16().features.eval()


@pytest.fixture(scope="module")
def weights(reference, tmp_path_factory):
    """A file that names its layers as torchvision does and says nothing of its convention."""
    path = tmp_path_factory.mktemp("weights") / "vgg16.safetensors"
    save_file({f"features.{name}": tensor for name, tensor in reference.state_dict().items()}, path)
    return path


@pytest.fixture(scope="module")
def covers():
    pixels = torch.randint(0, 256, (2, 224, 224, 3), generator=torch.Generator().manual_seed(0), dtype=torch.uint8)
    return TRANSFORMS["torchvision"].normalise(pixels)


def test_features_are_those_of_torchvisions_definition_with_the_same_weights(reference, weights, covers):
    backbone = load_backbone("vgg16", weights=weights, convention="torchvision")
    with torch.inference_mode():
        torch.testing.assert_close(backbone.module(covers), reference(covers), rtol=1e-4, atol=1e-5)


@pytest.mark.skipif(not can_use_winograd(), reason="this build of torch or this processor has no NNPACK")
def test_the_winograd_forward_gives_the_plain_features(weights, covers):
    backbone = load_backbone("vgg16", weights=weights, convention="torchvision")
    with torch.inference_mode():
        plain, fast = backbone.module(covers).flatten(1), winograd_forward(backbone.module)(covers).flatten(1)
    assert torch.nn.functional.cosine_similarity(plain, fast).min() > 0.99999


@pytest.mark.skipif(not can_use_winograd(), reason="this build of torch or this processor has no NNPACK")
def test_a_winograd_convolution_is_a_convolution():
    torch.manual_seed(0)
    x, weight, bias = torch.randn(2, 8, 28, 28), torch.randn(16, 8, 3, 3), torch.randn(16)
    expected = torch.nn.functional.conv2d(x, weight, bias, padding=1)
    torch.testing.assert_close(winograd_conv(x, weight, bias), expected, rtol=1e-3, atol=1e-3)


def test_an_unstated_convention_is_an_error_not_a_guess(weights):
    with pytest.raises(WeightsError, match="does not say its pixel convention"):
        load_backbone("vgg16", weights=weights)


@pytest.mark.parametrize(
    ("metadata", "convention"),
    [
        ({"convention": "caffe"}, "caffe"),
        ({"convention": "torchvision"}, "torchvision"),
        ({"input": "BGR, 0-255, minus (103.939,116.779,123.68), 224x224"}, "caffe"),
        ({"input": "RGB, 0-1, minus (0.485, 0.456, 0.406), over (0.229, 0.224, 0.225)"}, "torchvision"),
    ],
)
def test_the_convention_is_read_from_the_files_metadata(reference, tmp_path, metadata, convention):
    save_file({f"features.{n}": t for n, t in reference.state_dict().items()}, tmp_path / "w.safetensors", metadata)
    assert load_backbone("vgg16", weights=tmp_path / "w.safetensors").transform == TRANSFORMS[convention]
    other = {"caffe": "torchvision", "torchvision": "caffe"}[convention]
    with pytest.raises(WeightsError, match=f"says it is {convention}"):
        load_backbone("vgg16", weights=tmp_path / "w.safetensors", convention=other)


def test_the_caffe_convention_swaps_colours_and_subtracts_the_mean():
    red = torch.tensor([255, 0, 0], dtype=torch.uint8).expand(1, 2, 2, 3)
    blue, green, red_out = TRANSFORMS["caffe"].normalise(red)[0, :, 0, 0].tolist()
    np.testing.assert_allclose([blue, green, red_out], [-103.939, -116.779, 255 - 123.68], rtol=1e-5)


def test_weights_of_another_network_name_the_layer_they_lack(tmp_path):
    save_file({"features.0.weight": torch.zeros(64, 3, 3, 3)}, tmp_path / "w.safetensors", {"convention": "caffe"})
    with pytest.raises(WeightsError, match=r"features\.0\.bias is missing"):
        load_backbone("vgg16", weights=tmp_path / "w.safetensors")


def test_only_the_torchvision_convention_is_on_the_hub():
    with pytest.raises(WeightsError, match="--weights"):
        load_backbone("vgg16", convention="caffe")


def test_the_seven_by_seven_grid_is_kept():
    with torch.inference_mode():
        assert VGG16Convolutions()(torch.zeros(1, 3, 224, 224)).shape == (1, 512, 7, 7)
