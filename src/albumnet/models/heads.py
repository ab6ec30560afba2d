"""The head: what stands between a backbone's features and the moods, in the four shapes of the origin.

Notation: B albums, M moods, D features, K metadata columns, E numbers per word vector.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch
from torch import nn

from albumnet.models.calibration import ClosenessCalibration
from albumnet.models.presets import N_SLOTS, ModelKind, Preset

if TYPE_CHECKING:
    import numpy as np
    from jaxtyping import Float


@dataclass(frozen=True)
class HeadShape:
    """The numbers a head is built from.

    Attributes:
        feature_dim: D, after pooling or flattening.
        metadata_dim: K.
        n_moods: M.
        embedding_size: E; 0 for models without word vectors.
    """

    feature_dim: int
    metadata_dim: int
    n_moods: int
    embedding_size: int


class Dense(nn.Linear):
    """A fully connected layer that can be lent another way to multiply, as training does.

    Attributes:
        product: (B, in) and the bias -> (B, out); None to multiply by the layer's own weights.
    """

    product: Callable[[torch.Tensor, torch.Tensor], torch.Tensor] | None = None

    def forward(self, x: Float[torch.Tensor, "B in"]) -> Float[torch.Tensor, "B out"]:
        """Times the weights, plus the bias."""
        return super().forward(x) if self.product is None else self.product(x, self.bias)


class Dropout(nn.Dropout):
    """Dropout that draws all numbers at once; PyTorch's own on a processor draws one by one, four times as long."""

    def forward(self, x: Float[torch.Tensor, "B in"]) -> Float[torch.Tensor, "B in"]:
        """In training some are 0 and the others larger."""
        return x * self.draw(x.shape, like=x) if self.training else x

    def draw(self, shape: Sequence[int], *, like: torch.Tensor) -> torch.Tensor:
        """0 with the layer's probability, otherwise what keeps the mean."""
        kept = torch.rand(*shape, device=like.device) >= self.p
        return kept.to(like.dtype).div_(1 - self.p)


class MoodHead(nn.Module):
    """Cover features (B, D) and metadata (B, K) to logits (B, M), slots (B, 5, E) or a vector (B, E).

    As the origin drew it: a fully connected layer with ReLU over the cover, metadata beside it, blocks of (fully
    connected, ReLU, batch norm, dropout), and the output layer. A preset without widths is the output layer alone.
    """

    feature_mean: torch.Tensor
    feature_scale: torch.Tensor
    metadata_mean: torch.Tensor

    def __init__(self, kind: ModelKind, preset: Preset, shape: HeadShape) -> None:
        super().__init__()
        self.kind = kind
        self.shape = shape
        self.register_buffer("feature_mean", torch.zeros(shape.feature_dim if kind.uses_cover else 0))
        self.register_buffer("feature_scale", torch.ones(shape.feature_dim if kind.uses_cover else 0))
        self.register_buffer("metadata_mean", torch.zeros(shape.metadata_dim if kind.uses_metadata else 0))
        width = shape.feature_dim if kind.uses_cover else 0
        self.first: nn.Module = nn.Identity()
        if preset.cover_width is not None and kind.uses_cover:
            self.first = nn.Sequential(Dense(width, preset.cover_width), nn.ReLU())
            width = preset.cover_width
        width += shape.metadata_dim if kind.uses_metadata else 0
        blocks: list[nn.Module] = []
        for out in preset.block_widths:
            blocks += [Dense(width, out), nn.ReLU(), nn.BatchNorm1d(out), Dropout(preset.dropout)]
            width = out
        self.blocks = nn.Sequential(*blocks)
        outputs = {
            "logits": shape.n_moods,
            "ranks": N_SLOTS * shape.n_moods,
            "slots": N_SLOTS * shape.embedding_size,
            "vector": shape.embedding_size,
        }
        self.output = Dense(width, outputs[kind.output])
        self.smoothing: torch.Tensor | None = None

    def forward(
        self, features: Float[torch.Tensor, "B D"], metadata: Float[torch.Tensor, "B K"]
    ) -> Float[torch.Tensor, "B ..."]:
        """The output of this kind of model; what the kind does not use is not looked at."""
        inputs = []
        if self.kind.uses_cover:
            inputs.append(self.first((features - self.feature_mean).mul_(self.feature_scale)))
        if self.kind.uses_metadata:
            inputs.append(metadata - self.metadata_mean)
        hidden = self.blocks(torch.cat(inputs, dim=1))
        raw: torch.Tensor = self.output(hidden)
        if self.smoothing is not None:
            raw = (raw - self.output.bias) @ self.smoothing + self.output.bias
        return raw.unflatten(1, (N_SLOTS, -1)) if self.kind.output in ("slots", "ranks") else raw

    def smooth_outputs(self, smoothing: Float[torch.Tensor, "M M"] | None) -> None:
        """From here on multiply the last layer's product, though not its bias, by `smoothing`; None for by nothing."""
        self.smoothing = smoothing

    def fold_smoothing(self) -> None:
        """Multiply the smoothing into the weights; the outputs stay what they were."""
        if self.smoothing is not None:
            with torch.no_grad():
                self.output.weight.copy_(self.smoothing.T @ self.output.weight)
            self.smoothing = None

    def penalty(self) -> torch.Tensor:
        """Half the sum of squared weights, biases and batch norm left out."""
        weights = [p for p in self.parameters() if p.ndim > 1]
        return 0.5 * torch.stack([weight.square().sum() for weight in weights]).sum()


def closeness(
    raw: Float[torch.Tensor, "B ..."], labels: Float[torch.Tensor, "M E"], *, kind: ModelKind, space: str = "regressed"
) -> Float[torch.Tensor, "B M"]:
    """How close an output lies to each mood: a cosine in [-1, 1], of five slots the closest; decoded, a dot product.

    Decoded vectors carry in their length how much is known of an album, which a cosine would throw away. A mood is at
    one rank or another, so the odds of five decoded slots add up: log sum exp of their dot products.
    """
    if space == "decoded":
        products = raw @ labels.T
        return products.logsumexp(dim=1) if kind.output == "slots" else products
    cosines = nn.functional.normalize(raw, dim=-1) @ labels.T
    return cosines.amax(dim=1) if kind.output == "slots" else cosines


def pool(features: torch.Tensor, *, is_pooled: bool) -> Float[torch.Tensor, "B D"]:
    """Stored features as a head takes them: flattened as they are, or pooled.

    Pooled means mean and maximum over the grid where there is one, then the square root (with its sign), which tames
    the few very large values.
    """
    if not is_pooled:
        return features.flatten(1)
    if features.ndim == 4:
        features = torch.cat([features.mean(dim=(2, 3)), features.amax(dim=(2, 3))], dim=1)
    return features.sign() * features.abs().sqrt()


@dataclass(frozen=True)
class TorchParts:
    """A trained model's own numbers as torch computes with them, for whoever needs gradients.

    Attributes:
        head: In eval mode.
        labels: (M, E) unit vectors of models in the mood space; None for models that give logits.
        calibration: From logits or closeness to log-odds.
    """

    head: MoodHead
    labels: torch.Tensor | None
    calibration: ClosenessCalibration


def make_parts(
    kind: ModelKind, preset: Preset, shape: HeadShape, tensors: Mapping[str, np.ndarray], *, labels: np.ndarray | None
) -> TorchParts:
    """The parts of a run's arrays, by the names of model.safetensors."""
    with torch.device("meta"):  # drawing a hundred million weights that are replaced takes seconds
        head = MoodHead(kind, preset, shape)
    found = {name: torch.from_numpy(array.copy()) for name, array in tensors.items()}
    head.load_state_dict({n.removeprefix("head."): t for n, t in found.items() if n.startswith("head.")}, assign=True)
    slope, centre, offset = (found[f"calibration.{part}"] for part in ("slope", "centre", "offset"))
    calibration = ClosenessCalibration(slope, centre, offset)
    return TorchParts(head.eval(), None if labels is None else torch.from_numpy(labels.copy()), calibration)
