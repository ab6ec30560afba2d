"""Backbones as graphs: the features of their PyTorch definitions, kept in the cache and made again when damaged."""

from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import save_file

from albumnet.errors import WeightsError
from albumnet.vision import graphs
from albumnet.vision.backbones import load_backbone
from albumnet.vision.engines import onnx_engine, torch_engine
from albumnet.vision.engines.trial_covers import draw_trial_covers
from albumnet.vision.graphs import BackboneGraph, load_graph

COVERS = draw_trial_covers(224)[:3]


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch) -> Path:
    monkeypatch.setenv("ALBUMNET_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache" / "graphs"


@pytest.fixture(scope="module")
def vgg_weights(tmp_path_factory) -> Path:
    from torchvision.models import vgg16

    torch.manual_seed(0)
    path = tmp_path_factory.mktemp("weights") / "vgg16.safetensors"
    save_file({f"features.{name}": tensor for name, tensor in vgg16().features.state_dict().items()}, path)
    return path


def assert_same_features(graph, backbone, covers=COVERS):
    wanted = torch_engine.plain(backbone).features(covers)
    found = onnx_engine.prepare(graph).features(covers)
    assert found.shape == wanted.shape == (len(covers), *graph.feature_shape)
    np.testing.assert_allclose(found, wanted, atol=1e-4 * np.abs(wanted).max())


def test_efficientnet_lite0_gives_the_features_of_its_module():
    graph, backbone = load_graph("efficientnet_lite0"), load_backbone("efficientnet_lite0")
    assert_same_features(graph, backbone)
    for what in ("name", "transform", "feature_shape", "weights_digest", "tolerates_bfloat16", "weights"):
        assert getattr(graph, what) == getattr(backbone, what)


@pytest.mark.parametrize("convention", ["caffe", "torchvision"])
def test_vgg16_gives_the_features_of_its_module(vgg_weights, convention):
    graph, backbone = (
        load("vgg16", weights=vgg_weights, convention=convention) for load in (load_graph, load_backbone)
    )
    assert_same_features(graph, backbone, COVERS[:1])
    assert (graph.transform, graph.weights_digest) == (backbone.transform, backbone.weights_digest)


def test_tuned_arrays_stand_in_for_the_weights_own():
    backbone = load_backbone("efficientnet_lite0")
    tuned = {name: backbone.module.state_dict()[name].numpy() * 0.5 for name in ("head.bn.weight", "head.bn.bias")}
    backbone.module.load_state_dict({name: torch.from_numpy(array) for name, array in tuned.items()}, strict=False)
    assert_same_features(load_graph("efficientnet_lite0", tuned=tuned), backbone, COVERS[:1])


def test_a_graph_is_made_once_and_then_read(cache, monkeypatch):
    made = load_graph("efficientnet_lite0").content
    monkeypatch.setattr(BackboneGraph, "_make", lambda self: pytest.fail("made again"))
    assert load_graph("efficientnet_lite0").content == made
    assert [path.name.partition("-")[0] for path in cache.iterdir()] == ["efficientnet_lite0"]


@pytest.mark.parametrize(
    "damage", [lambda data: data[:-1], lambda data: data[:-9] + b"x" + data[-8:], lambda data: b""]
)
def test_a_damaged_file_is_made_again(cache, damage):
    made = load_graph("efficientnet_lite0").content
    (path,) = cache.iterdir()
    whole = path.read_bytes()
    path.write_bytes(damage(whole))
    assert load_graph("efficientnet_lite0").content == made
    assert path.read_bytes() == whole


def test_a_cache_that_cannot_be_written_costs_time_and_nothing_else(cache, monkeypatch):
    cache.parent.write_text("not a folder")
    assert load_graph("efficientnet_lite0").content


def test_other_weights_have_another_graph(cache, vgg_weights, tmp_path):
    other = tmp_path / "other.safetensors"
    save_file({f"features.{n}": t + 1 for n, t in load_vgg(vgg_weights).items()}, other)
    contents = {load_graph("vgg16", weights=path, convention="caffe").content for path in (vgg_weights, other)}
    assert len(contents) == 2
    assert len(list(cache.iterdir())) == 2


def load_vgg(path):
    from safetensors.torch import load_file

    return {name.removeprefix("features."): tensor for name, tensor in load_file(path).items()}


def test_weights_of_another_network_are_one_line(vgg_weights):
    with pytest.raises(WeightsError, match=r"does not hold EfficientNet-Lite0: 0 tensors"):
        _ = load_graph("efficientnet_lite0", weights=vgg_weights).content


def test_a_backbone_without_a_graph_says_what_runs_it():
    with pytest.raises(WeightsError, match=r"colour_statistics runs in PyTorch only.*--engine torch"):
        load_graph("colour_statistics")


def test_every_graph_says_what_it_was_made_from():
    import onnx

    model = onnx.load_from_string(load_graph("efficientnet_lite0").content)
    told = {entry.key: entry.value for entry in model.metadata_props}
    backbone = load_backbone("efficientnet_lite0")
    assert (told["weights"], told["transform_digest"]) == (backbone.weights_digest, backbone.transform.digest)
    assert {opset.version for opset in model.opset_import} == {graphs_opset()}


def graphs_opset():
    from albumnet.vision.graphs.building import OPSET

    return OPSET


def test_the_graphs_are_of_registered_backbones():
    from albumnet.vision.backbones import list_backbones

    assert set(graphs.BACKBONES) <= set(list_backbones())
