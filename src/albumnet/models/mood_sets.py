"""Sets of moods with a stated coverage: how many moods one must list to have most of an album's among them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from jaxtyping import Float, Int

COVERAGE = 0.8
# A set this close to the one that nobody looked for says no more than the prior does.
_TELLING_SHARE = 0.9


@dataclass(frozen=True)
class MoodSets:
    """How to choose an album's set: all moods whose probability reaches a threshold.

    Attributes:
        coverage: Share of an album's true moods that is in its set, on average over albums like the validation side's.
        threshold: In [0, 1].
        prior_size: Moods that reach the same coverage for every album alike, without looking: the commonest ones.
    """

    coverage: float
    threshold: float
    prior_size: int

    def size(self, probabilities: Float[np.ndarray, " M"]) -> int:
        """Moods in an album's set; they are its likeliest."""
        return int((probabilities >= self.threshold).sum())

    def can_tell(self, probabilities: Float[np.ndarray, " M"]) -> bool:
        """Whether the set is clearly shorter than the one that nobody looked for."""
        return self.size(probabilities) < _TELLING_SHARE * self.prior_size


def fit_mood_sets(
    probabilities: Float[np.ndarray, "N M"],
    target: Int[np.ndarray, "N M"],
    *,
    base_rates: Float[np.ndarray, " M"],
    coverage: float = COVERAGE,
) -> MoodSets | None:
    """The highest threshold that keeps the stated coverage, with the guarantee that conformal risk control gives.

    Args:
        probabilities: Of the validation side.
        target: Of the same albums; those without a mood are passed over.
        base_rates: Of the moods among the training albums.
        coverage: In (0, 1).

    Returns:
        None where there are too few albums to promise anything.

    Source:
        Angelopoulos, Bates, Fisch, Lei & Schuster (2024), "Conformal Risk Control", ICLR.
    """
    has_moods = target.any(axis=1)
    target = target[has_moods]
    threshold = _threshold(probabilities[has_moods], target, coverage=coverage)
    prior = np.tile(base_rates, (len(target), 1))
    prior_threshold = _threshold(prior, target, coverage=coverage)
    if threshold is None or prior_threshold is None:
        return None
    return MoodSets(coverage, threshold, int((base_rates >= prior_threshold).sum()))


def _threshold(probabilities: np.ndarray, target: np.ndarray, *, coverage: float) -> float | None:
    """Largest t with (missed share summed over albums + 1) / (N + 1) <= 1 - coverage; None where none does."""
    n_albums = len(target)
    rows, _ = np.nonzero(target)
    of_true = probabilities[target.astype(bool)].astype(np.float64)
    order = np.argsort(of_true, kind="stable")
    # Raising the threshold above the k smallest probabilities of true moods misses those k.
    missed = np.cumsum((1 / target.sum(axis=1))[rows][order])
    n_missable = int(np.searchsorted(missed, (1 - coverage) * (n_albums + 1) - 1, side="right"))
    if (1 - coverage) * (n_albums + 1) < 1 or not len(of_true):
        return None
    return float(of_true[order][min(n_missable, len(of_true) - 1)])
