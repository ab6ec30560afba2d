"""Running a backbone fast, and refusing a fast way that gives other features."""

import dataclasses
import warnings
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
import torch
from torch import nn

from albumnet.errors import EngineError
from albumnet.vision.backbones import Backbone, load_backbone
from albumnet.vision.engines.agreement import smallest_cosine
from albumnet.vision.engines.torch_engine import plain, prepare
from albumnet.vision.transform import Transform

needs_gpu = pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a GPU")


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


def test_amp_is_for_gpus(backbone, covers):
    with pytest.raises(EngineError, match=r"--precision amp is for GPUs.*pass auto or bfloat16"):
        prepare(backbone, trial_covers=covers, device="cpu", precision="amp")


@needs_gpu
@pytest.mark.parametrize("precision", ["auto", "amp", "bfloat16", "float32"])
def test_a_gpu_gives_the_features_of_the_processor(precision):
    covers = np.random.default_rng(0).integers(0, 256, (5, 224, 224, 3), dtype=np.uint8)
    wanted = plain(load_backbone("efficientnet_lite0")).features(covers)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # bfloat16 may have too few digits, and is then said not to be used
        network = prepare(load_backbone("efficientnet_lite0"), trial_covers=covers, device="cuda", precision=precision)
    assert (network.device, network.features(covers).dtype) == ("cuda", np.float32)
    assert smallest_cosine(wanted, network.features(covers)) >= 0.999


@needs_gpu
def test_threads_that_share_a_gpu_get_each_their_own_features(backbone):
    network = prepare(backbone, trial_covers=np.zeros((2, 32, 32, 3), np.uint8), device="cuda")
    rng = np.random.default_rng(0)
    batches = [
        torch.from_numpy(rng.integers(0, 256, (64, 32, 32, 3), dtype=np.uint8)).pin_memory().numpy() for _ in range(40)
    ]
    one_by_one = [network.features(batch) for batch in batches]
    with ThreadPoolExecutor(4) as pool:
        at_once = list(pool.map(network.features, batches))
    for alone, beside in zip(one_by_one, at_once, strict=True):
        np.testing.assert_array_equal(alone, beside)


@needs_gpu
def test_for_very_many_covers_a_gpu_runs_a_compiled_network(backbone, covers, monkeypatch):
    calls = []
    monkeypatch.setattr(torch, "compile", lambda forward: lambda x: calls.append(len(x)) or forward(x))
    monkeypatch.setattr("albumnet.vision.engines.torch_engine.GPU_BATCH", 6)
    wanted = plain(backbone).features(covers)
    assert prepare(backbone, trial_covers=covers, device="cuda", n_covers=10**5)
    assert not calls
    network = prepare(backbone, trial_covers=covers, device="cuda", n_covers=10**6)
    assert smallest_cosine(network.features(covers[:3]), wanted[:3]) >= 0.999
    assert set(calls) == {6}
