"""Confusions by closeness: which mood is predicted where another was true, and how near in meaning the two are.

Notation: N albums, M moods, E numbers per label vector, k moods listed per album.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from jaxtyping import Float, Int

K = 5
N_SHOWN = 20
_BLOCK = 2048
# Lists dealt to albums at random, in all: enough that an expected count of 1 is known to about a tenth.
_N_DEALT = 20_000


@dataclass(frozen=True, slots=True)
class Confusion:
    """One mood listed in place of another.

    Attributes:
        predicted: Among the k likeliest of an album that does not have it.
        instead_of: The nearest in meaning of the album's moods that the k likeliest miss.
        times: Albums this happened to.
        closeness: Cosine of the two moods' word vectors, in [-1, 1].
        expected: Times it would happen if the same lists were dealt to the albums at random.
    """

    predicted: str
    instead_of: str
    times: int
    closeness: float
    expected: float


@dataclass(frozen=True)
class Confusions:
    """The commonest confusions, and how near wrong moods are to missed ones on the whole.

    Attributes:
        commonest: At most 20, commonest first.
        n_wrong: Wrong moods that were matched with a missed one.
        mean_closeness: Of all those pairs; nan if there is none.
        expected_closeness: The same with lists dealt at random.
    """

    commonest: tuple[Confusion, ...]
    n_wrong: int
    mean_closeness: float
    expected_closeness: float


def find_confusions(
    moods: Sequence[str],
    *,
    target: Int[np.ndarray, "N M"],
    probabilities: Float[np.ndarray, "N M"],
    label_vectors: Float[np.ndarray, "M E"],
    rng: np.random.Generator,
) -> Confusions:
    """Match every wrongly listed mood with the nearest mood that the list misses, and count the pairs.

    Args:
        moods: M names.
        target: 1 where an album has a mood.
        probabilities: What the model says.
        label_vectors: Unit vectors of the moods.
        rng: Deals the lists at random.
    """
    has_mood, closeness = target.astype(bool), label_vectors @ label_vectors.T
    listed = np.argsort(-probabilities, axis=1, kind="stable")[:, :K]
    counts = _count_pairs(listed, has_mood, closeness)
    n_deals = int(np.clip(_N_DEALT // max(len(listed), 1), 10, 100))
    deals = (rng.permutation(len(listed)) for _ in range(n_deals))
    expected = sum((_count_pairs(listed[deal], has_mood, closeness) for deal in deals), np.zeros_like(counts)) / n_deals
    order = np.argsort(-counts, axis=None, kind="stable")[:N_SHOWN]
    pairs = [divmod(int(n), len(moods)) for n in order if counts.flat[n]]
    return Confusions(
        commonest=tuple(
            Confusion(moods[p], moods[t], int(counts[p, t]), float(closeness[p, t]), float(expected[p, t]))
            for p, t in pairs
        ),
        n_wrong=int(counts.sum()),
        mean_closeness=_weighted_mean(closeness, counts),
        expected_closeness=_weighted_mean(closeness, expected),
    )


def _count_pairs(listed: np.ndarray, has_mood: np.ndarray, closeness: np.ndarray) -> Float[np.ndarray, "M M"]:
    """How often mood p is listed wrongly and mood t is the nearest missed one."""
    counts = np.zeros(closeness.shape)
    for start in range(0, len(listed), _BLOCK):
        block = listed[start : start + _BLOCK]
        missed = has_mood[start : start + _BLOCK].copy()
        is_wrong = ~np.take_along_axis(missed, block, axis=1)
        np.put_along_axis(missed, block, False, axis=1)
        nearest = np.where(missed[:, None, :], closeness[block], -np.inf).argmax(axis=2)
        is_counted = is_wrong & missed.any(axis=1, keepdims=True)
        np.add.at(counts, (block[is_counted], nearest[is_counted]), 1)
    return counts


def _weighted_mean(values: np.ndarray, weights: np.ndarray) -> float:
    return float((values * weights).sum() / weights.sum()) if weights.sum() else float("nan")
