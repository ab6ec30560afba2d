"""Backbones as ONNX graphs, made on this machine from the weights and kept in the user's cache; no torch in it.

A graph takes covers as they are decoded, "cover" (B, size, size, 3) uint8, and gives "features" (B, *feature_shape).
"""

from __future__ import annotations

import hashlib
import importlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from functools import cached_property
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING

from albumnet.errors import WeightsError
from albumnet.vision.graphs.cache import GRAPH_VERSION, find_or_make
from albumnet.vision.transform import Transform

if TYPE_CHECKING:
    import numpy as np

    from albumnet.vision.graphs.building import GraphBuilder

BACKBONES = ("efficientnet_lite0", "vgg16")
COVER, FEATURES = "cover", "features"


@dataclass(frozen=True)
class BackboneGraph:
    """A backbone of the registry as a graph.

    Attributes:
        name: As `load_backbone` takes it.
        transform: What covers are decoded to; the graph itself takes them unscaled.
        feature_shape: (D,) of pooled or (D, h, w) of spatial features.
        weights_digest: 16 hex digits of the weights.
        batch_size: Covers per call at which engines are fastest on a processor, as measured.
        weights: Path of the weights file that was given; "" for those that come with the backbone.
        tolerates_bfloat16: Whether its features survive bfloat16 (cosine >= 0.999 on real covers, as measured).
        tuned: Arrays that fine-tuning put in place of the weights' own.
    """

    name: str
    transform: Transform
    feature_shape: tuple[int, ...]
    weights_digest: str
    batch_size: int
    weights: str = ""
    tolerates_bfloat16: bool = False
    tuned: Mapping[str, np.ndarray] = field(default_factory=dict, repr=False)

    @cached_property
    def content(self) -> bytes:
        """The ONNX model: from the cache, or made from the weights.

        Raises:
            WeightsError: If the weights are of another network.
        """
        if self.tuned:
            return self._make()
        key = f"{self.name}-{self.weights_digest}-{self.transform.digest}-v{GRAPH_VERSION}.onnx"
        digested = find_or_make(key, lambda: _sealed(self._make()), is_whole=lambda data: _sealed(data[64:]) == data)
        return digested[64:]

    def arrays(self) -> dict[str, np.ndarray]:
        """The layers' arrays by name, tuned ones in place of the weights' own."""
        found = _module_of(self.name).read_arrays(Path(self.weights) if self.weights else None)
        return {**found, **self.tuned}

    def _make(self) -> bytes:
        from albumnet.vision.graphs.building import GraphBuilder

        graph = GraphBuilder()
        features = add_backbone(graph, graph.input(COVER, _uint8(), self._cover_shape), self)
        metadata = {
            "backbone": self.name,
            "weights": self.weights_digest,
            "transform": json.dumps(asdict(self.transform)),
            "transform_digest": self.transform.digest,
        }
        model = graph.finish({FEATURES: (features, self.feature_shape)}, metadata=metadata)
        content: bytes = model.SerializeToString()
        return content

    @property
    def _cover_shape(self) -> tuple[int, int, int]:
        return self.transform.size, self.transform.size, 3


def has_graph(name: str) -> bool:
    """Whether a backbone of this name can be made into a graph."""
    return name in BACKBONES


def load_graph(
    name: str,
    *,
    weights: Path | None = None,
    convention: str | None = None,
    tuned: Mapping[str, np.ndarray] | None = None,
) -> BackboneGraph:
    """A pretrained backbone as a graph; what it computes is made or read when it is first asked for.

    Args:
        name: One of `BACKBONES`.
        weights: A safetensors file; None for the weights that come with the backbone.
        convention: As `load_backbone` takes it.
        tuned: Arrays, by the name of their layer, to put in place of the weights' own.

    Raises:
        WeightsError: If it has no graph, or its weights are missing.
    """
    if not has_graph(name):
        raise WeightsError(
            f"{name} runs in PyTorch only; there are graphs of {' and '.join(BACKBONES)}; "
            "pip install 'albumnet[train]' and pass --engine torch"
        )
    module = _module_of(name)
    digest, transform = module.settle(weights, convention)
    return BackboneGraph(
        name, transform, module.FEATURE_SHAPE, digest, module.BATCH_SIZE,
        weights=str(weights.resolve()) if weights else "", tolerates_bfloat16=module.TOLERATES_BFLOAT16,
        tuned=tuned or {},
    )  # fmt: skip


def add_backbone(graph: GraphBuilder, pixels: str, backbone: BackboneGraph) -> str:
    """Decoded covers (B, size, size, 3) through a backbone: nodes added to a graph, the name of the features."""
    covers = graph.normalise(pixels, backbone.transform)
    added: str = _module_of(backbone.name).add_nodes(graph, covers, backbone.arrays())
    return added


def _module_of(name: str) -> ModuleType:
    return importlib.import_module(f"albumnet.vision.graphs.{name}")


def _sealed(content: bytes) -> bytes:
    """With its digest before it, so that a file damaged on disk is noticed."""
    return hashlib.sha256(content).hexdigest().encode() + content


def _uint8() -> type[np.uint8]:
    import numpy as np

    return np.uint8
