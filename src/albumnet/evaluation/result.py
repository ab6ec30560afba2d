"""An evaluation as one object, and as the JSON file that a run keeps of it."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, is_dataclass
from pathlib import Path
from typing import Any

import numpy as np

from albumnet.dataset.atomic import write_json
from albumnet.evaluation.collapse import Collapse
from albumnet.evaluation.coverage import SetCoverage
from albumnet.evaluation.leaks import LeakAlarm
from albumnet.evaluation.reliability import Reliability
from albumnet.evaluation.table import ScoreTable

SCHEMA_VERSION = 1


@dataclass(frozen=True)
class Evaluation:
    """All that was found out about a run.

    Attributes:
        title: Of the model.
        evaluated_on: In words: which albums.
        n_passed_over: Albums left out because their artist or cover was in training.
        moods_without_vectors: Moods with a word that has no vector. If there are any, nearness of moods is not scored.
        table: Scores, intervals, differences.
        seeds: Metric -> its value under each seed that the model was trained with, the run's own first.
        collapse: Of predicted mood vectors; None for models without.
        reliability: Of the probabilities.
        coverage: Of sets of moods; None where the model has none.
        alarms: Of leaks.
        album_ids: Of the leak alarms' rows, so that pairs can be looked up.
        conclusion: In plain words.
        made_from: Digests of the albums, the vocabulary and the run.
    """

    title: str
    evaluated_on: str
    n_passed_over: int
    moods_without_vectors: tuple[str, ...]
    table: ScoreTable
    seeds: Mapping[str, Sequence[float]]
    collapse: Collapse | None
    reliability: Reliability
    coverage: SetCoverage | None
    alarms: tuple[LeakAlarm, ...]
    album_ids: tuple[str, ...]
    conclusion: tuple[str, ...]
    made_from: Mapping[str, str]


def write_evaluation(path: Path, evaluation: Evaluation) -> None:
    """Write an evaluation as JSON; numbers that are undefined become null."""
    write_json(path, _plain(evaluation), schema_version=SCHEMA_VERSION)


def _plain(value: Any) -> Any:
    if is_dataclass(value) and not isinstance(value, type):
        return {item.name: _plain(getattr(value, item.name)) for item in fields(value)}
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, np.ndarray):
        return _plain(value.tolist())
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    if isinstance(value, np.generic):
        return _plain(value.item())
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value
