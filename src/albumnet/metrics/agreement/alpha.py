"""Krippendorff's alpha for any number of raters, any gaps, and any distance between answers.

Notation: N covers; cover n has m_n answers, of which those with m_n >= 2 count; n_all is their number. d is the
distance. Do = (1 / n_all) sum over covers of (sum over ordered pairs of its answers of d) / (m_n - 1);
De = (sum over ordered pairs of all answers of d) / (n_all (n_all - 1)); alpha = 1 - Do / De.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from typing import TYPE_CHECKING, Protocol, TypeVar

import numpy as np

if TYPE_CHECKING:
    from jaxtyping import Float

    Answer = TypeVar("Answer", bound=Hashable, contravariant=True)

    class Distance(Protocol[Answer]):
        """Distance of two answers: symmetric, 0 for equal ones."""

        def __call__(self, first: Answer, second: Answer, /) -> float:
            """How far apart they are."""


def krippendorff_alpha(answers: Sequence[Sequence[Answer]], distance: Distance[Answer]) -> float:
    """Krippendorff's alpha.

    Args:
        answers: For each cover, the answers of those who gave one.
        distance: Between two answers; squared already where the scale wants that.

    Returns:
        A value up to 1, 0 by chance; nan where undefined (no cover with two answers, or all answers alike).

    Source:
        Krippendorff (2004), "Content Analysis", 2nd edition, chapter 11.
    """
    return float(Alpha(answers, distance).resampled(np.ones((1, len(answers))))[0])


class Alpha:
    """Alpha on many resamples of the covers: distances are looked up once, a resample is a matrix product.

    Args:
        answers: As in `krippendorff_alpha`.
        distance: Likewise.
    """

    def __init__(self, answers: Sequence[Sequence[Answer]], distance: Distance[Answer]) -> None:
        paired = [list(of_cover) if len(of_cover) > 1 else [] for of_cover in answers]
        kinds = {answer: k for k, answer in enumerate(dict.fromkeys(a for of_cover in paired for a in of_cover))}
        self._sizes = np.array([len(of_cover) for of_cover in paired], dtype=np.float64)  # (N,)
        counts = np.zeros((len(paired), len(kinds)))
        for row, of_cover in zip(counts, paired, strict=True):
            np.add.at(row, [kinds[answer] for answer in of_cover], 1)
        # between[u, v]: distances of all answers to u from all to v.
        self._between = counts @ _distances(list(kinds), distance) @ counts.T
        self._within = np.diag(self._between) / np.maximum(self._sizes - 1, 1)

    def resampled(self, weights: Float[np.ndarray, "B N"]) -> Float[np.ndarray, " B"]:
        """Alpha where each cover counts so many times; nan where undefined."""
        w = weights.astype(np.float64)
        n_all = w @ self._sizes
        observed = w @ self._within * (n_all - 1)
        expected = np.einsum("bu,uv,bv->b", w, self._between, w, optimize=True)
        ratio = np.divide(observed, expected, out=np.full(len(w), np.nan), where=expected > 1e-12)
        alpha: np.ndarray = 1 - ratio
        return alpha


def _distances(kinds: Sequence[Answer], distance: Distance[Answer]) -> np.ndarray:
    found = np.zeros((len(kinds), len(kinds)))
    for i, first in enumerate(kinds):
        for j in range(i):
            found[i, j] = found[j, i] = distance(first, kinds[j])
    return found
