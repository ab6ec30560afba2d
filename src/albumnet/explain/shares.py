"""Cover or metadata: how much of a mood's log-odds came from the cover, how much from the genre and from the year."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product
from math import factorial
from typing import TYPE_CHECKING

import numpy as np
import torch

from albumnet.models.heads import closeness, pool

if TYPE_CHECKING:
    from jaxtyping import Float

    from albumnet.models.prediction import MoodModel

PARTS = ("cover", "genre", "year")


@dataclass(frozen=True)
class Shares:
    """What the parts of one album's input add to the log-odds of M moods.

    Attributes:
        base: (M,) log-odds of an average album.
        parts: (M, 3) what cover, genre and year add; base and parts sum to the log-odds predicted.
        is_exact: Whether each part adds the same whatever the others are, so that no other division is possible.
    """

    base: Float[np.ndarray, " M"]
    parts: Float[np.ndarray, "M 3"]
    is_exact: bool


def divide_log_odds(
    model: MoodModel, features: Float[np.ndarray, ...] | None, *, genres: Sequence[str], year: int | None
) -> Shares:
    """Divide one album's log-odds among cover, genre and year by their Shapley values.

    Of three parts all eight subsets are computed, a part that is absent being that of the average training album (of
    presets that do not centre their input: zeros). Where the head is linear the values are the parts' own terms.

    Args:
        model: Any; what it does not look at gets 0.
        features: *feature_shape, as the backbone gives them; None for a model without the cover.
        genres: Of the album.
        year: Of the album.

    Source:
        Shapley (1953), "A Value for n-Person Games".
    """
    worth = _worth_of_subsets(model, features, genres=genres, year=year)
    parts = np.zeros((len(model.config.moods), len(PARTS)))
    for subset in product((0, 1), repeat=3):
        for part in range(3):
            if subset[part]:
                continue
            n_in = sum(subset)
            weight = factorial(n_in) * factorial(2 - n_in) / factorial(3)
            joined = (*subset[:part], 1, *subset[part + 1 :])
            parts[:, part] += weight * (worth[joined] - worth[subset])
    return Shares(worth[(0, 0, 0)], parts, is_exact=_is_linear(model))


def _worth_of_subsets(
    model: MoodModel, features: np.ndarray | None, *, genres: Sequence[str], year: int | None
) -> dict[tuple[int, ...], Float[np.ndarray, " M"]]:
    """Log-odds (M,) where only these parts of (cover, genre, year) are the album's own."""
    parts, encoder = model.in_torch, model.config.metadata
    subsets = list(product((0, 1), repeat=3))
    rows = torch.tensor(subsets, dtype=torch.bool)
    inputs = torch.empty(len(rows), 0)
    if model.kind.uses_cover and features is not None:
        own = pool(torch.from_numpy(np.asarray(features)[None]).float(), is_pooled=model.preset.is_pooled)
        inputs = torch.where(rows[:, :1], own, parts.head.feature_mean)
    metadata = torch.from_numpy(encoder.encode([genres], [year])).expand(len(rows), -1)
    if model.kind.uses_metadata:
        is_genre = torch.arange(encoder.width) < encoder.n_genre_columns
        metadata = torch.where(torch.where(is_genre, rows[:, 1:2], rows[:, 2:3]), metadata, parts.head.metadata_mean)
    with torch.no_grad():
        raw = parts.head(inputs, metadata)
        if parts.labels is not None:
            raw = closeness(raw, parts.labels, kind=model.kind, space=model.config.space)
        logits = parts.calibration.logits(raw).double().numpy()
    return dict(zip(subsets, logits, strict=True))


def _is_linear(model: MoodModel) -> bool:
    has_no_layers = model.preset.cover_width is None and not model.preset.block_widths
    return has_no_layers and (model.labels is None or model.config.space == "decoded")
