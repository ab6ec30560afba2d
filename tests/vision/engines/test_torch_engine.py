"""Running a backbone fast, and refusing a fast way that gives other features."""

import dataclasses

import numpy as np
import pytest
import torch
from torch import nn

from albumnet.vision.backbones import Backbone
from albumnet.vision.engines.torch_engine import prepare
from albumnet.vision.transform import Transform


class TinyNetwork(nn.Module):
    def __init__(self):
        super().__init__()
        torch.manual_seed(0)
        self.conv = nn.Conv2d(3, 8, 4, stride=4)

    def forward(self, covers):
        return self.conv(covers).relu().mean(dim=(2, 3))


@pytest.fixture
def backbone():
    module = TinyNetwork().eval()
    transform = Transform(32, "bicubic", "RGB", (127.0,) * 3, (128.0,) * 3)
    return Backbone("tiny", module, transform, (8,), "0" * 16, blocks=[module.conv])


@pytest.fixture
def covers():
    return np.random.default_rng(0).integers(0, 256, (4, 32, 32, 3), dtype=np.uint8)


def test_a_fast_way_that_agrees_is_used(backbone, covers):
    calls = []

    def fast(dtype):
        def forward(x):
            calls.append(len(x))
            return backbone.module(x)

        return forward

    network = prepare(dataclasses.replace(backbone, fast=fast), trial_covers=covers, precision="float32")
    assert network.agreement > 0.9999
    calls.clear()
    network.features(covers)
    assert calls == [4]


@pytest.mark.parametrize("wrong", [lambda y: y.flip(1), lambda y: y * float("nan")])
def test_a_fast_way_that_disagrees_is_refused_with_a_warning(backbone, covers, wrong):
    broken = dataclasses.replace(backbone, fast=lambda dtype: lambda x: wrong(backbone.module(x)))
    with pytest.warns(UserWarning, match="agree with float32 only to cosine"):
        network = prepare(broken, trial_covers=covers, device="cpu", precision="float32")
    with torch.inference_mode():
        expected = backbone.module(backbone.transform.normalise(torch.from_numpy(covers))).numpy()
    np.testing.assert_allclose(network.features(covers), expected, rtol=1e-5)


def test_bfloat16_features_agree_with_float32_or_are_not_used(backbone, covers):
    network = prepare(backbone, trial_covers=covers, device="cpu", precision="bfloat16")
    assert network.agreement >= 0.999


def test_bfloat16_is_not_tried_where_it_was_measured_to_lose_too_much(backbone, covers):
    sensitive = dataclasses.replace(backbone, tolerates_bfloat16=False)
    assert prepare(sensitive, trial_covers=covers, device="cpu").precision == "float32"


def test_automatic_choice_falls_back_without_a_warning(backbone, covers, monkeypatch):
    monkeypatch.setattr("albumnet.vision.engines.torch_engine.has_fast_bfloat16", lambda: True)
    broken = dataclasses.replace(backbone, fast=lambda dtype: lambda x: backbone.module(x).flip(1))
    network = prepare(broken, trial_covers=covers, device="cpu")
    assert (network.precision, network.agreement) == ("float32", 1.0)


def test_transforms_that_differ_in_any_setting_have_other_digests():
    base = Transform(224, "bicubic", "RGB", (127.0,) * 3, (128.0,) * 3)
    changes = [{"size": 256}, {"interpolation": "bilinear"}, {"channels": "BGR"}, {"std": (1.0,) * 3}]
    assert len({base.digest, *(dataclasses.replace(base, **change).digest for change in changes)}) == 5
