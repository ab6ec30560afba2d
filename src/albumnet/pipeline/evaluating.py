"""Evaluation as a stage: train the baselines, gather all predictions, and have them scored on the same albums."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from albumnet.dataset import AlbumSet, FeatureStore
from albumnet.dataset.addresses import open_address
from albumnet.dataset.predictions import read_predictions, write_predictions
from albumnet.dataset.splits import artist_key, group_albums
from albumnet.errors import AlbumSetError, PredictionsError, SchemaVersionError, WordVectorError
from albumnet.evaluation import (
    Collapse,
    Evaluation,
    SetCoverage,
    Truth,
    check_truth,
    conclude,
    make_score_table,
    measure_collapse,
    measure_coverage,
    measure_reliability,
    write_evaluation,
)
from albumnet.metrics import score_moods
from albumnet.models.presets import get_model
from albumnet.models.run import read_config
from albumnet.moodspace import embed_labels, load_packaged_vectors, moods_with_vectors
from albumnet.pipeline.alarms import sound_alarms
from albumnet.pipeline.baselines import BASELINES, Predict, Task, predict_with_seed
from albumnet.pipeline.scoring import (
    albums_of_sides,
    compare_with_set,
    predict_albums,
    predict_mood_vectors,
    with_features,
)
from albumnet.pipeline.training import options_of_run
from albumnet.progress import Progress, ProgressCallback, ignore_progress
from albumnet.records import Album

if TYPE_CHECKING:
    from albumnet.models.prediction import MoodModel


def evaluate(
    run: Path,
    *,
    on: Path | None = None,
    n_resamples: int = 1000,
    n_seeds: int = 3,
    seed: int = 0,
    progress: ProgressCallback = ignore_progress,
) -> tuple[Evaluation, Path]:
    """Score a trained model beside its baselines, with intervals over artists; also as JSON, to the path returned.

    Baselines are trained on the model's own training side; their predictions are kept in RUN/baselines, so that a
    second call only scores.

    Args:
        run: The run's folder.
        on: Another album set to evaluate on, whole but for the artists and covers that were trained on; None for the
            test side of the set the model was trained on.
        n_resamples: Of artists, at least 2.
        n_seeds: How many seeds the model is trained with in all, to see how much chance is in its training; 1 for the
            run's own alone.
        seed: Of the resamples.
        progress: Called throughout.

    Raises:
        RunError: If the folder is no finished run.
        AlbumSetError: If the set that the model was trained on is gone.
        PredictionsError: If the run's predictions are of other albums, or nothing can be scored.
        VocabularyMismatchError: If the set lacks one of the model's moods.
    """
    trial = _prepare(run, on=on, progress=progress)
    truth = _gather_truth(trial)
    check_truth(truth)  # before baselines are trained, which takes minutes
    scored = {"model": (get_model(trial.model.config.model).title, trial.predict_model())}
    for name, baseline in BASELINES.items():
        if name == trial.model.config.model or (baseline.needs_cover and not trial.model.kind.uses_cover):
            continue
        scored[name] = baseline.title, trial.keep(name, baseline.predict)
    table = make_score_table(
        truth,
        scored,
        n_resamples=n_resamples,
        rng=np.random.default_rng(seed),
        advance=lambda n: progress(Progress("resampling", n, len(scored))),
    )
    collapse = _measure_collapse(trial, truth)
    alarms, album_ids = sound_alarms(trial.task, rng=np.random.default_rng(seed))
    kind = trial.model.kind
    evaluation = Evaluation(
        title=kind.title,
        evaluated_on=trial.described,
        n_passed_over=trial.n_passed_over,
        moods_without_vectors=_moods_without_vectors(trial),
        table=table,
        seeds=_score_seeds(trial, truth, scored["model"][1], n_seeds=n_seeds),
        collapse=collapse,
        reliability=measure_reliability(
            truth.target,
            scored["model"][1],
            prior=scored["prior"][1],
            uncalibrated=trial.predict_uncalibrated(),
        ),
        coverage=_measure_coverage(trial, truth, scored["model"][1]),
        alarms=alarms,
        album_ids=album_ids,
        conclusion=conclude(
            table, uses_cover=kind.uses_cover, uses_metadata=kind.uses_metadata, collapse=collapse, alarms=alarms
        ),
        made_from=trial.made_from,
    )
    write_evaluation(trial.out, evaluation)
    return evaluation, trial.out


def kept_predictions(run: Path, asked_set: AlbumSet, name: str) -> Path:
    """Where an evaluation keeps what a predictor said of a set: a baseline, or "model" on another set than its own."""
    return run / "baselines" / asked_set.digest / f"{name.replace(' ', '-')}.parquet"


@dataclass(frozen=True)
class _Trial:
    """A model, the albums it is asked about, and where what comes of it is kept."""

    run: Path
    model: MoodModel
    task: Task
    out: Path
    described: str
    n_passed_over: int
    is_home: bool
    made_from: dict[str, str]

    def predict_model(self) -> np.ndarray:
        """The model's probabilities (N, M) of the albums asked about, moods in its own order."""
        if not self.is_home:
            return self.keep(
                "model", lambda task: predict_albums(self.model, task.asked_set, task.asked, task.asked_store)
            )
        return self._read(self.run / "predictions.parquet")

    def predict_uncalibrated(self) -> np.ndarray | None:
        """The same before calibration; None where the model's raw output is no probability."""
        if self.model.kind.uses_vectors:
            return None
        task = self.task
        return predict_albums(self.model, task.asked_set, task.asked, task.asked_store, is_calibrated=False)

    def keep(self, name: str, predict: Predict) -> np.ndarray:
        """What a baseline says, from its file if that was made from the same things."""
        path = kept_predictions(self.run, self.task.asked_set, name)
        try:
            if path.is_file() and read_predictions(path).made_from == self.made_from:
                return self._read(path)
        except (PredictionsError, SchemaVersionError):
            pass  # cut off or of an older version: made again
        probabilities = predict(self.task)
        write_predictions(
            path,
            album_ids=[album.album_id for album in self.task.asked],
            moods=self.model.config.moods,
            probabilities=probabilities,
            made_from=self.made_from,
        )
        # Read back, so that a second call scores the very same numbers.
        return self._read(path)

    def _read(self, path: Path) -> np.ndarray:
        found = read_predictions(path)
        wanted, albums = self.model.config.vocabulary, self.task.asked_set.digest
        if found.made_from.get("albums", albums) != albums:
            raise PredictionsError(
                f"{path} is of albums {found.made_from['albums']}, the album set {self.task.asked_set.path} holds "
                f"{albums}; train the model again"
            )
        if set(found.vocabulary.names) != set(wanted.names):
            raise PredictionsError(
                f"{path} is of vocabulary {found.vocabulary.digest} ({len(found.vocabulary)} moods), the model of "
                f"{wanted.digest} ({len(wanted)}); train the model again"
            )
        columns = [found.vocabulary.index(mood) for mood in wanted.names]
        rows: np.ndarray = found.rows_of([album.album_id for album in self.task.asked])[:, columns]
        return rows


def _prepare(run: Path, *, on: Path | None, progress: ProgressCallback) -> _Trial:
    from albumnet.models.prediction import load_model

    config, model = read_config(run), load_model(run)
    if not open_address(config.album_set).is_dir():
        raise AlbumSetError(
            f"{run} was trained on {config.album_set}, which is gone; baselines are trained on the same albums, "
            "put the set back or train the model again"
        )
    home = AlbumSet(open_address(config.album_set))
    if home.digest != config.albums_digest:
        raise PredictionsError(
            f"{run} was trained on albums {config.albums_digest}, but {home.path} now holds albums {home.digest}; "
            "train the model again"
        )
    asked_set = home if on is None else AlbumSet(on)
    compare_with_set(model, asked_set)
    store, asked_store = (_store(model, album_set) for album_set in (home, asked_set))
    sides, _ = albums_of_sides(home, home.splits, store)
    if on is None:
        asked, n_passed_over = list(sides["test"]), 0
    else:
        asked, n_passed_over = _new_albums(asked_set, sides["train"] + sides["valid"], asked_store)
    if not asked:
        raise PredictionsError(
            f"no album of {asked_set.path} is left to evaluate on, with moods and features, and with an artist and a "
            "cover that were not trained on; give another set with --on"
        )
    digest = hashlib.sha256((run / "config.json").read_bytes()).hexdigest()[:16]
    return _Trial(
        run=run,
        model=model,
        task=Task(
            album_set=home,
            sides={side: sides[side] for side in ("train", "valid")},
            store=store,
            asked_set=asked_set,
            asked=asked,
            asked_store=asked_store,
            options=options_of_run(config, home),
            vocabulary=config.vocabulary,
            progress=progress,
        ),
        out=run / ("evaluation.json" if on is None else f"evaluation-{asked_set.digest}.json"),
        described=f"the test side of {home.path.name}" if on is None else f"the albums of {asked_set.path.name}",
        n_passed_over=n_passed_over,
        is_home=on is None,
        made_from={"albums": asked_set.digest, "vocabulary": config.vocabulary.digest, "run": digest},
    )


def _store(model: MoodModel, album_set: AlbumSet) -> FeatureStore | None:
    backbone = model.config.backbone
    return FeatureStore(album_set.features_dir(backbone.backbone)) if backbone is not None else None


def _new_albums(asked_set: AlbumSet, known: Sequence[Album], store: FeatureStore | None) -> tuple[list[Album], int]:
    """Albums with moods whose artist and cover were not trained on, and how many were."""
    tagged = [album for album in asked_set.albums if album.moods]
    usable = tagged if store is None else with_features([album for album in tagged if album.cover], store)
    artists = {artist_key(album) for album in known} - {""}
    covers = {album.cover for album in known} - {None}
    new = [album for album in usable if artist_key(album) not in artists and album.cover not in covers]
    return new, len(usable) - len(new)


def _gather_truth(trial: _Trial) -> Truth:
    config, asked = trial.model.config, trial.task.asked
    train = config.vocabulary.target([album.moods for album in trial.task.sides["train"]])
    try:
        labels = embed_labels(config.moods, load_packaged_vectors())
    except WordVectorError:
        labels = None  # semantic metrics are then left out, and the evaluation names the moods
    moods = [album.moods for album in asked]
    return Truth(
        moods=config.moods,
        target=config.vocabulary.target(moods),
        relevance=config.vocabulary.relevance(moods),
        artists=group_albums(asked),
        train_counts=train.sum(axis=0, dtype=np.int64),
        label_vectors=labels,
    )


def _moods_without_vectors(trial: _Trial) -> tuple[str, ...]:
    moods = trial.model.config.moods
    return tuple(sorted(set(moods) - set(moods_with_vectors(moods, load_packaged_vectors()))))


def _measure_collapse(trial: _Trial, truth: Truth) -> Collapse | None:
    if trial.model.labels is None:
        return None
    vectors = predict_mood_vectors(trial.model, trial.task.asked_set, trial.task.asked, trial.task.asked_store)
    has_moods = truth.relevance.any(axis=1)
    return measure_collapse(
        vectors[has_moods],
        labels=trial.model.labels,
        relevance=truth.relevance[has_moods],
        train_counts=truth.train_counts,
    )


def _measure_coverage(trial: _Trial, truth: Truth, probabilities: np.ndarray) -> SetCoverage | None:
    sets = trial.model.config.mood_sets
    if sets is None:
        return None
    return measure_coverage(
        truth.target,
        probabilities,
        stated=sets.coverage,
        threshold=sets.threshold,
        prior_size=sets.prior_size,
        can_tell=np.array([sets.can_tell(row) for row in probabilities]),
    )


def _score_seeds(trial: _Trial, truth: Truth, own: np.ndarray, *, n_seeds: int) -> dict[str, list[float]]:
    """Scores of the model trained with the run's seed and with the next ones."""
    config = trial.model.config
    # Through the pixels, one more seed may be one more day.
    others = range(1, 1 if config.n_fine_tuned else n_seeds)
    rows = [own, *(trial.keep(f"seed {config.seed + n}", _with_seed(config.seed + n)) for n in others)]
    scores = [score_moods(truth.target, row) for row in rows]
    return {metric: [getattr(score, metric) for score in scores] for metric in ("macro_ap", "macro_roc_auc")}


def _with_seed(seed: int) -> Predict:
    return lambda task: predict_with_seed(task, seed)
