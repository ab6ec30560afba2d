"""What resamples say: an interval around a score, a p-value of a difference, and Holm's correction over a table.

Notation: `point` is a score of the albums themselves, or a difference between two models' scores of them; `resampled`
(R,) the same on each resample of G groups (artists), of the same `ClusterResamples` for both models.

Which kind of interval, and of what truth, was measured: `python benchmarks/bootstrap.py --coverage` draws 1,000 worlds
in each of five settings (60 to 300 artists of three albums; rarest moods on 4 to 24; macro AP from 0.20 to 0.95). So
many worlds in a hundred had the truth in their 95 % interval, at least and at most over the settings:

                               macro AP     micro AP     macro AUC    micro AUC    AP of one mood
    score_interval             92.9-95.4    93.4-95.4    94.2-95.2    94.1-95.1    92.4-94.6
    interval, of a score       92.7-95.2    93.2-94.9    94.0-95.2    94.1-94.7    88.7-93.9
    interval, of a difference  94.0-97.2    94.0-95.2    94.0-95.9    94.0-95.8    92.8-93.9
    percentile                 87.8-95.7    92.5-94.2    93.8-95.0    93.7-94.7    89.8-95.0
    basic (reflected)          76.6-93.2    91.2-93.5    91.9-94.4    92.6-94.8    84.5-92.2
    percentile, centred        92.1-95.3    92.4-94.8    93.5-95.2    93.8-94.6    89.8-94.4
    BCa                        77.4-94.5    91.7-94.7    92.8-94.7    94.2-94.8    91.3-93.8

The truth here is the mean score over test sets of this size. What a scorer gets on all albums there could be is another
thing for macro AP: average precision of few positives is too high, whoever scores (0.431 for 0.408 at 60 artists, 0.196
for 0.168 where the rarest mood is on 4 albums), and `score_interval` held that in as few as 58.3. `all_albums.py` has
an estimate of it to lay the interval around. For the other scores (92.4-95.4) and for differences (91.8-97.1) it
matters little.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from jaxtyping import Float


@dataclass(frozen=True, slots=True)
class Estimate:
    """A number and the ends of its 95 % interval; nan where undefined."""

    value: float
    low: float = math.nan
    high: float = math.nan

    @property
    def is_defined(self) -> bool:
        """Whether there is a number at all."""
        return not math.isnan(self.value)

    @property
    def has_interval(self) -> bool:
        """Whether both ends are known."""
        return not math.isnan(self.low + self.high)


def interval(
    point: float, resampled: Float[np.ndarray, " R"], *, n_groups: int, level: float = 0.95
) -> tuple[float, float]:
    """Where the score would lie on average over test sets of this size: point -+ t sd sqrt(G / (G - 1)).

    sd is the standard deviation over resamples, t the quantile of Student's distribution with G - 1 degrees of freedom.
    An end can lie outside a score's own range when the score is close to it.

    Args:
        point: The score, or the difference between two models' scores.
        resampled: The same on each resample; nan where undefined, and left out.
        n_groups: G, the groups that were drawn from; few make the interval wider.
        level: Share of test sets whose interval is to hold the truth, in (0, 1).

    Returns:
        The lower and the upper end; both nan where the point is, or where fewer than two resamples are defined.

    Source:
        Efron & Tibshirani (1993), "An Introduction to the Bootstrap", chapters 6 and 12 (standard error, Student's t);
        Hesterberg (2015), "What teachers should know about the bootstrap", The American Statistician 69(4), 371-386
        (the bootstrap is too narrow by sqrt((G - 1) / G)).
    """
    from scipy.special import stdtrit  # here: `albumnet --help` needs none of it

    half_width = float(stdtrit(n_groups - 1, (1 + level) / 2)) * _standard_error(resampled, n_groups)
    return point - half_width, point + half_width


def score_interval(
    point: float, resampled: Float[np.ndarray, " R"], *, n_groups: int, level: float = 0.95
) -> tuple[float, float]:
    """`interval` of a score in [0, 1], laid out on the logit scale: it stays inside and is longer towards the middle.

    Args:
        point: The score of one model.
        resampled: As in `interval`; so are the others.
        n_groups: G.
        level: Share of test sets whose interval is to hold the truth.

    Returns:
        The lower and the upper end; nan where those of `interval` are. At exactly 0 or 1, where the logit has no value,
        `interval` cut off there.

    Source:
        Agresti (2013), "Categorical Data Analysis", 3rd edition, section 3.1 (the delta method on the logit scale).
    """
    from scipy.special import expit, logit

    ends = np.array(interval(point, resampled, n_groups=n_groups, level=level))
    slope = point * (1 - point)  # of the score, by its logit
    if slope > 0:
        ends = expit(logit(point) + (ends - point) / slope)
    low, high = np.clip(ends, 0, 1)
    return float(low), float(high)


def on_log_scale(ratio: float, resampled: Float[np.ndarray, " R"]) -> tuple[float, Float[np.ndarray, " R"]]:
    """A ratio and its resamples on the log scale, for `interval` and `p_value`.

    The resamples are carried there by the logarithm's slope at the ratio: one of 0, where the logarithm has no value,
    counts like the others. Leaving such resamples out would make intervals of rare things too narrow.

    Args:
        ratio: Of the albums themselves; nan where it is not above 0, which leaves the interval undefined.
        resampled: The same on each resample.

    Source:
        Agresti (2013), "Categorical Data Analysis", 3rd edition, section 3.1 (the delta method).
    """
    if not ratio > 0:
        return math.nan, np.full(len(resampled), math.nan)
    return math.log(ratio), math.log(ratio) + (resampled - ratio) / ratio


def p_value(point: float, resampled: Float[np.ndarray, " R"], *, n_groups: int) -> float:
    """Two-sided p-value of no difference: 1 less the highest level at which `interval` leaves out 0.

    Args:
        point: The difference between two models' scores.
        resampled: The same on each resample, both models on the same ones.
        n_groups: As in `interval`.

    Returns:
        A value in [0, 1], 1 where the models never differ; nan where `interval` is.

    Source:
        As `interval`.
    """
    from scipy.special import stdtr

    error = _standard_error(resampled, n_groups)
    if np.isnan(point) or np.isnan(error):
        return float("nan")
    if point == 0 or error == 0:
        return 1.0 if point == 0 else 0.0
    return float(2 * stdtr(n_groups - 1, -abs(point) / error))


def holm(p_values: Float[np.ndarray, " K"]) -> Float[np.ndarray, " K"]:
    """Adjust p-values of a table so that, at any threshold, one false find anywhere in it is as rare as the threshold.

    Step-down: the smallest is multiplied by K, the next by K - 1, and so on; none becomes smaller than one before it.

    Args:
        p_values: One per comparison; those that are nan are not counted in K.

    Returns:
        Adjusted values in the same order, at most 1; nan where the p-value is.

    Source:
        Holm (1979), "A simple sequentially rejective multiple test procedure", Scand. J. Statist. 6(2), 65-70.
    """
    order = np.argsort(p_values)[: int((~np.isnan(p_values)).sum())]  # nan sorts last
    factors = np.arange(len(order), 0, -1)
    adjusted = np.full(len(p_values), np.nan)
    adjusted[order] = np.minimum(np.maximum.accumulate(p_values[order] * factors), 1)
    return adjusted


def _standard_error(resampled: np.ndarray, n_groups: int) -> float:
    defined = resampled[~np.isnan(resampled)]
    if len(defined) < 2:
        return float("nan")
    # In double precision: the spread of single-precision values that are all alike is 0 then.
    return float(defined.astype(np.float64).std(ddof=1) * np.sqrt(n_groups / (n_groups - 1)))
