"""The report as a stage: evaluate if that is still to be done, gather what can be had, write RUN/report.html."""

from __future__ import annotations

import contextlib
import hashlib
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

from albumnet.dataset import AlbumSet
from albumnet.dataset.addresses import open_address, read_bytes
from albumnet.dataset.atomic import read_json, write_text
from albumnet.dataset.predictions import read_predictions
from albumnet.errors import (
    AlbumSetError,
    CoverError,
    PredictionsError,
    RunError,
    SchemaVersionError,
    VocabularyMismatchError,
    WordVectorError,
)
from albumnet.models.run import Epoch, RunConfig, read_config, read_history
from albumnet.moodspace import embed_labels, load_packaged_vectors
from albumnet.pipeline.evaluating import evaluate, kept_predictions
from albumnet.progress import ProgressCallback, ignore_progress
from albumnet.records import Album
from albumnet.report import EVALUATION_VERSION, Predicted, ReportSource, parse_findings, render_report


def write_report(run: Path, *, on: Path | None = None, progress: ProgressCallback = ignore_progress) -> Path:
    """Write RUN/report.html from RUN/evaluation.json, which is made first if it is missing or of another run.

    What a report can do without (the album set, predictions, the history, word vectors) may be missing: it then says
    so. The same files give the same report.

    Args:
        run: The run's folder.
        on: Another album set to report on: RUN/report-<albums>.html from RUN/evaluation-<albums>.json.
        progress: Called while evaluating.

    Returns:
        The report's path.

    Raises:
        RunError: If the folder is no finished run.
        AlbumSetError: If there is no album set at `on`.
        AlbumNetError: If it has to be evaluated, and cannot be.
    """
    config, other_set = read_config(run), None if on is None else AlbumSet(on)
    suffix = f"-{other_set.digest}" if other_set else ""
    path = run / f"evaluation{suffix}.json"
    if not _is_of_run(path, run, config, albums=other_set.digest if other_set else config.albums_digest):
        evaluate(run, on=on, progress=progress)
    findings = parse_findings(read_json(path, schema_version=EVALUATION_VERSION))
    absent: dict[str, str] = {}
    album_set, trained_on = other_set, None
    if other_set is None:
        album_set = _find_albums(config, absent)
    else:
        trained_on = _find_albums(config, {})
    source = ReportSource(
        run_name=run.resolve().name,
        config=config,
        findings=findings,
        history=_find_history(run, absent),
        albums=_by_id(album_set),
        predicted=_find_predictions(run, config, album_set, absent, is_other=other_set is not None),
        label_vectors=_find_label_vectors(config, absent),
        read_cover=_cover_reader([found for found in (album_set, trained_on) if found]),
        absent=absent,
        trained_on=_by_id(trained_on) if other_set else None,
        other_set=other_set.path.resolve().name if other_set else "",
        evaluation_name=path.name,
    )
    out = run / f"report{suffix}.html"
    write_text(out, render_report(source, rng=np.random.default_rng(0)))
    return out


def _is_of_run(path: Path, run: Path, config: RunConfig, *, albums: str) -> bool:
    """Whether there is an evaluation of just this run on these albums, in the format that reports read."""
    if not path.is_file():
        return False
    try:
        made_from = read_json(path, schema_version=EVALUATION_VERSION).get("made_from")
    except SchemaVersionError:
        return False
    return made_from == {
        "albums": albums,
        "vocabulary": config.vocabulary.digest,
        "run": hashlib.sha256(read_bytes(run / "config.json")).hexdigest()[:16],
    }


def _find_albums(config: RunConfig, absent: dict[str, str]) -> AlbumSet | None:
    path = open_address(config.album_set)
    try:
        album_set = AlbumSet(path)
    except (AlbumSetError, SchemaVersionError):
        absent["albums"] = f"the album set {path.name} is gone or cannot be read"
        return None
    if album_set.digest != config.albums_digest:
        absent["albums"] = f"the album set {path.name} has changed since training"
        return None
    return album_set


def _by_id(album_set: AlbumSet | None) -> dict[str, Album]:
    return {album.album_id: album for album in album_set.albums} if album_set else {}


def _cover_reader(album_sets: Sequence[AlbumSet]) -> Callable[[str], bytes] | None:
    """Reads a cover from the first set that has it; None without any set."""

    def read(cover: str) -> bytes:
        *others, last = album_sets
        for album_set in others:
            with contextlib.suppress(CoverError):
                return album_set.read_cover(cover)
        return last.read_cover(cover)

    return read if album_sets else None


def _find_predictions(
    run: Path, config: RunConfig, album_set: AlbumSet | None, absent: dict[str, str], *, is_other: bool
) -> Predicted | None:
    if album_set is None:
        return None
    try:
        if is_other:
            found = read_predictions(kept_predictions(run, album_set, "model"))
        else:
            found = read_predictions(run / "predictions.parquet").of_side("test")
        columns = [found.vocabulary.index(mood) for mood in config.moods]
    except (PredictionsError, SchemaVersionError, VocabularyMismatchError):
        name = "the file of predictions for this set" if is_other else "predictions.parquet"
        absent["predictions"] = f"{name} is missing, broken or of another model"
        return None
    album_of_id = {album.album_id: album for album in album_set.albums}
    if not set(found.album_ids) <= set(album_of_id):
        absent["predictions"] = "predictions.parquet is of other albums"
        return None
    albums = [album_of_id[album_id] for album_id in found.album_ids]
    return Predicted(
        albums=albums,
        moods=config.moods,
        target=config.vocabulary.target([album.moods for album in albums]),
        probabilities=found.probabilities[:, columns],
    )


def _find_label_vectors(config: RunConfig, absent: dict[str, str]) -> np.ndarray | None:
    try:
        return embed_labels(config.moods, load_packaged_vectors())
    except WordVectorError as error:
        absent["label vectors"] = str(error).partition(";")[0]
        return None


def _find_history(run: Path, absent: dict[str, str]) -> tuple[Epoch, ...]:
    try:
        return read_history(run)
    except RunError:
        absent["history"] = "history.csv is missing or broken"
        return ()
