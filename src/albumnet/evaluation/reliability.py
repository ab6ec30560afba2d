"""How far probabilities can be taken at their word: calibration error, Brier score and the reliability curve."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from albumnet.metrics import ReliabilityCurve, brier_score, expected_calibration_error, reliability_curve

if TYPE_CHECKING:
    from jaxtyping import Float, Int


@dataclass(frozen=True)
class Reliability:
    """Calibration of all (album, mood) pairs together.

    Attributes:
        calibration_error: Expected calibration error, in [0, 1].
        brier: Brier score, in [0, 1].
        prior_brier: That of each mood's frequency; a model that knows anything is below it.
        uncalibrated_error: Calibration error before calibration on the validation side; nan for models whose raw output
            is no probability.
        uncalibrated_brier: Brier score before; nan likewise.
        curve: Predicted against observed, in bins of equally many pairs.
    """

    calibration_error: float
    brier: float
    prior_brier: float
    uncalibrated_error: float
    uncalibrated_brier: float
    curve: ReliabilityCurve


def measure_reliability(
    target: Int[np.ndarray, "N M"],
    probabilities: Float[np.ndarray, "N M"],
    *,
    prior: Float[np.ndarray, "N M"],
    uncalibrated: Float[np.ndarray, "N M"] | None = None,
) -> Reliability:
    """Measure calibration over all pairs of an album and a mood."""
    before = (float("nan"), float("nan"))
    if uncalibrated is not None:
        before = expected_calibration_error(target, uncalibrated), brier_score(target, uncalibrated)
    return Reliability(
        calibration_error=expected_calibration_error(target, probabilities),
        brier=brier_score(target, probabilities),
        prior_brier=brier_score(target, prior),
        uncalibrated_error=before[0],
        uncalibrated_brier=before[1],
        curve=reliability_curve(target, probabilities),
    )
