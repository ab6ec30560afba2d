"""When two engines say the same of some covers."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from jaxtyping import Float

# Features must agree with plain float32 to this cosine, and moods must come in the same order on this share of covers.
MIN_AGREEMENT = 0.999
MIN_SAME_RANKING = 0.99
# Moods that must come in the same order: as many as `albumnet predict` lists.
N_RANKED = 10

# Features (B, *feature_shape) -> a number per mood (B, M), by which moods are ranked.
Ranking = Callable[[np.ndarray], np.ndarray]


def smallest_cosine(first: Float[np.ndarray, "B ..."], second: Float[np.ndarray, "B ..."]) -> float:
    """The cosine of the cover on which two engines' features agree least, in [-1, 1]; -1 where one is not finite."""
    first, second = first.reshape(len(first), -1), second.reshape(len(second), -1)
    norms = np.linalg.norm(first, axis=1) * np.linalg.norm(second, axis=1)
    with np.errstate(invalid="ignore", over="ignore"):
        cosines = np.where((first == second).all(axis=1), 1.0, (first * second).sum(axis=1) / norms)
    # A nan (an overflow in the low precision, or features that became all zero) must count as disagreement.
    return float(np.nan_to_num(cosines, nan=-1.0).min())


def share_of_same_rankings(first: Float[np.ndarray, "B M"], second: Float[np.ndarray, "B M"]) -> float:
    """Share of covers whose likeliest ten moods are the same in the same order."""
    orders = [np.argsort(-scores, axis=1, kind="stable")[:, :N_RANKED] for scores in (first, second)]
    return float((orders[0] == orders[1]).all(axis=1).mean())
