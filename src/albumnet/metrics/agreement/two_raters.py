"""Two raters who put the same covers into categories.

Notation: table (K, K) counts covers by the first rater's category and the second's; N covers; p_ij = table_ij / N;
Po = sum of p_ii, the share that they agree on; p_i. and p_.i are the raters' own shares.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from albumnet.errors import AgreementError

if TYPE_CHECKING:
    from jaxtyping import Int


@dataclass(frozen=True, slots=True)
class Agreement:
    """What can be said of a yes-or-no question that two raters answered, nan where it is undefined.

    Attributes:
        n_covers: N.
        kappa: Cohen's kappa, in [-1, 1]; undefined where both gave one and the same answer throughout.
        prevalence: Share of yes among both raters' answers.
        positive: Positive agreement 2 p_11 / (p_1. + p_.1): of the yeses, those that both said; undefined without one.
        negative: The same of the noes.
        max_kappa: The highest kappa that raters with these shares of yes could reach.
        pabak: 2 Po - 1: kappa if both had said yes as often as no (Byrt, Bishop & Carlin 1993).
        ac1: Gwet's AC1.
    """

    n_covers: int
    kappa: float
    prevalence: float
    positive: float
    negative: float
    max_kappa: float
    pabak: float
    ac1: float


def cohen_kappa(first: Int[np.ndarray, " N"], second: Int[np.ndarray, " N"], *, n_categories: int) -> float:
    """Cohen's kappa of two raters who labelled the same covers.

    Args:
        first: Category in [0, K) that the first rater gave each cover.
        second: The second rater's, in the same cover order.
        n_categories: K, counting categories that nobody chose.

    Returns:
        Kappa in [-1, 1]; nan where undefined (both used one and the same category).

    Raises:
        AgreementError: If there are no covers, or a category is outside [0, K).

    Source:
        Cohen (1960), "A coefficient of agreement for nominal scales", EPM 20(1), 37-46.
    """
    shares = tabulate(first, second, n_categories=n_categories) / len(first)
    by_chance = float(shares.sum(axis=1) @ shares.sum(axis=0))
    return _beyond_chance(float(np.trace(shares)), by_chance)


def gwet_ac1(first: Int[np.ndarray, " N"], second: Int[np.ndarray, " N"], *, n_categories: int) -> float:
    """Gwet's AC1, whose chance agreement stays small where nearly all covers are in one category.

    Chance is sum over k of pi_k (1 - pi_k) / (K - 1), pi_k the mean of both raters' shares of category k.

    Args:
        first: As in `cohen_kappa`; so are the others.
        second: Likewise.
        n_categories: K; it matters here, and is at least 2.

    Returns:
        A value in [-1, 1], 1 where both used one and the same category.

    Raises:
        AgreementError: As `cohen_kappa`; or if K is 1.

    Source:
        Gwet (2008), "Computing inter-rater reliability and its variance in the presence of high agreement", British
        Journal of Mathematical and Statistical Psychology 61(1), 29-48.
    """
    if n_categories < 2:
        raise AgreementError(f"{n_categories} category leaves nothing to agree on; AC1 needs at least two")
    shares = tabulate(first, second, n_categories=n_categories) / len(first)
    mean = (shares.sum(axis=1) + shares.sum(axis=0)) / 2
    return _beyond_chance(float(np.trace(shares)), float((mean * (1 - mean)).sum() / (n_categories - 1)))


def compare_two(first: Int[np.ndarray, " N"], second: Int[np.ndarray, " N"]) -> Agreement:
    """All of `Agreement` for two raters' answers, 1 for yes and 0 for no.

    Raises:
        AgreementError: If there are no covers, or an answer is neither 0 nor 1.

    Source:
        Cicchetti & Feinstein (1990), "High agreement but low kappa: II. Resolving the paradoxes", J. Clin. Epidemiol.
        43(6), 551-558 (positive and negative agreement); Byrt, Bishop & Carlin (1993), "Bias, prevalence and kappa",
        J. Clin. Epidemiol. 46(5), 423-429 (PABAK); Cohen (1960), equation 8 (the highest kappa).
    """
    shares = tabulate(first, second, n_categories=2) / len(first)
    of_first, of_second = shares.sum(axis=1), shares.sum(axis=0)
    agreed, by_chance = float(np.trace(shares)), float(of_first @ of_second)
    n_no, n_yes = of_first + of_second
    return Agreement(
        n_covers=len(first),
        kappa=_beyond_chance(agreed, by_chance),
        prevalence=float(n_yes / 2),
        positive=float(2 * shares[1, 1] / n_yes) if n_yes else float("nan"),
        negative=float(2 * shares[0, 0] / n_no) if n_no else float("nan"),
        max_kappa=_beyond_chance(float(np.minimum(of_first, of_second).sum()), by_chance),
        pabak=2 * agreed - 1,
        ac1=gwet_ac1(first, second, n_categories=2),
    )


def tabulate(first: Int[np.ndarray, " N"], second: Int[np.ndarray, " N"], *, n_categories: int) -> np.ndarray:
    """Covers counted by both raters' categories, (K, K).

    Raises:
        AgreementError: If there are no covers, not equally many, or a category is outside [0, K).
    """
    if len(first) != len(second) or not len(first):
        raise AgreementError(f"{len(first)} and {len(second)} answers; expected as many of both, and at least one")
    for rater, found in (("first", first), ("second", second)):
        if found.min() < 0 or found.max() >= n_categories:
            raise AgreementError(
                f"the {rater} rater's categories run from {found.min()} to {found.max()}; "
                f"expected 0 to {n_categories - 1}"
            )
    cells = first.astype(np.int64) * n_categories + second
    return np.bincount(cells, minlength=n_categories**2).reshape(n_categories, n_categories)


def _beyond_chance(agreed: float, by_chance: float) -> float:
    # Shares are sums of N equal parts: chance that is nearer to 1 than this is 1, and nothing is left to agree on.
    if 1 - by_chance < 1e-12:
        return float("nan")
    return (agreed - by_chance) / (1 - by_chance)
