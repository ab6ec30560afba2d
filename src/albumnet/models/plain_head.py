"""The head as trained, in numpy: what stands between a backbone's features and the moods, without torch.

Training and explaining use `heads.MoodHead`, whose outputs these are (`tests/models/test_plain_head.py`).

Notation: B albums, M moods, D features, K metadata columns, E numbers per word vector, S slots.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

from albumnet.models.presets import N_SLOTS, ModelKind

if TYPE_CHECKING:
    from jaxtyping import Float

NORM_EPSILON = 1e-5  # of batch norm, torch's default


class PlainHead:
    """Cover features (B, D) and metadata (B, K) to logits (B, M), slots (B, S, E) or a vector (B, E).

    Args:
        kind: The model that it is of.
        arrays: By the names of `MoodHead.state_dict`.
    """

    def __init__(self, kind: ModelKind, arrays: Mapping[str, np.ndarray]) -> None:
        self.kind = kind
        self.arrays = arrays

    def __call__(
        self, features: Float[np.ndarray, "B D"], metadata: Float[np.ndarray, "B K"]
    ) -> Float[np.ndarray, "B ..."]:
        """The output of this kind of model; what the kind does not use is not looked at."""
        inputs = []
        if self.kind.uses_cover:
            inputs.append(self._see((features - self.arrays["feature_mean"]) * self.arrays["feature_scale"]))
        if self.kind.uses_metadata:
            inputs.append(metadata - self.arrays["metadata_mean"])
        hidden = inputs[0] if len(inputs) == 1 else np.concatenate(inputs, axis=1)
        for layer in self.block_layers():
            hidden = np.maximum(self._linear(f"blocks.{layer}", hidden), 0)
            scale, shift = fold_norm(self.arrays, f"blocks.{layer + 2}")
            hidden = hidden * scale + shift
        raw = self._linear("output", hidden)
        return raw.reshape(len(raw), N_SLOTS, -1) if self.kind.output == "slots" else raw

    def block_layers(self) -> list[int]:
        """Numbers of the fully connected layers among the blocks'; a ReLU, a batch norm and a dropout follow each."""
        return sorted(int(name.split(".")[1]) for name, array in self.arrays.items() if _is_block(name, array))

    def _see(self, standard: np.ndarray) -> np.ndarray:
        return np.maximum(self._linear("first.0", standard), 0) if "first.0.weight" in self.arrays else standard

    def _linear(self, layer: str, x: np.ndarray) -> np.ndarray:
        product: np.ndarray = x @ self.arrays[f"{layer}.weight"].T + self.arrays[f"{layer}.bias"]
        return product


def fold_norm(arrays: Mapping[str, np.ndarray], layer: str) -> tuple[np.ndarray, np.ndarray]:
    """Batch norm with fixed statistics as what it comes to: a scale and a shift per column."""
    scale = arrays[f"{layer}.weight"] / np.sqrt(arrays[f"{layer}.running_var"] + np.float32(NORM_EPSILON))
    return scale, arrays[f"{layer}.bias"] - arrays[f"{layer}.running_mean"] * scale


def closeness(
    raw: Float[np.ndarray, "B ..."], labels: Float[np.ndarray, "M E"], *, kind: ModelKind, space: str
) -> Float[np.ndarray, "B M"]:
    """How close an output lies to each mood: `heads.closeness`."""
    if space == "decoded":
        products = raw @ labels.T
        return _log_sum_exp(products) if kind.output == "slots" else products
    cosines = normalise_rows(raw) @ labels.T
    nearest: np.ndarray = cosines.max(axis=1) if kind.output == "slots" else cosines
    return nearest


def normalise_rows(vectors: Float[np.ndarray, "... E"]) -> Float[np.ndarray, "... E"]:
    """To unit length along the last axis; a row of zeros stays one."""
    unit: np.ndarray = vectors / np.maximum(np.linalg.norm(vectors, axis=-1, keepdims=True), np.float32(1e-12))
    return unit


def pool(features: Float[np.ndarray, "B ..."], *, is_pooled: bool) -> Float[np.ndarray, "B D"]:
    """Stored features as a head takes them, float32: `heads.pool`."""
    features = features.astype(np.float32, copy=False)
    if not is_pooled:
        return features.reshape(len(features), -1)
    if features.ndim == 4:
        features = np.concatenate([features.mean(axis=(2, 3)), features.max(axis=(2, 3))], axis=1)
    rooted: np.ndarray = np.sign(features) * np.sqrt(np.abs(features))
    return rooted


def pooled_dim(feature_shape: tuple[int, ...], *, is_pooled: bool) -> int:
    """D of what `pool` gives for features of this shape."""
    if len(feature_shape) == 1:
        return feature_shape[0]
    channels, height, width = feature_shape
    return 2 * channels if is_pooled else channels * height * width


def sigmoid(logits: Float[np.ndarray, ...]) -> Float[np.ndarray, ...]:
    """Log-odds to probabilities."""
    with np.errstate(over="ignore"):  # exp of a large number is infinite, and one over that is the 0 that is meant
        probabilities: np.ndarray = 1 / (1 + np.exp(-logits))
    return probabilities


def _log_sum_exp(products: Float[np.ndarray, "B S M"]) -> Float[np.ndarray, "B M"]:
    largest = products.max(axis=1, keepdims=True)
    summed: np.ndarray = np.log(np.exp(products - largest).sum(axis=1)) + largest[:, 0]
    return summed


def _is_block(name: str, array: np.ndarray) -> bool:
    return name.startswith("blocks.") and name.endswith(".weight") and array.ndim == 2
