"""Families of moods: those whose label vectors lie together, found by clustering.

Notation: M moods, E numbers per vector, K families.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from albumnet.errors import WordVectorError

if TYPE_CHECKING:
    from jaxtyping import Float, Int

# Two vectors nearer than this are one, in single precision.
_NO_DISTANCE = 1e-6


@dataclass(frozen=True)
class MoodFamilies:
    """Moods divided into families.

    Attributes:
        family_of: Family in [0, K) of each mood; the largest family is 0, of equally large ones that of the first mood.
        central: Of each family, the mood nearest to all its members on average: it lends the family its name.
        centres: Of each family, the mean of its members' centred unit vectors, (K, E).
        silhouette: Mean silhouette over moods, in [-1, 1]: how much nearer moods are to their own family than to the
            next; nan for one family, or where every mood is its own.
    """

    family_of: Int[np.ndarray, " M"]
    central: Int[np.ndarray, " K"]
    centres: Float[np.ndarray, "K E"]
    silhouette: float

    def members(self, family: int) -> Int[np.ndarray, " m"]:
        """The moods of a family, in the order of the labels."""
        return np.flatnonzero(self.family_of == family)


def mood_families(labels: Float[np.ndarray, "M E"], *, n_families: int | None = None) -> MoodFamilies:
    """Divide moods into families by Ward's clustering of their centred unit vectors.

    What all moods share (the mean of their vectors) is taken away first, or it would decide most distances. K, if not
    given, is the number from sqrt(M / 2) to twice that, rounded, with the largest mean silhouette. Without bounds the
    silhouette favours either two families or dozens of pairs.

    Word vectors put opposites together, since they occur in the same sentences: expect Happy beside Sad.

    Args:
        labels: Label vectors, not zero.
        n_families: K, if chosen.

    Raises:
        WordVectorError: If there are no moods, or fewer moods than families.

    Source:
        Ward (1963), "Hierarchical Grouping to Optimize an Objective Function", JASA 58, 236-244; Rousseeuw (1987),
        "Silhouettes", J. Comput. Appl. Math. 20, 53-65; sqrt(M / 2) from Mardia, Kent & Bibby (1979), "Multivariate
        Analysis", p. 365.
    """
    n_moods = len(labels)
    least = 1 if n_families is None else n_families
    if not 1 <= least <= n_moods:
        raise WordVectorError(f"{n_moods} moods cannot be divided into {least} families; ask for 1 to {n_moods}")
    unit = _centred_unit(labels.astype(np.float64))
    if n_moods == 1:
        return _describe(np.zeros(1, int), unit)
    from scipy.cluster.hierarchy import cut_tree, linkage  # here: `albumnet --help` needs none of it

    tree = linkage(unit, "ward")
    if n_families is None:
        about = math.sqrt(n_moods / 2)
        sizes = range(max(round(about), 1), min(round(2 * about), n_moods) + 1)
    else:
        sizes = range(n_families, n_families + 1)
    cuts = [cut_tree(tree, n_clusters=size).ravel() for size in sizes]
    worths = [mean_silhouette(unit, cut) for cut in cuts]
    return _describe(cuts[int(np.argmax(np.nan_to_num(worths, nan=-np.inf)))], unit)


def mean_silhouette(unit: Float[np.ndarray, "M E"], family_of: Int[np.ndarray, " M"]) -> float:
    """Mean silhouette by cosine distance; a mood alone in its family has 0.

    Returns:
        A value in [-1, 1]; nan for one family, or where every mood is its own.
    """
    families, columns = np.unique(family_of, return_inverse=True)
    sizes = np.bincount(columns)
    if not 1 < len(families) < len(unit):
        return float("nan")
    distance = np.maximum(1 - unit @ unit.T, 0)
    np.fill_diagonal(distance, 0)
    total = np.stack([distance[:, columns == k].sum(axis=1) for k in range(len(families))], axis=1)  # (M, K)
    rows, own = np.arange(len(unit)), sizes[columns]
    within = total[rows, columns] / np.maximum(own - 1, 1)
    between = total / sizes
    between[rows, columns] = np.inf
    nearest = between.min(axis=1)
    larger = np.maximum(within, nearest)
    values = np.where((own > 1) & (larger > 0), (nearest - within) / np.where(larger > 0, larger, 1), 0)
    return float(values.mean())


def _centred_unit(labels: np.ndarray) -> np.ndarray:
    unit = labels / np.linalg.norm(labels, axis=1, keepdims=True)
    away = unit - unit.mean(axis=0)
    lengths = np.linalg.norm(away, axis=1, keepdims=True)
    # A mood at the very centre keeps its zero vector: it is equally far from all.
    centred: np.ndarray = np.where(lengths > _NO_DISTANCE, away / np.maximum(lengths, _NO_DISTANCE), 0)
    return centred


def _describe(cut: np.ndarray, unit: np.ndarray) -> MoodFamilies:
    """Number the families, largest first, and name them."""
    _, first, columns, sizes = np.unique(cut, return_index=True, return_inverse=True, return_counts=True)
    order = np.lexsort((first, -sizes))
    family_of = np.argsort(order)[columns]
    members = [np.flatnonzero(family_of == k) for k in range(len(order))]
    central = np.array([rows[np.argmax((unit[rows] @ unit[rows].T).sum(axis=1))] for rows in members])
    centres = np.stack([unit[rows].mean(axis=0) for rows in members])
    return MoodFamilies(family_of, central, centres, mean_silhouette(unit, family_of))
