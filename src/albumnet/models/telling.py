"""When a mood is told and when it is kept back: only where what is said is right often enough.

Notation: N albums, M moods.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from jaxtyping import Bool, Float, Int

# Fewer told moods than this do not show how often such moods are right.
_MIN_TOLD = 100


@dataclass(frozen=True)
class Telling:
    """A mood is told where its probability reaches a threshold, and a multiple of its base rate.

    Attributes:
        precision: Share of the told moods that were right on held-out albums, at least.
        lift: Times its base rate that a mood's probability must reach, so that common moods are not said of everything.
        threshold: In [0, 1]; above 1 where no mood can be told.
    """

    precision: float
    lift: float
    threshold: float

    def tells(
        self, probabilities: Float[np.ndarray, "*N M"], base_rates: Float[np.ndarray, " M"]
    ) -> Bool[np.ndarray, "*N M"]:
        """Which moods are told."""
        told: np.ndarray = (probabilities >= self.threshold) & (probabilities >= self.lift * base_rates)
        return told


def fit_telling(
    probabilities: Float[np.ndarray, "N M"],
    target: Int[np.ndarray, "N M"],
    *,
    base_rates: Float[np.ndarray, " M"],
    precision: float,
    lift: float,
) -> Telling:
    """The lowest threshold from which on the told moods are right as often as wanted.

    Args:
        probabilities: Of albums that the model was not trained on.
        target: Of the same albums.
        base_rates: Of the moods among the training albums.
        precision: Share of the told moods that must be right, in (0, 1).
        lift: As in `Telling`, at least 1.

    Returns:
        A rule with a threshold above 1 where no threshold with a hundred told moods is right that often.
    """
    may_be_told = probabilities >= lift * base_rates
    of_told, is_right = probabilities[may_be_told], target[may_be_told]
    order = np.argsort(-of_told, kind="stable")
    share_right = np.cumsum(is_right[order]) / np.arange(1, len(order) + 1)
    # A threshold tells all moods of one probability together, so only the last of equal ones can be one.
    is_last = np.append(of_told[order][1:] != of_told[order][:-1], True) if len(order) else np.empty(0, dtype=bool)
    reached = np.flatnonzero(is_last & (share_right >= precision) & (np.arange(len(order)) >= _MIN_TOLD - 1))
    return Telling(precision, lift, float(of_told[order][reached[-1]]) if len(reached) else 2.0)
