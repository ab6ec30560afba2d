"""A trained model as an ONNX graph: backbone, head, calibration, and for a model of parts the choice between them.

Notation: B albums, M moods, D features, K metadata columns, E numbers per word vector, S slots.
"""

from __future__ import annotations

import json
from importlib.metadata import version
from typing import TYPE_CHECKING

import numpy as np

from albumnet.errors import EngineError
from albumnet.models.exporting.metadata import MetadataInputs, add_columns, add_inputs
from albumnet.models.parts import ModelOfParts, name_known
from albumnet.models.plain_head import fold_norm
from albumnet.models.presets import N_SLOTS
from albumnet.vision.graphs import COVER, add_backbone, has_graph
from albumnet.vision.graphs.building import OPSET, GraphBuilder

if TYPE_CHECKING:
    from onnx import ModelProto

    from albumnet.models.prediction import MoodModel

PROBABILITIES = "probabilities"
_NO_LENGTH = 1e-12


def as_onnx(model: MoodModel) -> ModelProto:
    """A model as one graph.

    Inputs, as far as the model looks at them: "cover" (B, size, size, 3) uint8, RGB, squeezed to a square; "genres"
    and "year" as in `exporting.metadata`. Output: "probabilities" (B, M), calibrated. `metadata_props` hold the moods,
    the genre tokens, the transform, and the digests of what the model was made from.

    Raises:
        EngineError: If its backbone has no graph.
    """
    graph = GraphBuilder()
    features = _add_cover(graph, model) if model.kind.uses_cover else None
    given = add_inputs(graph, model.config.metadata) if model.kind.uses_metadata else None
    if isinstance(model, ModelOfParts):
        assert given is not None
        probabilities = _choose(graph, model, features, given)
    else:
        probabilities = _add_probabilities(graph, model, features, given)
    return graph.finish({PROBABILITIES: (probabilities, [len(model.config.moods)])}, metadata=_describe(model))


def _add_cover(graph: GraphBuilder, model: MoodModel) -> str:
    """The backbone's features (B, *feature_shape) of the input "cover"."""
    backbone = model.config.backbone
    assert backbone is not None
    if not has_graph(backbone.backbone):
        raise EngineError(
            f"{backbone.backbone} runs in PyTorch only, so a model that looks through it has no ONNX graph"
        )
    size = model.transform.size
    return add_backbone(graph, graph.input(COVER, np.uint8, [size, size, 3]), model.graph)


def _choose(graph: GraphBuilder, model: ModelOfParts, features: str | None, given: MetadataInputs) -> str:
    """Probabilities (B, M) by the part for what is known of each album."""
    by = {
        (genre, year): _add_probabilities(
            graph, model.parts[name_known(cover=True, genre=genre, year=year)], features, given
        )
        for genre in (True, False)
        for year in (True, False)
    }
    with_genre, without = (
        graph.node("Where", given.has_year, by[genre, True], by[genre, False]) for genre in (True, False)
    )
    return graph.node("Where", given.has_genre, with_genre, without)


def _add_probabilities(
    graph: GraphBuilder, model: MoodModel, features: str | None, given: MetadataInputs | None
) -> str:
    """Calibrated probabilities (B, M)."""
    known = _add_closeness(graph, model, _add_head(graph, model, features, given))
    slope, centre, offset = (
        graph.array(np.atleast_1d(np.asarray(value, np.float32)))
        for value in (model.calibration.slope, model.calibration.centre, model.calibration.offset)
    )
    logits = graph.node("Add", graph.node("Mul", slope, graph.node("Sub", known, centre)), offset)
    return graph.node("Sigmoid", logits)


def _add_head(graph: GraphBuilder, model: MoodModel, features: str | None, given: MetadataInputs | None) -> str:
    """The head's output (B, out): what `PlainHead` gives, slots yet in one row."""
    arrays, inputs = model.head.arrays, []
    if model.kind.uses_cover:
        assert features is not None
        pooled = _add_pooling(graph, features, model)
        apart = graph.node("Sub", pooled, graph.array(arrays["feature_mean"]))
        seen = graph.node("Mul", apart, graph.array(arrays["feature_scale"]))
        if "first.0.weight" in arrays:
            seen = graph.node("Relu", graph.linear(seen, arrays["first.0.weight"], arrays["first.0.bias"]))
        inputs.append(seen)
    if model.kind.uses_metadata:
        assert given is not None
        columns = add_columns(graph, given, model.config.metadata)
        inputs.append(graph.node("Sub", columns, graph.array(arrays["metadata_mean"])))
    hidden = graph.node("Concat", *inputs, axis=1)
    for layer in model.head.block_layers():
        hidden = graph.linear(hidden, arrays[f"blocks.{layer}.weight"], arrays[f"blocks.{layer}.bias"])
        scale, shift = fold_norm(arrays, f"blocks.{layer + 2}")
        scaled = graph.node("Mul", graph.node("Relu", hidden), graph.array(scale))
        hidden = graph.node("Add", scaled, graph.array(shift))
    return graph.linear(hidden, arrays["output.weight"], arrays["output.bias"])


def _add_pooling(graph: GraphBuilder, features: str, model: MoodModel) -> str:
    """Features as the head takes them (B, D): `plain_head.pool`."""
    backbone = model.config.backbone
    assert backbone is not None
    if not model.preset.is_pooled:
        return graph.node("Flatten", features)
    if len(backbone.feature_shape) == 3:
        means = graph.node("ReduceMean", features, axes=[2, 3], keepdims=0)
        largest = graph.node("ReduceMax", features, axes=[2, 3], keepdims=0)
        features = graph.node("Concat", means, largest, axis=1)
    return graph.node("Mul", graph.node("Sign", features), graph.node("Sqrt", graph.node("Abs", features)))


def _add_closeness(graph: GraphBuilder, model: MoodModel, raw: str) -> str:
    """Logits as they are, or how close a vector or slots lie to each mood (B, M): `plain_head.closeness`."""
    if model.labels is None:
        return raw
    has_slots = model.kind.output == "slots"
    size = model.config.embedding_size
    shape = [0, N_SLOTS, size] if has_slots else [0, size]
    vectors = graph.node("Reshape", raw, graph.array(np.array(shape, np.int64)))
    if model.config.space != "decoded":
        length = graph.node("ReduceL2", vectors, axes=[-1], keepdims=1)
        vectors = graph.node("Div", vectors, graph.node("Max", length, graph.number(_NO_LENGTH)))
    products = graph.node("MatMul", vectors, graph.array(np.ascontiguousarray(model.labels.T)))
    if not has_slots:
        return products
    operator = "ReduceLogSumExp" if model.config.space == "decoded" else "ReduceMax"
    return graph.node(operator, products, axes=[1], keepdims=0)


def _describe(model: MoodModel) -> dict[str, str]:
    config, backbone = model.config, model.config.backbone
    described = {
        "albumnet": version("albumnet"),
        "model": model.kind.title,
        "preset": config.preset,
        "opset": str(OPSET),
        "moods": json.dumps(config.moods, ensure_ascii=False),
        "base_rates": json.dumps(config.base_rates),
        "vocabulary_digest": config.vocabulary.digest,
        "albums_digest": config.albums_digest,
    }
    if model.kind.uses_metadata:
        described["genre_tokens"] = json.dumps(config.metadata.tokens, ensure_ascii=False)
        described["genres"] = (
            "1 where a genre name, lower case and without blanks and signs, contains the token; 0 else"
        )
        described["year"] = "nan where unknown"
    if backbone is not None and model.kind.uses_cover:
        described["backbone"] = backbone.backbone
        described["weights_digest"] = backbone.weights_digest
        described["transform"] = json.dumps(dict(backbone.transform))
        described["transform_digest"] = backbone.transform_digest
        described["cover"] = "RGB, 0 to 255, the whole cover squeezed to a square by the transform's interpolation"
    return described
