"""A model as one ONNX graph says what the model says, whatever is known of an album."""

import json

import numpy as np
import onnx
import pytest

from albumnet.errors import EngineError
from albumnet.models.exporting import ExportedModel, as_onnx
from albumnet.models.parts import ModelOfParts, list_known
from albumnet.models.presets import MODELS
from albumnet.models.telling import Telling
from albumnet.vision.backbones import load_backbone
from albumnet.vision.engines.trial_covers import draw_trial_covers
from untrained import MOODS, make_model

PIXELS = draw_trial_covers(224)[:6]
GENRES = [("Rock",), ("Jazz", "Folk Rock"), (), ("Polka",), ("jazz",), ()]
YEARS = [1965, None, 1979, 1900, None, None]


def export(model, tmp_path) -> ExportedModel:
    (tmp_path / "model.onnx").write_bytes(as_onnx(model).SerializeToString())
    return ExportedModel(tmp_path / "model.onnx")


def wanted(model):
    features = model.features(PIXELS) if model.kind.uses_cover else None
    return model.probabilities(features, GENRES, YEARS)


def assert_agrees(model, tmp_path):
    found = export(model, tmp_path).probabilities(PIXELS, GENRES, YEARS)
    assert np.ptp(found, axis=0).min() > 1e-3, "a model that says one thing of all covers tests nothing"
    np.testing.assert_allclose(found, wanted(model), atol=1e-5)


@pytest.mark.usefixtures("quick_presets")
@pytest.mark.parametrize("preset", ["quick", "deep"])
@pytest.mark.parametrize("space", ["regressed", "decoded"])
@pytest.mark.parametrize("name", MODELS)
def test_the_graph_says_what_the_model_says(name, space, preset, tmp_path):
    if space == "decoded" and not MODELS[name].uses_vectors:
        pytest.skip("has no mood space of its own")
    assert_agrees(make_model(name, preset=preset, space=space), tmp_path)


def test_a_model_of_parts_chooses_its_head_in_the_graph(tmp_path):
    kind = {known: "1" if known == "cover" else "2" if "cover" in known else "metadata" for known in list_known()}
    parts = {known: make_model(kind[known], seed=n) for n, known in enumerate(list_known())}
    model = ModelOfParts(parts, dict.fromkeys(parts, Telling(0.5, 1.0, 0.5)))
    assert_agrees(model, tmp_path)
    assert len({id(model.part_for(has_cover=True, genres=g, year=y)) for g, y in zip(GENRES, YEARS, strict=True)}) == 4


def test_batches_of_any_size_are_answered_alike(tmp_path):
    exported = export(make_model("2"), tmp_path)
    one_by_one = [exported.probabilities(PIXELS[[n]], [GENRES[n]], [YEARS[n]])[0] for n in range(len(PIXELS))]
    np.testing.assert_allclose(exported.probabilities(PIXELS, GENRES, YEARS), one_by_one, atol=1e-6)
    assert exported.probabilities(PIXELS[:0], [], []).shape == (0, len(MOODS))


def test_the_file_says_what_it_is(tmp_path):
    model = make_model("2")
    graph = as_onnx(model)
    told = {entry.key: entry.value for entry in graph.metadata_props}
    backbone = model.config.backbone
    assert json.loads(told["moods"]) == list(MOODS)
    assert json.loads(told["genre_tokens"]) == list(model.config.metadata.tokens)
    assert json.loads(told["transform"])["size"] == 224
    assert (told["weights_digest"], told["transform_digest"]) == (backbone.weights_digest, backbone.transform_digest)
    assert told["vocabulary_digest"] == model.config.vocabulary.digest
    assert told["opset"] == str(graph.opset_import[0].version)
    assert [i.name for i in graph.graph.input] == ["cover", "genres", "year"]
    assert {i.type.tensor_type.shape.dim[0].dim_param for i in graph.graph.input} == {"B"}
    onnx.checker.check_model(graph, full_check=True)


def test_a_model_looks_only_at_its_own_inputs():
    assert [i.name for i in as_onnx(make_model("1")).graph.input] == ["cover"]
    assert [i.name for i in as_onnx(make_model("metadata")).graph.input] == ["genres", "year"]


def test_a_backbone_without_a_graph_is_one_line():
    with pytest.raises(EngineError, match="colour_statistics runs in PyTorch only"):
        as_onnx(make_model("1", backbone=load_backbone("colour_statistics")))
