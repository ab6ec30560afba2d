"""Whether sets of moods cover what they say, and how often one can't tell."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from jaxtyping import Bool, Float, Int


@dataclass(frozen=True, slots=True)
class SetCoverage:
    """Sets of moods on albums that they were not fitted to.

    Attributes:
        stated: Share of an album's moods that is promised to be in its set, on average.
        reached: Share that is; nan where no album has a mood.
        mean_size: Moods per set.
        prior_size: Moods in the set that nobody looked for.
        cannot_tell: Share of albums whose set is not clearly shorter than that.
    """

    stated: float
    reached: float
    mean_size: float
    prior_size: int
    cannot_tell: float


def measure_coverage(
    target: Int[np.ndarray, "N M"],
    probabilities: Float[np.ndarray, "N M"],
    *,
    stated: float,
    threshold: float,
    prior_size: int,
    can_tell: Bool[np.ndarray, " N"],
) -> SetCoverage:
    """Measure sets that hold every mood whose probability reaches the threshold."""
    is_in = probabilities >= threshold
    n_true = target.sum(axis=1)
    has = n_true > 0
    shares = (is_in & (target > 0)).sum(axis=1)[has] / n_true[has]
    return SetCoverage(
        stated=stated,
        reached=float(shares.mean()) if len(shares) else float("nan"),
        mean_size=float(is_in.sum(axis=1).mean()),
        prior_size=prior_size,
        cannot_tell=float(1 - can_tell.mean()),
    )
