"""A path through the mood space: albums along the way from one mood to another.

Notation: N albums, n of them wanted; s and e, an album's closeness to the first and to the last mood, each less its
mean over the library and in units of its standard deviation.

The way goes through n blends of the two moods, at equal angles a from 0 to 90 degrees: cos(a) of the first and sin(a)
of the last. How close an album is to a blend is cos(a) s + sin(a) e, the model's own closeness as `moods find` has it.
Every blend gets an album of its own so that the sum is the greatest possible, which is the linear assignment problem;
so no album comes twice, the ends are albums that are most of the one mood and of the other, and those between are of
both. The albums are then put in the order of e - s, how much more they are of the last mood than of the first.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from albumnet.errors import PlaylistError

if TYPE_CHECKING:
    from jaxtyping import Float, Int

_NO_SPREAD = 1e-9


def path_between(closeness: Float[np.ndarray, "N 2"], *, n: int) -> Int[np.ndarray, " n"]:
    """Rows of the albums along the way from one mood to another, in order; all N, if fewer than n.

    Args:
        closeness: Of each album to the first mood and to the last.
        n: How many albums.

    Raises:
        PlaylistError: If the model tells no albums apart by one of the moods.
    """
    centred = closeness.astype(np.float64) - closeness.mean(axis=0)
    spread = centred.std(axis=0)
    if (spread < _NO_SPREAD).any():
        raise PlaylistError("by one of these moods the model tells no album of the library apart; choose another")
    first, last = (centred / spread).T
    angles = np.linspace(0, np.pi / 2, min(n, len(closeness)))
    scores = np.outer(np.cos(angles), first) + np.outer(np.sin(angles), last)  # (n, N)
    chosen = _assign(scores)
    ordered: np.ndarray = chosen[np.lexsort((chosen, (last - first)[chosen]))]
    return ordered


def _assign(scores: Float[np.ndarray, "n N"]) -> Int[np.ndarray, " n"]:
    """A column for each row, no two the same, with the greatest sum."""
    from scipy.optimize import linear_sum_assignment

    n, n_columns = scores.shape
    # The best assignment never needs a row's (n + 1)-th choice: one of its first n is free.
    best = np.argpartition(-scores, n - 1, axis=1)[:, :n] if n < n_columns else np.arange(n_columns)
    columns = np.unique(best)
    _, picked = linear_sum_assignment(scores[:, columns], maximize=True)
    found: np.ndarray = columns[picked]
    return found
