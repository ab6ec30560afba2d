"""Two raters who each named any number of M moods for the same N covers: kappa mood by mood, and pooled.

Notation: a cover can count several times: `weights` (B, N) says how often in each of B resamples; all ones is the
covers as they are. For each mood, Po and Pe are the observed and the chance agreement on "has it" against "has it not".
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from albumnet.metrics.agreement.two_raters import Agreement, cohen_kappa, compare_two

if TYPE_CHECKING:
    from jaxtyping import Bool, Float


@dataclass(frozen=True, eq=False)
class MoodCounts:
    """How often, in each resample, both named a mood, the first did, the second did; and covers in all.

    Attributes:
        both: (B, M).
        first: (B, M).
        second: (B, M).
        n: (B,).
    """

    both: Float[np.ndarray, "B M"]
    first: Float[np.ndarray, "B M"]
    second: Float[np.ndarray, "B M"]
    n: Float[np.ndarray, " B"]

    @cached_property
    def observed(self) -> Float[np.ndarray, "B M"]:
        """Po of each mood; nan in a resample without covers."""
        n = self._n_or_nan
        agreed: np.ndarray = (n + 2 * self.both - self.first - self.second) / n
        return agreed

    @cached_property
    def by_chance(self) -> Float[np.ndarray, "B M"]:
        """Pe of each mood."""
        first, second = self.first / self._n_or_nan, self.second / self._n_or_nan
        chance: np.ndarray = first * second + (1 - first) * (1 - second)
        return chance

    @cached_property
    def kappas(self) -> Float[np.ndarray, "B M"]:
        """Cohen's kappa of each mood; nan where neither named it, or both always did."""
        return _ratio(self.observed - self.by_chance, 1 - self.by_chance)

    @cached_property
    def pooled(self) -> Float[np.ndarray, " B"]:
        """Pooled kappa, as `pooled_kappa`."""
        return _ratio((self.observed - self.by_chance).sum(axis=1), (1 - self.by_chance).sum(axis=1))

    @property
    def _n_or_nan(self) -> np.ndarray:
        return np.where(self.n > 0, self.n, np.nan)[:, None]


@dataclass(frozen=True, slots=True)
class MoodAgreement:
    """Two raters on one mood."""

    mood: str
    agreement: Agreement


def count_moods(
    first: Bool[np.ndarray, "N M"], second: Bool[np.ndarray, "N M"], weights: Float[np.ndarray, "B N"]
) -> MoodCounts:
    """Count what all kappas of two raters are made of, in many resamples at once."""
    a, b, w = first.astype(np.float64), second.astype(np.float64), weights.astype(np.float64)
    return MoodCounts(both=w @ (a * b), first=w @ a, second=w @ b, n=w.sum(axis=1))


def pooled_kappa(first: Bool[np.ndarray, "N M"], second: Bool[np.ndarray, "N M"]) -> float:
    """One kappa for all moods, with chance reckoned mood by mood: sum of (Po - Pe) over sum of (1 - Pe).

    Who names the same moods for every cover gets exactly 0, however common those moods are; a kappa of all cells in one
    table (`flat_kappa`) pays for knowing which moods are common.

    Returns:
        A value in [-1, 1]; nan where every mood's kappa is undefined.

    Source:
        De Vries, Elliott, Kanouse & Teleki (2008), "Using pooled kappa to summarize interrater agreement across many
        items", Field Methods 20(3), 272-282.
    """
    return float(count_moods(first, second, np.ones((1, len(first)))).pooled[0])


def flat_kappa(first: Bool[np.ndarray, "N M"], second: Bool[np.ndarray, "N M"]) -> float:
    """Cohen's kappa of all N x M cells in one table; above 0 already for two raters who know which moods are common.

    Raises:
        AgreementError: If there are no cells.
    """
    return cohen_kappa(first.ravel().astype(np.int64), second.ravel().astype(np.int64), n_categories=2)


def compare_mood_by_mood(
    first: Bool[np.ndarray, "N M"], second: Bool[np.ndarray, "N M"], moods: tuple[str, ...]
) -> tuple[MoodAgreement, ...]:
    """Everything about each mood that at least one of the two named."""
    used = np.flatnonzero((first | second).any(axis=0))
    return tuple(
        MoodAgreement(moods[m], compare_two(first[:, m].astype(np.int64), second[:, m].astype(np.int64))) for m in used
    )


def _ratio(numerator: np.ndarray, denominator: np.ndarray) -> np.ndarray:
    is_defined = denominator > 1e-12
    quotient: np.ndarray = np.divide(numerator, denominator, out=np.full(numerator.shape, np.nan), where=is_defined)
    return quotient
