"""Pixels to log-odds of moods, differentiable all the way: backbone, pooling, head, closeness, calibration.

Notation: B covers, M moods.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
import torch

from albumnet.errors import ExplainError
from albumnet.models.heads import closeness, pool

if TYPE_CHECKING:
    from jaxtyping import Float, UInt8

    from albumnet.models.prediction import MoodModel

# The slope of a square root at 0 is infinite, and 0 times that is nan; features below this are as good as 0.
_SMALLEST_FEATURE = 1e-6


class MoodScorer:
    """A trained model as one function of the pixels, for one album's genre and year.

    Calibration rises with what it calibrates, so an explanation of the log-odds is one of the probability.

    Args:
        model: What is explained.
        genres: Of the album; empty where unknown.
        year: Of the album; None where unknown.

    Raises:
        ExplainError: If the model does not look at pixels.
    """

    def __init__(self, model: MoodModel, *, genres: Sequence[str] = (), year: int | None = None) -> None:
        if not model.kind.uses_cover:
            raise ExplainError(
                f"{model.kind.title} looks at no pixels, so there is nothing to see; explain a model 1 to 4"
            )
        self._whole = model
        self.model = model = model.part_for(has_cover=True, genres=genres, year=year)
        self.backbone = model.backbone
        self.module = self.backbone.module
        self.head = model.in_torch.head
        self._metadata = torch.from_numpy(model.config.metadata.encode([genres], [year]))
        for parameter in (*self.module.parameters(), *self.head.parameters()):
            parameter.requires_grad_(False)

    def with_metadata(self, genres: Sequence[str], year: int | None) -> MoodScorer:
        """The same networks for an album of another genre and year."""
        other = copy.copy(self)
        part = self._whole.part_for(has_cover=True, genres=genres, year=year)
        if part is not self.model:
            other.model, other.head = part, part.in_torch.head
        other._metadata = torch.from_numpy(part.config.metadata.encode([genres], [year]))
        return other

    def normalise(self, covers: UInt8[np.ndarray, "B H W 3"]) -> Float[torch.Tensor, "B 3 H W"]:
        """Decoded covers as the backbone takes them."""
        return self.backbone.transform.normalise(torch.from_numpy(covers.copy())).contiguous()

    def logits(self, covers: Float[torch.Tensor, "B 3 H W"]) -> Float[torch.Tensor, "B M"]:
        """Log-odds of every mood, from normalised covers."""
        return self.logits_of_features(self.module(covers))

    def logits_of_features(self, features: Float[torch.Tensor, "B ..."]) -> Float[torch.Tensor, "B M"]:
        """Log-odds of every mood, from what the backbone gives."""
        inputs = _pool_smoothly(features.float(), is_pooled=self.model.preset.is_pooled)
        raw = self.head(inputs, self._metadata.expand(len(inputs), -1))
        parts = self.model.in_torch
        if parts.labels is not None:
            raw = closeness(raw, parts.labels, kind=self.model.kind, space=self.model.config.space)
        logits: torch.Tensor = parts.calibration.logits(raw)
        return logits

    @torch.no_grad()
    def fast_logits(self, covers: Float[torch.Tensor, "B 3 H W"]) -> Float[torch.Tensor, "B M"]:
        """As `logits`, without gradients and the quickest way this machine has in float32."""
        return self.logits_of_features(self._fast(covers))

    def scores(self, covers: UInt8[np.ndarray, "B H W 3"]) -> Float[torch.Tensor, "B M"]:
        """Log-odds of every mood of decoded covers."""
        n_at_once = self.backbone.batch_size
        steps = range(0, len(covers), n_at_once)
        return torch.cat([self.fast_logits(self.normalise(covers[n : n + n_at_once])) for n in steps])

    def score_of(self, direction: Float[torch.Tensor, " M"]) -> Callable[[np.ndarray], np.ndarray]:
        """A function from decoded covers (B, H, W, 3) to their log-odds (B,) along a direction among the moods."""
        return lambda covers: (self.scores(covers) @ direction).numpy()

    @cached_property
    def _fast(self) -> Callable[[torch.Tensor], torch.Tensor]:
        fast = self.backbone.fast(torch.float32) if self.backbone.fast else None
        return fast or self.module

    def shuffled(self, *, rng: np.random.Generator) -> MoodScorer:
        """The same architecture after forgetting: the values of every weight tensor, backbone and head, permuted.

        Source:
            Adebayo et al. (2018), "Sanity Checks for Saliency Maps", NeurIPS.
        """
        other = copy.copy(self)
        other.__dict__.pop("_fast", None)
        other.backbone = replace(self.backbone, fast=None)
        other.module, other.head = copy.deepcopy(self.module), copy.deepcopy(self.head)
        for parameter in (*other.module.parameters(), *other.head.parameters()):
            if parameter.ndim > 1:
                order = torch.from_numpy(rng.permutation(parameter.numel()))
                parameter.data = parameter.data.flatten()[order].reshape(parameter.shape).contiguous()
        return other


def _pool_smoothly(features: torch.Tensor, *, is_pooled: bool) -> torch.Tensor:
    """`models.heads.pool`, with features as good as 0 made constant, since the slope of their root has no bound."""
    if not is_pooled:
        return pool(features, is_pooled=False)
    if features.ndim == 4:
        features = torch.cat([features.mean(dim=(2, 3)), features.amax(dim=(2, 3))], dim=1)
    is_large = features.abs() > _SMALLEST_FEATURE
    return pool(torch.where(is_large, features, torch.zeros_like(features).detach()), is_pooled=True)
