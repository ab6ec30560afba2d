"""How well a layout on a plane keeps the neighbours of the vectors laid out.

Notation: N vectors of unit length, E numbers each, their layout (N, 2), k neighbours, S sampled rows.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from jaxtyping import Float, Int

_BLOCK = 32


def neighbour_scores(
    vectors: Float[np.ndarray, "N E"], layout: Float[np.ndarray, "N 2"], *, k: int, rows: Int[np.ndarray, " S"]
) -> tuple[float, float]:
    """Trustworthiness and neighbour preservation of a layout, over some of its points.

    Trustworthiness is 1 - 2 / (S k (2N - 3k - 1)) sum of (rank - k) over the k nearest on the plane that are not among
    the k nearest by cosine, rank counted by cosine
    (equal ones share the best). Neighbour preservation is the mean share of the k nearest by cosine
    that are among the k nearest on the plane.

    Args:
        vectors: Of unit length.
        layout: On the plane.
        k: Below N / 2.
        rows: The points whose neighbours are looked at; all others may be neighbours.

    Returns:
        Both in [0, 1]; nan where no row is given, or k is not below N / 2.

    Source:
        Venna & Kaski (2001), "Neighborhood Preservation in Nonlinear Projection Methods: An Experimental Study",
        ICANN, 485-491.
    """
    n_vectors = len(vectors)
    if not len(rows) or not 0 < k < n_vectors / 2:
        return float("nan"), float("nan")
    excess = n_kept = 0
    for start in range(0, len(rows), _BLOCK):
        block = rows[start : start + _BLOCK]
        own = np.arange(len(block)), block
        cosines = vectors[block] @ vectors.T
        distances = np.square(layout[block, None] - layout[None]).sum(axis=2)
        cosines[own], distances[own] = -np.inf, np.inf
        near = np.argpartition(distances, k - 1, axis=1)[:, :k]
        # Equal cosines share the best of their ranks.
        ranks = np.stack(
            [
                n_vectors - np.searchsorted(ordered, row[columns], side="right") + 1
                for ordered, row, columns in zip(np.sort(cosines, axis=1), cosines, near, strict=True)
            ]
        )
        excess += int(np.maximum(ranks - k, 0).sum())
        n_kept += int((ranks <= k).sum())
    n_pairs = len(rows) * k
    return 1 - 2 * excess / (n_pairs * (2 * n_vectors - 3 * k - 1)), n_kept / n_pairs
