"""Engines: all give the same features, one that does not is refused, and the fastest is found."""

import importlib.util
import warnings
from dataclasses import dataclass, replace

import numpy as np
import pytest
import torch

from albumnet.errors import EngineError, MissingExtraError
from albumnet.vision.backbones import Backbone, load_backbone
from albumnet.vision.engines import choosing, onnx_engine, torch_engine
from albumnet.vision.engines.agreement import share_of_same_rankings, smallest_cosine
from albumnet.vision.engines.base import ENGINES
from albumnet.vision.engines.choosing import fastest, open_backbone, prepare_engine
from albumnet.vision.engines.trial_covers import draw_trial_covers
from albumnet.vision.graphs import BackboneGraph

COVERS = draw_trial_covers(224)
HAS_OPENVINO = importlib.util.find_spec("openvino") is not None
needs_openvino = pytest.mark.skipif(not HAS_OPENVINO, reason="OpenVINO is not installed")


@pytest.fixture(scope="module")
def backbone():
    return load_backbone("efficientnet_lite0")


@pytest.fixture(scope="module")
def plain_features(backbone):
    return torch_engine.plain(backbone).features(COVERS)


@pytest.mark.parametrize(
    "name", [name if name != "openvino" else pytest.param(name, marks=needs_openvino) for name in ENGINES]
)
def test_every_engine_gives_the_plain_features(name, plain_features):
    engine = prepare_engine(
        open_backbone("efficientnet_lite0", engine=name), trial_covers=COVERS[:2], engine=name, trial_s=0.1
    )
    found = engine.features(COVERS)
    assert found.dtype == np.float32
    assert smallest_cosine(found, plain_features) >= 0.99999
    assert name in ("auto", engine.name)
    assert (engine.device, engine.precision) == ("cpu", "float32")


@pytest.mark.parametrize("name", ["onnx", pytest.param("openvino", marks=needs_openvino)])
def test_features_do_not_depend_on_how_many_are_asked_for_at_once(name):
    engine = prepare_engine(open_backbone("efficientnet_lite0", engine=name), trial_covers=COVERS[:2], engine=name)
    one_by_one = np.concatenate([engine.features(COVERS[n : n + 1]) for n in range(5)])
    np.testing.assert_allclose(engine.features(COVERS[:5]), one_by_one, atol=1e-4)


@pytest.mark.parametrize("wrong", [lambda x: x[:, ::-1], lambda x: x * np.nan])
def test_an_engine_with_other_features_is_refused_by_name(backbone, monkeypatch, wrong):
    spoil(monkeypatch, wrong)
    with pytest.raises(EngineError, match=r"ONNX Runtime in float32 agrees with float32 only to cosine .*; not used"):
        prepare_engine(backbone, trial_covers=COVERS[:2], engine="onnx")


def test_an_engine_with_other_features_is_passed_over_with_a_line_when_none_was_named(backbone, monkeypatch):
    spoil(monkeypatch, lambda x: x[:, ::-1])
    with pytest.warns(UserWarning, match="ONNX Runtime in float32 agrees"):
        engine = prepare_engine(backbone, trial_covers=COVERS[:2], trial_s=0.1)
    assert engine.name != "onnx"


def spoil(monkeypatch, wrong):
    right = onnx_engine.OnnxEngine.features
    monkeypatch.setattr(onnx_engine.OnnxEngine, "features", lambda self, covers: wrong(right(self, covers)))


def test_an_engine_that_ranks_moods_otherwise_is_refused(backbone):
    calls = []

    def ranking(features):
        calls.append(len(features))
        order = np.arange(12.0) if len(calls) == 1 else np.arange(12.0)[::-1]
        return np.tile(order, (len(features), 1))

    with pytest.raises(EngineError, match="ranks the moods of 100% of the trial covers otherwise"):
        prepare_engine(backbone, trial_covers=COVERS[:2], engine="onnx", ranking=ranking)


def test_rankings_are_compared_by_their_first_ten_moods():
    scores = np.random.default_rng(0).normal(size=(4, 15))
    changed = scores.copy()
    changed[0, np.argsort(-scores[0])[10:]] -= np.arange(5.0)[::-1]  # below the tenth: passed over
    first, second = np.argsort(-scores[1])[:2]
    changed[1, [first, second]] = changed[1, [second, first]]
    assert share_of_same_rankings(scores, changed) == 0.75


@dataclass
class Stub:
    """An engine that takes its time, told by a clock of the test's own."""

    seconds_per_cover: float
    clock: list
    batch_size: int = 2

    def features(self, covers):
        self.clock[0] += self.seconds_per_cover * len(covers)
        return np.zeros((len(covers), 1), np.float32)


def test_the_fastest_of_those_that_took_turns_is_taken(monkeypatch):
    clock = [0.0]
    monkeypatch.setattr(choosing.time, "perf_counter", lambda: clock[0])
    slow, fast = Stub(0.3, clock), Stub(0.1, clock, batch_size=4)
    assert fastest([slow, fast], COVERS[:1], trial_s=2.0) is fast
    assert clock[0] < 5


def test_what_an_engine_cannot_do_is_one_line(backbone, monkeypatch):
    with pytest.raises(EngineError, match="onnx runs in float32, not in bfloat16"):
        prepare_engine(backbone, trial_covers=COVERS[:1], engine="onnx", precision="bfloat16")
    with pytest.raises(EngineError, match="for --device cuda pass --engine torch"):
        prepare_engine(backbone, trial_covers=COVERS[:1], engine="onnx", device="cuda")
    with pytest.raises(EngineError, match="colour_statistics runs in PyTorch only"):
        prepare_engine(load_backbone("colour_statistics"), trial_covers=COVERS[:1, :64, :64], engine="onnx")
    hide(monkeypatch, "openvino")
    with pytest.raises(EngineError, match=r"pip install 'albumnet\[openvino\]'"):
        prepare_engine(backbone, trial_covers=COVERS[:1], engine="openvino")


def test_a_backbone_without_a_graph_runs_in_torch_by_itself():
    engine = prepare_engine(load_backbone("colour_statistics"), trial_covers=draw_trial_covers(64))
    assert engine.name == "torch"


def test_where_torch_is_missing_backbones_with_a_graph_are_graphs(monkeypatch):
    assert isinstance(open_backbone("efficientnet_lite0"), Backbone)
    hide(monkeypatch, "torch")
    graph = open_backbone("efficientnet_lite0")
    assert isinstance(graph, BackboneGraph)
    assert prepare_engine(graph, trial_covers=COVERS[:1], trial_s=0).name == "onnx"
    with pytest.raises(MissingExtraError, match=r"albumnet\[train\]"):
        open_backbone("colour_statistics")
    with pytest.raises(MissingExtraError, match=r"albumnet\[train\]"):
        prepare_engine(graph, trial_covers=COVERS[:1], engine="torch")


def hide(monkeypatch, module):
    find = importlib.util.find_spec
    monkeypatch.setattr(importlib.util, "find_spec", lambda name, *rest: None if name == module else find(name, *rest))


@needs_openvino
def test_openvino_falls_back_to_float32_where_bfloat16_disagrees(backbone, monkeypatch):
    from albumnet.vision.engines import openvino_engine

    right = openvino_engine.OpenVinoEngine.features
    monkeypatch.setattr(
        openvino_engine.OpenVinoEngine,
        "features",
        lambda self, covers: right(self, covers) * (1 if self.precision == "float32" else np.nan),
    )
    monkeypatch.setattr(openvino_engine, "has_bfloat16", lambda: True)
    willing = replace(backbone, tolerates_bfloat16=True)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        engine = prepare_engine(willing, trial_covers=COVERS[:1], engine="openvino")
    assert engine.precision == "float32"
    with pytest.warns(UserWarning, match="OpenVINO in bfloat16 agrees"):
        asked = prepare_engine(willing, trial_covers=COVERS[:1], engine="openvino", precision="bfloat16")
    assert asked.precision == "float32"


def test_a_module_whose_values_changed_gives_the_graph_of_those(backbone):
    other = load_backbone("efficientnet_lite0")
    with torch.no_grad():
        other.module.head.bn.bias += 2
    engine = prepare_engine(other, trial_covers=COVERS[:1], engine="onnx")
    assert engine.agreement > 0.9999
    assert smallest_cosine(engine.features(COVERS[:1]), torch_engine.plain(backbone).features(COVERS[:1])) < 0.999
