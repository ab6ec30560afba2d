"""What every backbone promises, run over all that are registered and over one of timm's."""

import warnings

import numpy as np
import pytest
import torch
from safetensors.torch import save_file

from albumnet.errors import WeightsError
from albumnet.vision.backbones import list_backbones, load_backbone, load_classifier
from albumnet.vision.engines.torch_engine import prepare

TIMM_MODEL = "timm:test_resnet.r160_in1k"


@pytest.fixture(scope="module", params=[*list_backbones(), TIMM_MODEL])
def backbone(request, tmp_path_factory):
    if request.param in ("efficientnet_lite0", "colour_statistics"):
        return load_backbone(request.param)
    path = tmp_path_factory.mktemp("weights") / "random.safetensors"
    torch.manual_seed(0)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        if request.param == TIMM_MODEL:
            import timm

            tensors, metadata = timm.create_model("test_resnet.r160_in1k").state_dict(), {}
        else:
            from torchvision.models import vgg16

            tensors = {f"features.{name}": tensor for name, tensor in vgg16().features.state_dict().items()}
            metadata = {"convention": "torchvision"}
    save_file({name: tensor.contiguous() for name, tensor in tensors.items()}, path, metadata)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return load_backbone(request.param, weights=path)


@pytest.fixture
def covers(backbone):
    size = backbone.transform.size
    return np.random.default_rng(0).integers(0, 256, (3, size, size, 3), dtype=np.uint8)


def test_features_have_the_stated_shape_and_are_finite(backbone, covers):
    features = prepare(backbone, trial_covers=covers, device="cpu").features(covers)
    assert features.shape == (3, *backbone.feature_shape)
    assert features.dtype == np.float32
    assert np.isfinite(features).all()
    assert features.std() > 0


def test_the_way_it_is_run_here_agrees_with_float32(backbone, covers):
    assert prepare(backbone, trial_covers=covers, device="cpu").agreement >= 0.999


def test_features_do_not_depend_on_the_batch(backbone, covers):
    network = prepare(backbone, trial_covers=covers, device="cpu", precision="float32")
    together, alone = network.features(covers), network.features(covers[1:2])
    np.testing.assert_allclose(together[1:2], alone, rtol=1e-3, atol=1e-4 * np.abs(alone).max())


def test_blocks_together_hold_all_parameters_but_a_few(backbone):
    in_blocks = {id(p) for block in backbone.blocks for p in block.parameters()}
    assert in_blocks == {id(p) for p in backbone.module.parameters()}


def test_nothing_is_trainable_until_it_is_unfrozen(backbone):
    assert not any(p.requires_grad for p in backbone.module.parameters())
    assert not backbone.module.training


def test_digests_are_sixteen_and_twelve_hex_digits(backbone):
    assert len(bytes.fromhex(backbone.weights_digest)) == 8
    assert len(bytes.fromhex(backbone.transform.digest)) == 6


def test_an_unknown_backbone_is_named_with_those_there_are():
    with pytest.raises(WeightsError, match="colour_statistics, efficientnet_lite0, vgg16 and timm:"):
        load_backbone("no_such_backbone")


@pytest.mark.parametrize("name", sorted(set(list_backbones()) - {"colour_statistics"}))
def test_a_weights_file_that_is_no_safetensors_file_is_one_line(name, tmp_path):
    (tmp_path / "w.safetensors").write_bytes(b"not weights")
    with pytest.raises(WeightsError, match="not a safetensors file"):
        load_backbone(name, weights=tmp_path / "w.safetensors")
    with pytest.raises(WeightsError, match="does not exist"):
        load_backbone(name, weights=tmp_path / "missing.safetensors")


def test_grids_pooled_again_are_the_features(backbone, covers):
    if backbone.split is None:
        assert backbone.name == "colour_statistics"
        return
    normalised = backbone.transform.normalise(torch.from_numpy(covers))
    with torch.no_grad():
        grids = backbone.split.grids(backbone.module, normalised)
        torch.testing.assert_close(backbone.split.pool(backbone.module, grids), backbone.module(normalised))
    assert all(grid.ndim == 4 for grid in grids)


def test_a_classifier_reads_the_features_or_its_absence_is_stated(backbone):
    if backbone.name in ("colour_statistics", "vgg16"):  # vgg16 has random convolutions alone here
        with pytest.raises(WeightsError, match="no guesses"):
            load_classifier(backbone)
        return
    features = torch.rand(2, *backbone.feature_shape)
    assert load_classifier(backbone)(features).shape == (2, 1000)
