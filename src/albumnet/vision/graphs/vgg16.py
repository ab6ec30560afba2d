"""The convolution layers of VGG-16 as a graph."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from albumnet.vision.networks import vgg16 as network
from albumnet.vision.networks.weight_files import digest_weights, read_safetensors

if TYPE_CHECKING:
    from albumnet.vision.graphs.building import GraphBuilder
    from albumnet.vision.transform import Transform

FEATURE_SHAPE = network.FEATURE_SHAPE
TOLERATES_BFLOAT16 = network.TOLERATES_BFLOAT16
BATCH_SIZE = 16


def settle(weights: Path | None, convention: str | None) -> tuple[str, Transform]:
    """Digest of the weights, and the transform of the covers that they take.

    Raises:
        WeightsError: If there are none, or their pixel convention is not known.
    """
    path, convention = network.find_weights(weights, convention=convention)
    _, metadata = read_safetensors(path)
    return digest_weights(path), network.TRANSFORMS[
        network.settle_convention(path, metadata=metadata, asked=convention)
    ]


def read_arrays(weights: Path | None) -> dict[str, np.ndarray]:
    """The layers' arrays by name.

    Raises:
        WeightsError: If the file is of another network.
    """
    path, _ = network.find_weights(weights, convention=None)
    return network.name_arrays(read_safetensors(path)[0], path=path)


def add_nodes(graph: GraphBuilder, covers: str, arrays: Mapping[str, np.ndarray]) -> str:
    """Normalised covers (B, 3, 224, 224) -> features (B, 512, 7, 7)."""
    names = iter(network.layer_names())
    x = covers
    for widths in network.STAGES:
        for _ in widths:
            name = next(names)
            weight, bias = arrays[f"{name}.weight"], arrays[f"{name}.bias"]
            x = graph.node("Relu", graph.convolution(x, weight, bias, pads=(1, 1, 1, 1)))
        x = graph.node("MaxPool", x, kernel_shape=[2, 2], strides=[2, 2])
    return x
