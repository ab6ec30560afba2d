"""evaluation.json as the report reads it: null is nan again, rows of albums are their ids."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any

from albumnet.errors import RunError
from albumnet.metrics import Estimate

# `evaluation` writes the file, and is a sibling that may not be imported; a test holds the two numbers together.
EVALUATION_VERSION = 1


@dataclass(frozen=True)
class Predictor:
    """One row of the score table: metric -> estimate."""

    name: str
    title: str
    scores: Mapping[str, Estimate]


@dataclass(frozen=True)
class Difference:
    """The model less another predictor in one metric; p is Holm's, nan where the difference was not tested."""

    second: str
    metric: str
    difference: Estimate
    p_holm: float


@dataclass(frozen=True)
class MoodFinding:
    """One mood: how many of the albums have it, and how well the model finds them."""

    mood: str
    n_albums: int
    third: str
    average_precision: Estimate
    roc_auc: Estimate
    lift: float


@dataclass(frozen=True)
class Reliability:
    """Calibration: errors after and, where known, before, and (predicted, observed, pairs) of each bin."""

    calibration_error: float
    brier: float
    prior_brier: float
    uncalibrated_error: float
    uncalibrated_brier: float
    bins: tuple[tuple[float, float, int], ...]


@dataclass(frozen=True)
class SetCoverage:
    """Lists of moods that promise a share of an album's moods, beside one list for all; as in evaluation.json."""

    stated: float
    reached: float
    mean_size: float
    prior_size: int
    cannot_tell: float


@dataclass(frozen=True)
class Collapse:
    """How predicted mood vectors lie beside true ones; as in evaluation.json."""

    spread: float
    true_spread: float
    spread_ratio: float
    hubness: float
    true_hubness: float
    commonest_share: float
    true_commonest_share: float


@dataclass(frozen=True)
class Alarm:
    """A leak check, and the (held-out album, training album, closeness) to look at first, by album id."""

    check: str
    fired: bool
    message: str
    pairs: tuple[tuple[str, str, float], ...]


@dataclass(frozen=True)
class Findings:
    """All that an evaluation found out; as in evaluation.json, the first predictor is the model."""

    title: str
    evaluated_on: str
    n_passed_over: int
    n_albums: int
    n_artists: int
    n_moods: int
    n_resamples: int
    left_out_moods: tuple[str, ...]
    moods_without_vectors: tuple[str, ...]
    predictors: tuple[Predictor, ...]
    differences: tuple[Difference, ...]
    moods: tuple[MoodFinding, ...]
    seeds: Mapping[str, tuple[float, ...]]
    reliability: Reliability
    coverage: SetCoverage | None
    collapse: Collapse | None
    alarms: tuple[Alarm, ...]
    conclusion: tuple[str, ...]
    made_from: Mapping[str, str]


def parse_findings(content: Mapping[str, Any]) -> Findings:
    """Take what `albumnet evaluate` wrote, passing over what a later version may have added.

    Raises:
        RunError: If something is missing or of another kind.
    """
    try:
        return _parse(content)
    except (KeyError, TypeError, ValueError, IndexError, AttributeError) as error:
        raise RunError(
            f"evaluation.json is not what `albumnet evaluate` writes ({type(error).__name__}: {error}); run it again"
        ) from error


def _parse(content: Mapping[str, Any]) -> Findings:
    table, album_ids = content["table"], content["album_ids"]
    return Findings(
        title=str(content["title"]),
        evaluated_on=str(content["evaluated_on"]),
        n_passed_over=int(content["n_passed_over"]),
        n_albums=int(table["n_albums"]),
        n_artists=int(table["n_artists"]),
        n_moods=int(table["n_moods"]),
        n_resamples=int(table["n_resamples"]),
        left_out_moods=tuple(table["left_out_moods"]),
        moods_without_vectors=tuple(content.get("moods_without_vectors", ())),
        predictors=tuple(
            Predictor(row["name"], row["title"], {metric: _estimate(e) for metric, e in row["scores"].items()})
            for row in table["rows"]
        ),
        differences=tuple(
            Difference(d["second"], d["metric"], _estimate(d["difference"]), _number(d["p_holm"]))
            for d in table["differences"]
        ),
        moods=tuple(
            MoodFinding(
                mood=row["mood"],
                n_albums=int(row["n_albums"]),
                third=row["third"],
                average_precision=_estimate(row["average_precision"]),
                roc_auc=_estimate(row["roc_auc"]),
                lift=_number(row["lift"]),
            )
            for row in table["moods"]
        ),
        seeds={metric: tuple(map(_number, values)) for metric, values in content["seeds"].items()},
        reliability=_parse_reliability(content["reliability"]),
        coverage=_parse_coverage(content["coverage"]) if content.get("coverage") else None,
        collapse=None if content["collapse"] is None else _parse_collapse(content["collapse"]),
        alarms=tuple(_parse_alarm(alarm, album_ids) for alarm in content["alarms"]),
        conclusion=tuple(content["conclusion"]),
        made_from={key: str(value) for key, value in content["made_from"].items()},
    )


def _parse_reliability(content: Mapping[str, Any]) -> Reliability:
    curve = content["curve"]
    return Reliability(
        calibration_error=_number(content["calibration_error"]),
        brier=_number(content["brier"]),
        prior_brier=_number(content["prior_brier"]),
        uncalibrated_error=_number(content["uncalibrated_error"]),
        uncalibrated_brier=_number(content["uncalibrated_brier"]),
        bins=tuple(zip(curve["mean_probability"], curve["observed_rate"], curve["counts"], strict=True)),
    )


def _parse_coverage(content: Mapping[str, Any]) -> SetCoverage:
    return SetCoverage(
        stated=float(content["stated"]),
        reached=_number(content["reached"]),
        mean_size=_number(content["mean_size"]),
        prior_size=int(content["prior_size"]),
        cannot_tell=_number(content["cannot_tell"]),
    )


def _parse_collapse(content: Mapping[str, Any]) -> Collapse:
    return Collapse(**{column.name: _number(content[column.name]) for column in fields(Collapse)})


def _parse_alarm(alarm: Mapping[str, Any], album_ids: Sequence[str]) -> Alarm:
    pairs = tuple(
        (album_ids[pair["held_out"]], album_ids[pair["reference"]], _number(pair["closeness"]))
        for pair in alarm["pairs"]
    )
    return Alarm(alarm["check"], bool(alarm["fired"]), alarm["message"], pairs)


def _estimate(content: Mapping[str, Any]) -> Estimate:
    return Estimate(_number(content["value"]), _number(content["low"]), _number(content["high"]))


def _number(value: float | None) -> float:
    return math.nan if value is None else float(value)
