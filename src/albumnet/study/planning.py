"""How many covers and raters a study needs, by simulating studies of many sizes."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from albumnet.metrics.agreement import count_moods
from albumnet.study.simulation import Planted, simulate_decisions

if TYPE_CHECKING:
    from jaxtyping import Float

COVERS = (25, 50, 100, 200, 400, 800)
RATERS = (2, 3, 5, 10)


@dataclass(frozen=True, slots=True)
class PlanLine:
    """What an interval of the raters' mean pooled kappa would be with so many covers and raters.

    Attributes:
        n_covers: That all raters rate.
        n_raters: Who do.
        width: Of a 95 % interval, from its lower to its upper end.
        mean: Of the estimates, to be seen beside what was planted.
    """

    n_covers: int
    n_raters: int
    width: float
    mean: float


def plan_study(
    shares: Float[np.ndarray, " M"],
    *,
    planted: Planted,
    rng: np.random.Generator,
    n_simulated: int = 100,
    covers: Sequence[int] = COVERS,
    raters: Sequence[int] = RATERS,
) -> tuple[PlanLine, ...]:
    """Simulate `n_simulated` studies of each size; the width is twice 1.96 standard deviations of their estimates.

    Args:
        shares: Of covers that each mood is on.
        planted: The agreement to expect.
        rng: Where chance comes from.
        n_simulated: Studies of each size; 100 give the width to about 7 %.
        covers: Numbers of covers.
        raters: Numbers of raters.
    """
    lines = []
    for n_covers in covers:
        estimates = np.array(
            [_estimate(shares, n_covers, max(raters), planted=planted, rng=rng) for _ in range(n_simulated)]
        )
        for r in raters:
            of_pairs = estimates[:, [n for n, (_, j) in enumerate(_pairs(max(raters))) if j < r]].mean(axis=1)
            lines.append(PlanLine(n_covers, r, float(2 * 1.96 * of_pairs.std(ddof=1)), float(of_pairs.mean())))
    return tuple(lines)


def _estimate(
    shares: np.ndarray, n_covers: int, n_raters: int, *, planted: Planted, rng: np.random.Generator
) -> list[float]:
    """Pooled kappa of every pair of raters."""
    truth = rng.random((n_covers, len(shares))) < shares
    said = simulate_decisions(truth, shares, n_raters=n_raters, planted=planted, rng=rng)
    weights = np.ones((1, n_covers))
    return [float(count_moods(said[i], said[j], weights).pooled[0]) for i, j in _pairs(n_raters)]


def _pairs(n_raters: int) -> list[tuple[int, int]]:
    return list(itertools.combinations(range(n_raters), 2))
