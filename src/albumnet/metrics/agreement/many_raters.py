"""More than two raters of the same covers.

Notation: counts (N, K) says how many of R raters put cover n into category k; each row sums to R.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from albumnet.errors import AgreementError

if TYPE_CHECKING:
    from jaxtyping import Bool, Float, Int


def fleiss_kappa(counts: Int[np.ndarray, "N K"]) -> float:
    """Fleiss' kappa.

    Returns:
        A value in [-1, 1]; nan where undefined (all raters used one and the same category).

    Raises:
        AgreementError: If there are no covers, or a cover has fewer than two ratings, or not as many as the others.

    Source:
        Fleiss (1971), "Measuring nominal scale agreement among many raters", Psychological Bulletin 76(5), 378-382.
    """
    n_raters = counts.sum(axis=1)
    if not len(counts) or n_raters.min() < 2 or n_raters.min() != n_raters.max():
        raise AgreementError(f"ratings per cover: {sorted(set(n_raters.tolist()))}; expected one number, at least two")
    r = float(n_raters[0])
    agreed = float(((counts.astype(np.float64) ** 2).sum(axis=1) - r).mean() / (r * (r - 1)))
    shares = counts.sum(axis=0) / counts.sum()
    by_chance = float((shares**2).sum())
    return float("nan") if 1 - by_chance < 1e-12 else (agreed - by_chance) / (1 - by_chance)


def fleiss_kappas(decisions: Bool[np.ndarray, "R N M"]) -> Float[np.ndarray, " M"]:
    """Fleiss' kappa of each mood, for R raters who decided on N covers; nan where undefined.

    Raises:
        AgreementError: If there are fewer than two raters, or no covers.
    """
    n_yes = decisions.sum(axis=0)  # (N, M)
    n_raters, _, n_moods = decisions.shape
    return np.array([fleiss_kappa(np.stack([n_raters - n_yes[:, m], n_yes[:, m]], axis=1)) for m in range(n_moods)])
