"""Average precision on all the albums there could be, estimated from a test side of few.

On few albums average precision is too high, whoever scores: among the albums at or above a positive is always the
positive itself, and its artist's other albums, which are likelier than others to share the mood. On endlessly many they
would not count. So here they do not: the precision at a positive is taken among the albums of all other artists.

That is the same for a test side of 200 albums and one of 20,000, where plain average precision falls with the size.
How near it comes to the truth, and its interval: `python benchmarks/planted.py --only coverage`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from jaxtyping import Bool, Float, Int


def average_precisions_of_all_albums(
    target: Int[np.ndarray, "N M"], scores: Float[np.ndarray, "N M"], *, artists: Int[np.ndarray, " N"]
) -> Float[np.ndarray, " M"]:
    """`average_precision_of_all_albums` of each mood; nan likewise."""
    return np.array(
        [average_precision_of_all_albums(target[:, m], scores[:, m], artists=artists) for m in range(target.shape[1])],
        dtype=float,
    )


def average_precision_of_all_albums(
    target: Int[np.ndarray, " N"], scores: Float[np.ndarray, " N"], *, artists: Int[np.ndarray, " N"]
) -> float:
    """Mean over positives of the share of positives among other artists' albums that score at least as high.

    Args:
        target: 1 where the album has the mood.
        scores: Of the mood; albums of equal score count as at least as high, so the order of rows does not matter.
        artists: Who made each album, equal for albums of one artist and only then.

    Returns:
        A value in [0, 1]. A positive that no other artist's album scores as high as takes the share of the highest
        positive of which that is not so; nan where there is none, or without a positive or a negative.

    Source:
        Ours: `average_precision` with each positive's precision estimated without its own group.
    """
    is_positive = target.astype(bool)
    if not is_positive.any() or is_positive.all():
        return float("nan")
    highest_first = np.flatnonzero(is_positive)[np.argsort(-scores[is_positive], kind="stable")]
    thresholds = scores[highest_first]
    n_albums, n_positive = (_n_at_least(some, thresholds) for some in (scores, scores[is_positive]))
    n_own, n_own_positive = _n_own_at_least(is_positive, scores, artists=artists)[highest_first].T
    n_others, n_positive = n_albums - n_own, n_positive - n_own_positive
    has_others = n_others > 0
    if not has_others.any():
        return float("nan")
    share = n_positive / np.maximum(n_others, 1)
    # Those without are the highest of all, and all by one artist.
    return float(np.where(has_others, share, share[np.argmax(has_others)]).mean())


def _n_at_least(values: np.ndarray, thresholds: np.ndarray) -> np.ndarray:
    return len(values) - np.searchsorted(np.sort(values), thresholds, side="left")


def _n_own_at_least(
    is_positive: Bool[np.ndarray, " N"], scores: Float[np.ndarray, " N"], *, artists: Int[np.ndarray, " N"]
) -> Int[np.ndarray, "N 2"]:
    """Albums, and positives, of the same artist that score at least as high; 0 for artists without a positive."""
    rows = np.flatnonzero(np.isin(artists, artists[is_positive]))
    order = rows[np.lexsort((-scores[rows], artists[rows]))]
    artist, score = artists[order], scores[order]
    starts_artist = np.append(True, artist[1:] != artist[:-1])
    starts_step = starts_artist | np.append(True, score[1:] != score[:-1])
    totals = np.cumsum(np.column_stack([np.ones(len(order), dtype=np.int64), is_positive[order]]), axis=0)
    ends = np.append(np.flatnonzero(starts_step)[1:], len(order)) - 1
    before = np.concatenate([np.zeros((1, 2), dtype=np.int64), totals])[np.flatnonzero(starts_artist)]
    found = np.zeros((len(artists), 2), dtype=np.int64)
    found[order] = totals[ends][np.cumsum(starts_step) - 1] - before[np.cumsum(starts_artist) - 1]
    return found
