"""Whether a probability means what it says: Brier score, expected calibration error, and the reliability curve.

Notation: target is 1 where an album has a mood, else 0; probabilities, of the same shape, are in [0, 1]. Functions of
(N, M) arrays that give one number take all album-mood pairs together; those named per mood give M.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np

if TYPE_CHECKING:
    from jaxtyping import Float, Int

Binning = Literal["equal_mass", "equal_width"]


@dataclass(frozen=True, eq=False)
class ReliabilityCurve:
    """Predictions in bins of rising probability; bins that hold none are left out.

    Attributes:
        mean_probability: Mean probability predicted in each bin.
        observed_rate: Share of its predictions that came true.
        counts: Number of its predictions.
    """

    mean_probability: Float[np.ndarray, " bins"]
    observed_rate: Float[np.ndarray, " bins"]
    counts: Int[np.ndarray, " bins"]


def brier_score(target: Int[np.ndarray, " *shape"], probabilities: Float[np.ndarray, " *shape"]) -> float:
    """Mean squared difference between probability and outcome.

    Returns:
        A value in [0, 1], 0 at best; p (1 - p) for one who always says the true rate p; nan of nothing.

    Source:
        Brier (1950), "Verification of forecasts expressed in terms of probability", Monthly Weather Review 78(1), 1-3,
        halved as is usual for two outcomes.
    """
    if not target.size:
        return float("nan")
    return float(np.mean((probabilities.astype(np.float64) - target) ** 2))


def brier_scores(target: Int[np.ndarray, "N M"], probabilities: Float[np.ndarray, "N M"]) -> Float[np.ndarray, " M"]:
    """`brier_score` per mood."""
    return np.array([brier_score(target[:, m], probabilities[:, m]) for m in range(target.shape[1])])


def expected_calibration_error(
    target: Int[np.ndarray, " *shape"],
    probabilities: Float[np.ndarray, " *shape"],
    *,
    n_bins: int = 15,
    binning: Binning = "equal_mass",
) -> float:
    """Mean over predictions of the gap between their bin's mean probability and its observed rate.

    Chance alone opens gaps: a calibrated model gets above 0, the more so the fewer predictions a bin holds. Compare
    values only over equally many predictions and bins.

    Args:
        target: Outcomes; all are taken together.
        probabilities: Predictions.
        n_bins: Number of bins.
        binning: As in `reliability_curve`.

    Returns:
        A value in [0, 1], 0 at best; nan of nothing.

    Source:
        Naeini, Cooper & Hauskrecht (2015), "Obtaining well calibrated probabilities using Bayesian binning", AAAI,
        2901-2907 (equal width); Nguyen & O'Connor (2015), "Posterior calibration and exploratory analysis for natural
        language processing models", EMNLP, 1587-1598 (equal mass).
    """
    if not target.size:
        return float("nan")
    curve = reliability_curve(target, probabilities, n_bins=n_bins, binning=binning)
    return float(np.average(np.abs(curve.mean_probability - curve.observed_rate), weights=curve.counts))


def expected_calibration_errors(
    target: Int[np.ndarray, "N M"],
    probabilities: Float[np.ndarray, "N M"],
    *,
    n_bins: int = 15,
    binning: Binning = "equal_mass",
) -> Float[np.ndarray, " M"]:
    """`expected_calibration_error` per mood, each with bins of its own."""
    return np.array(
        [
            expected_calibration_error(target[:, m], probabilities[:, m], n_bins=n_bins, binning=binning)
            for m in range(target.shape[1])
        ]
    )


def reliability_curve(
    target: Int[np.ndarray, " *shape"],
    probabilities: Float[np.ndarray, " *shape"],
    *,
    n_bins: int = 15,
    binning: Binning = "equal_mass",
) -> ReliabilityCurve:
    """How often what was predicted came true, by predicted probability.

    Args:
        target: Outcomes; all are taken together.
        probabilities: Predictions.
        n_bins: Number of bins. Equal probabilities share a bin, so there may be fewer.
        binning: "equal_mass" cuts at quantiles of the probabilities, so that all bins are about equally sure. Moods are
            rare: of bins of "equal_width", the first would hold nearly all predictions.

    Source:
        DeGroot & Fienberg (1983), "The comparison and evaluation of forecasters", The Statistician 32, 12-22.
    """
    # Not in single precision: sums over millions of pairs.
    flat = probabilities.ravel().astype(np.float64)
    inner = np.linspace(0, 1, n_bins + 1)[1:-1]
    # "lower": edges that are probabilities themselves, so that rounding cannot part equal ones.
    edges = np.quantile(flat, inner, method="lower") if binning == "equal_mass" and len(flat) else inner
    bins = np.searchsorted(edges, flat)
    counts = np.bincount(bins, minlength=n_bins)
    held = counts > 0
    probability_sums = np.bincount(bins, weights=flat, minlength=n_bins)
    true_sums = np.bincount(bins, weights=target.ravel(), minlength=n_bins)
    return ReliabilityCurve(
        mean_probability=probability_sums[held] / counts[held],
        observed_rate=true_sums[held] / counts[held],
        counts=counts[held],
    )
