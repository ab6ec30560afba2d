"""How far apart two sets of moods are, from 0 (the same) to 1; two empty sets are the same.

Notation: A and B are sets of moods; |A| is how many are in it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from jaxtyping import Float

Moods = frozenset[int]
SetDistance = Callable[[Moods, Moods], float]


def nominal_distance(first: Moods, second: Moods) -> float:
    """0 for the same set, 1 for any other."""
    return float(first != second)


def jaccard_distance(first: Moods, second: Moods) -> float:
    """Share of the moods of either set that is not in both: 1 - |A and B| / |A or B|.

    Source:
        Jaccard (1912), "The distribution of the flora in the alpine zone", New Phytologist 11(2), 37-50.
    """
    if first == second:
        return 0.0
    return 1 - len(first & second) / len(first | second)


def masi_distance(first: Moods, second: Moods) -> float:
    """1 - J m: Jaccard's likeness, less where one set does not contain the other.

    m is 1 for equal sets, 2/3 where one contains the other, 1/3 where they overlap, 0 where they do not.

    Source:
        Passonneau (2006), "Measuring agreement on set-valued items (MASI) for semantic and pragmatic annotation", LREC.
    """
    if first == second:
        return 0.0
    shared = len(first & second)
    if not shared:
        return 1.0
    m = 2 / 3 if shared == min(len(first), len(second)) else 1 / 3
    return 1 - shared / len(first | second) * m


def semantic_distance(label_vectors: Float[np.ndarray, "M E"]) -> SetDistance:
    """A Jaccard distance in which near moods count as near misses.

    Moods are paired one to one so that their likeness W, summed over pairs, is greatest; the distance is
    1 - W / (|A| + |B| - W). A mood's likeness to itself is 1, to another max(0, (cos - c) / (1 - c)), where c is the
    mean cosine of different moods: what any two moods share does not count. Where no two moods are alike this is
    Jaccard's distance.

    Args:
        label_vectors: Unit vectors of the M moods; a row of nan for a mood that is like no other.

    Source:
        Ours: Kuhn's assignment (1955) in the place of the intersection, corrected for chance as in Cohen (1960).
    """
    likeness = _likeness(label_vectors.astype(np.float64))

    def distance(first: Moods, second: Moods) -> float:
        if first == second:
            return 0.0
        if not first or not second:
            return 1.0
        from scipy.optimize import linear_sum_assignment  # here: `albumnet --help` needs none of it

        between = likeness[np.ix_(sorted(first), sorted(second))]
        shared = float(between[linear_sum_assignment(between, maximize=True)].sum())
        return max(0.0, 1 - shared / (len(first) + len(second) - shared))

    return distance


def _likeness(vectors: np.ndarray) -> np.ndarray:
    cosines = np.clip(vectors @ vectors.T, -1, 1)
    different = cosines[~np.eye(len(cosines), dtype=bool)]
    known = different[~np.isnan(different)]
    mean = float(known.mean()) if len(known) else 0.0
    likeness: np.ndarray = np.clip(np.nan_to_num((cosines - mean) / max(1 - mean, 1e-12)), 0, 1)
    np.fill_diagonal(likeness, 1)
    return likeness


DISTANCES: dict[str, SetDistance] = {
    "nominal": nominal_distance,
    "jaccard": jaccard_distance,
    "masi": masi_distance,
}
