"""EfficientNet-Lite0 as a graph, batch norm folded into the convolutions."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from albumnet.errors import WeightsError
from albumnet.vision.networks import efficientnet_lite0 as network
from albumnet.vision.networks.weight_files import digest_weights

if TYPE_CHECKING:
    from albumnet.vision.graphs.building import GraphBuilder
    from albumnet.vision.transform import Transform

FEATURE_SHAPE = (network.FEATURE_DIM,)
TOLERATES_BFLOAT16 = network.TOLERATES_BFLOAT16
# As measured with two threads: 4 at a time were as fast as 1, 16 were a third slower.
BATCH_SIZE = 4


def settle(weights: Path | None, convention: str | None) -> tuple[str, Transform]:
    """Digest of the weights, and the transform of the covers that they take.

    Raises:
        WeightsError: If there are none.
    """
    if convention is not None:
        raise WeightsError("efficientnet_lite0 has one pixel convention; leave --convention out")
    if weights is not None and not weights.is_file():
        raise WeightsError(f"{weights} does not exist; --weights takes a safetensors file")
    return digest_weights(weights or network.find_weights()), network.TRANSFORM


def read_arrays(weights: Path | None) -> dict[str, np.ndarray]:
    """The layers' arrays by name.

    Raises:
        WeightsError: If the file is of another network.
    """
    return network.read_arrays(weights)


def add_nodes(graph: GraphBuilder, covers: str, arrays: Mapping[str, np.ndarray]) -> str:
    """Normalised covers (B, 3, 224, 224) -> features (B, 2688).

    Raises:
        WeightsError: If an array does not fit its layer.
    """
    add = _Layers(graph, arrays)
    x, told = add("stem", covers, channels=3, out=network.STEM_DIM, kernel=3, stride=2), []
    channels = network.STEM_DIM
    for stage, (expansion, out, repeats, first_stride, kernel) in enumerate(network.STAGES):
        for block in range(repeats):
            name, hidden, y, layer = f"stages.{stage}.{block}.layers", channels * expansion, x, 0
            stride = first_stride if block == 0 else 1
            if expansion > 1:
                y, layer = add(f"{name}.0", y, channels=channels, out=hidden, kernel=1), 1
            y = add(f"{name}.{layer}", y, channels=1, out=hidden, kernel=kernel, stride=stride, groups=hidden)
            y = add(f"{name}.{layer + 1}", y, channels=hidden, out=out, kernel=1, clips=False)
            x = graph.node("Add", x, y) if stride == 1 and channels == out else y
            channels = out
        if stage >= network.FIRST_TOLD_STAGE:
            told.append(x)
    pooled = [_mean(graph, add("head", x, channels=channels, out=network.POOLED_DIM, kernel=1))]
    means = [graph.node("ReduceMean", grid, axes=[2, 3], keepdims=1) for grid in told]
    pooled += [graph.node("Flatten", mean) for mean in means]
    for grid, mean in zip(told, means, strict=True):
        apart = graph.node("Sub", grid, mean)
        pooled.append(graph.node("Sqrt", _mean(graph, graph.node("Mul", apart, apart))))
    return graph.node("Concat", *pooled, axis=1)


class _Layers:
    """Adds convolutions, each at the size that the ones before left."""

    def __init__(self, graph: GraphBuilder, arrays: Mapping[str, np.ndarray]) -> None:
        self._graph, self._arrays = graph, arrays
        self._size = network.TRANSFORM.size

    def __call__(
        self, name: str, x: str, *, channels: int, out: int, kernel: int, stride: int = 1, groups: int = 1,
        clips: bool = True,
    ) -> str:  # fmt: skip
        weight, bias = self._fold(name)
        if weight.shape != (out, channels, kernel, kernel):
            raise WeightsError(
                f"these weights are not EfficientNet-Lite0's: {name} has shape {weight.shape}, "
                f"{(out, channels, kernel, kernel)} expected"
            )
        before, after = network.same_padding(self._size, kernel=kernel, stride=stride)
        self._size = -(-self._size // stride)
        pads = (before, before, after, after)
        y = self._graph.convolution(x, weight, bias, stride=stride, groups=groups, pads=pads)
        return self._graph.node("Clip", y, self._lowest, self._highest) if clips else y

    def _fold(self, name: str) -> tuple[np.ndarray, np.ndarray]:
        """Batch norm is scale * (x - mean) + bias with fixed statistics, so it goes into the weights."""
        norm = {p: self._arrays[f"{name}.bn.{p}"].astype(np.float64) for p in ("weight", "bias")}
        mean, variance = (self._arrays[f"{name}.bn.running_{p}"].astype(np.float64) for p in ("mean", "var"))
        scale = norm["weight"] / np.sqrt(variance + network.NORM_EPSILON)
        return self._arrays[f"{name}.conv.weight"] * scale[:, None, None, None], norm["bias"] - mean * scale

    @property
    def _lowest(self) -> str:
        return self._graph.array(np.array(0.0, np.float32))

    @property
    def _highest(self) -> str:
        return self._graph.array(np.array(6.0, np.float32))


def _mean(graph: GraphBuilder, grid: str) -> str:
    """(B, C, h, w) -> (B, C)."""
    return graph.node("ReduceMean", grid, axes=[2, 3], keepdims=0)
