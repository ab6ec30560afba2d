"""Hybrid: ALS whose albums borrow from their content what too few listeners could teach, blended with closeness.

Two steps, each with its weight. A ridge map learns from albums with listeners what factors go with what content; an
album of n listeners keeps n / (n + trust) of its own factors and takes the rest from the map, so that an album without
listeners has a place. Then closeness of an album's content to what the user likes is added, both in units of their
spread among the user's albums.

Source:
    The map: Gantner et al. (2010), "Learning Attribute-to-Feature Mappings for Cold-Start Recommendations", ICDM,
    176-185.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

import numpy as np

from albumnet.recommend.recommenders.base import (
    Recommender,
    UserItems,
    cosines_of_rows,
    count_listeners,
    row_lengths,
)
from albumnet.recommend.recommenders.content import Content
from albumnet.recommend.recommenders.implicit_models import Als

if TYPE_CHECKING:
    from jaxtyping import Float, Int


@dataclass(frozen=True)
class HybridOptions:
    """How much the hybrid leaves to content.

    Attributes:
        penalty: Of the ridge map, in listened-to albums.
        trust: Listeners at which an album's own factors weigh as much as those predicted.
        closeness: Weight of the closeness of content against the collaborative score.
    """

    penalty: float = 30.0
    trust: float = 3.0
    closeness: float = 0.25


class Hybrid(Recommender):
    """ALS with factors predicted from content, and a late blend with closeness of content.

    Args:
        als: How factors are fitted; one that is fitted already to the same likes is not fitted again.
        content: What factors are predicted from.
        close_by: What closeness is of; the same if not given.
        options: The weights.
        is_fitted: Whether `als` is fitted already.
    """

    name = "hybrid"

    def __init__(
        self,
        als: Als,
        content: Float[np.ndarray, "N D"],
        *,
        close_by: Float[np.ndarray, "N E"] | None = None,
        options: HybridOptions = HybridOptions(),
        is_fitted: bool = False,
    ) -> None:
        self.als, self.options, self._is_fitted = als, options, is_fitted
        self._content = content
        self._closeness = Content(content if close_by is None else close_by)

    def fit(self, user_items: UserItems) -> Self:
        """Fit ALS, the map from content to factors, and the users' means."""
        if not self._is_fitted:
            self.als.fit(user_items)
        self._closeness.fit(user_items)
        n_listeners = count_listeners(user_items)
        predicted = predict_factors(
            self._content, self.als.item_factors, n_listeners=n_listeners, penalty=self.options.penalty
        )
        own = share_of_own(n_listeners, trust=self.options.trust)[:, None]
        self.item_factors = (own * self.als.item_factors + (1 - own) * predicted).astype(np.float32)
        self._lengths = row_lengths(self.item_factors)
        return self

    def scores(self, users: Int[np.ndarray, " B"]) -> Float[np.ndarray, "B N"]:
        """Collaborative score and closeness, each over its spread."""
        collaborative: np.ndarray = self.als.user_factors[users] @ self.item_factors.T
        if not self.options.closeness:
            return collaborative
        return blend(collaborative, self._closeness.scores(users), weight=self.options.closeness)

    def similarities(self, albums: Int[np.ndarray, " B"]) -> Float[np.ndarray, "B N"]:
        """Cosine between factors, own or predicted, blended with that between contents."""
        cosines = cosines_of_rows(self.item_factors, albums, lengths=self._lengths)
        return blend(cosines, self._closeness.similarities(albums), weight=self.options.closeness)


def share_of_own(n_listeners: Int[np.ndarray, " N"], *, trust: float) -> Float[np.ndarray, " N"]:
    """The weight in [0, 1] of an album's own factors: 0 without listeners, a half at `trust` of them."""
    return np.where(n_listeners > 0, n_listeners / np.maximum(n_listeners + trust, 1e-9), 0.0)


def predict_factors(
    content: Float[np.ndarray, "N D"],
    factors: Float[np.ndarray, "N F"],
    *,
    n_listeners: Int[np.ndarray, " N"],
    penalty: float,
) -> Float[np.ndarray, "N F"]:
    """Factors of every album by a ridge map from content, learned where there are listeners.

    Content is centred on the albums learned from and brought to a mean squared length of 1, so that a penalty means
    the same for any content.
    """
    learned = np.flatnonzero(n_listeners > 0)
    if not len(learned):
        return np.zeros_like(factors)
    mean, target_mean = content[learned].mean(axis=0), factors[learned].mean(axis=0)
    inputs = np.asarray(content[learned] - mean, dtype=np.float64)
    scale = np.sqrt((inputs**2).sum(axis=1).mean()) or 1.0
    inputs /= scale
    gram = inputs.T @ inputs
    gram[np.diag_indices_from(gram)] += penalty
    weights = np.linalg.solve(gram, inputs.T @ (factors[learned] - target_mean))
    predicted: np.ndarray = ((content - mean) / scale) @ weights + target_mean
    return predicted.astype(np.float32)


def blend(
    first: Float[np.ndarray, "B N"], second: Float[np.ndarray, "B N"], *, weight: float
) -> Float[np.ndarray, "B N"]:
    """`first` plus `weight` times `second`, each over its spread in the row; a row without spread counts nothing."""
    return _standardised(first) + np.float32(weight) * _standardised(second)


def _standardised(rows: np.ndarray) -> np.ndarray:
    centred = rows - rows.mean(axis=1, keepdims=True)
    spread = centred.std(axis=1, keepdims=True)
    standardised: np.ndarray = centred / np.where(spread > 1e-9, spread, 1)
    return standardised
