"""The report of a rating study: models' decisions beside the raters' answers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from albumnet.dataset import AlbumSet
from albumnet.dataset.atomic import write_text
from albumnet.dataset.predictions import Predictions, read_predictions
from albumnet.errors import RunError, StudyError
from albumnet.models.presets import get_model
from albumnet.models.run import RunConfig, read_config
from albumnet.study.analysis import (
    Findings,
    Party,
    analyse,
    choose_thresholds,
    party_of_model,
    party_of_rater,
    party_of_set,
)
from albumnet.study.answers.store import AnswerBook
from albumnet.study.folder import Key, Study, read_key, read_study
from albumnet.study.page import render_study

REPORT_FILE = "report.html"


@dataclass(frozen=True)
class StudyReport:
    """What was found, and where the page lies."""

    findings: Findings
    path: Path


def report_study(
    path: Path, runs: Sequence[Path], *, album_set: Path | None = None, n_resamples: int = 1000, seed: int = 0
) -> StudyReport:
    """Compare raters, the set and models, and write STUDY/report.html.

    Args:
        path: The study.
        runs: Models; the rated covers must be on the test side of each.
        album_set: The set that covers were drawn from, if it no longer lies where it lay.
        n_resamples: Of covers.
        seed: Of resamples.

    Raises:
        StudyError: If nobody has rated, the set is another, or a model was trained or calibrated on a rated cover.
        RunError: If a run is of another set.
    """
    study = read_study(path)
    key = read_key(study)
    with AnswerBook(study.answers_file) as book:
        answers = {rater.name: book.current(rater.name) for rater in study.raters}
    raters = [party_of_rater(study, name, given) for name, given in answers.items()]
    if not any(rater.is_known.any() for rater in raters):
        raise StudyError(f"nobody has rated a cover of {path} yet; run `albumnet study serve {path}`")
    again = [party_of_rater(study, name, given, showing=2) for name, given in answers.items()]
    where = album_set or Path(key.album_set)
    others = [party_of_set(study, key), *(decide(study, key, run, album_set=where) for run in runs)]
    findings = analyse(study.moods, raters, again, others, n_resamples=n_resamples, rng=np.random.default_rng(seed))
    report = path / REPORT_FILE
    write_text(report, render_study(study, key, findings, raters=raters, others=others))
    return StudyReport(findings, report)


def decide(study: Study, key: Key, run: Path, *, album_set: Path) -> Party:
    """A model's decisions on the rated covers, by a threshold from its validation side."""
    config, predictions = read_config(run), read_predictions(run / "predictions.parquet")
    if config.albums_digest != key.albums_digest:
        raise RunError(
            f"{run} was trained on albums {config.albums_digest}, the study's covers are of {key.albums_digest}; "
            "train a model on the study's set"
        )
    _refuse_known_covers(study, key, run, predictions)
    valid = predictions.of_side("valid")
    opened = AlbumSet(album_set)
    if opened.digest != key.albums_digest:
        raise StudyError(
            f"{album_set} holds albums {opened.digest}, the study's covers are of {key.albums_digest}; "
            "give the set they were drawn from with --set"
        )
    moods_of = {album.album_id: album.moods for album in opened.albums}
    target = valid.vocabulary.target([moods_of.get(album_id, ()) for album_id in valid.album_ids]).astype(bool)
    test = predictions.of_side("test")
    return party_of_model(
        study,
        name=_name(config, run),
        moods=test.vocabulary.names,
        probabilities=test.rows_of([key.items[item].album_id for item in study.items]),
        thresholds=choose_thresholds(target, valid.probabilities),
    )


def _refuse_known_covers(study: Study, key: Key, run: Path, predictions: Predictions) -> None:
    """A model may not be judged on covers that it learned from, or whose answers its thresholds are fixed on."""
    side_of = dict(zip(predictions.album_ids, predictions.splits or (), strict=False))
    known = [key.items[item] for item in study.items if side_of.get(key.items[item].album_id) != "test"]
    if not known:
        return
    named = "; ".join(f"{k.artist} – {k.title} ({k.album_id})" for k in known[:5])
    more = f" and {len(known) - 5} more" if len(known) > 5 else ""
    sides = sorted({side_of.get(k.album_id, "training") for k in known})
    raise StudyError(
        f"{len(known)} of the {len(study.items)} rated covers are on the {' or '.join(sides)} side of {run}: "
        f"{named}{more}; train it on a split that keeps them on the test side"
    )


def _name(config: RunConfig, run: Path) -> str:
    return f"model {config.model}" if config.preset == "small" else f"{get_model(config.model).title} ({run.name})"
