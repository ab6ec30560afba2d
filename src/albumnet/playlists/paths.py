"""A path through the mood space: albums along the way from one mood to another.

Notation: N albums, E numbers per mood vector, n albums wanted. Albums are seen from the albums' mean, moods from the
moods' mean: what all of them share says nothing of the way between two.

The way is the arc of the great circle from the first mood to the second, with n places on it at equal angles. Every
place gets an album of its own so that the sum of the cosines between places and albums is the greatest possible, which
is the linear assignment problem; so no album comes twice and none is far from the way if a nearer one is free. The
albums are then put in the order of their own angles along the arc.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from albumnet.errors import PlaylistError

if TYPE_CHECKING:
    from jaxtyping import Float, Int

# Nearer than this (in radians), two moods are one; nearer to opposite, no way between them is the shortest.
_LEAST_ANGLE = 0.05
_NO_LENGTH = 1e-9


def path_between(
    start: Float[np.ndarray, " E"],
    end: Float[np.ndarray, " E"],
    vectors: Float[np.ndarray, "N E"],
    *,
    n: int,
    centre: Float[np.ndarray, " E"] | None = None,
) -> Int[np.ndarray, " n"]:
    """Rows of the albums along the way from one mood to another, in order; all N, if fewer than n.

    Args:
        start: The first mood's vector.
        end: The second's.
        vectors: The albums' mood vectors, of any length.
        n: How many albums.
        centre: The moods' mean, of unit vectors; None for the origin.

    Raises:
        PlaylistError: If the moods are so near each other, or so nearly opposite, that there is no way between them.
    """
    middle = np.zeros(len(start)) if centre is None else centre
    first, last = _unit(_unit(start) - middle), _unit(_unit(end) - middle)
    angle = float(np.arccos(np.clip(first @ last, -1, 1)))
    if angle < _LEAST_ANGLE:
        raise PlaylistError("the two moods lie in one place, so there is no way between them; choose others")
    if angle > np.pi - _LEAST_ANGLE:
        raise PlaylistError("the two moods are exactly opposite, so no way is the shortest; go by a third mood")
    across = _unit(last - (first @ last) * first)
    units = _unit(vectors)
    albums = _unit(units - units.mean(axis=0))
    along, sideways = albums @ first, albums @ across
    steps = np.linspace(0, angle, min(n, len(albums)))
    cosines = np.outer(np.cos(steps), along) + np.outer(np.sin(steps), sideways)  # (n, N)
    chosen = _assign(cosines)
    order = np.lexsort((chosen, np.arctan2(sideways[chosen], along[chosen])))
    ordered: np.ndarray = chosen[order]
    return ordered


def _assign(scores: Float[np.ndarray, "n N"]) -> Int[np.ndarray, " n"]:
    """A column for each row, no two the same, with the greatest sum."""
    from scipy.optimize import linear_sum_assignment

    n = len(scores)
    # The best assignment never needs a row's (n + 1)-th choice: one of its first n is free.
    best = np.argpartition(-scores, n - 1, axis=1)[:, :n] if n < scores.shape[1] else np.arange(scores.shape[1])[None]
    columns = np.unique(best)
    _, picked = linear_sum_assignment(scores[:, columns], maximize=True)
    found: np.ndarray = columns[picked]
    return found


def _unit(vectors: np.ndarray) -> np.ndarray:
    unit: np.ndarray = vectors / np.maximum(np.linalg.norm(vectors, axis=-1, keepdims=True), _NO_LENGTH)
    return unit
