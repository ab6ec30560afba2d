"""Moods asked for by name, over a whole set: how high its albums rank, and where one cover stands among others."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from albumnet.dataset import AlbumSet
from albumnet.dataset.addresses import open_address
from albumnet.dataset.atomic import write_parquet
from albumnet.errors import AlbumNetError
from albumnet.pipeline.scoring import predict_albums, predict_closeness, scorable_albums
from albumnet.progress import ProgressCallback, ignore_progress
from albumnet.records import Album

if TYPE_CHECKING:
    from jaxtyping import Float

    from albumnet.models.answers import Prediction
    from albumnet.models.prediction import MoodModel

SCHEMA_VERSION = 1
# Training albums that a cover is compared with: a share is then known to within 2 %, and features are read in a second.
MAX_COMPARED = 2_000


@dataclass(frozen=True)
class MoodRanking:
    """The albums of a set by one mood.

    Attributes:
        mood: Its name.
        is_known: Whether the model was trained on it: scores are then probabilities, otherwise closeness, which ranks
            albums and says no more.
        albums: N of them, in the set's order.
        scores: (N,).
        higher_than: (N,) share of the set's other albums that score lower, in [0, 1]; nan where there is no other.
    """

    mood: str
    is_known: bool
    albums: Sequence[Album]
    scores: Float[np.ndarray, " N"]
    higher_than: Float[np.ndarray, " N"]

    @property
    def order(self) -> list[int]:
        """Rows of the albums, highest first."""
        return [int(n) for n in np.argsort(-self.scores, kind="stable")]


@dataclass(frozen=True)
class AskedScores:
    """What was found out about the moods that were asked for.

    Attributes:
        rankings: One per mood, those that the model knows first.
        left_out: Ids of albums that could not be scored for want of a usable cover.
        made_from: Digests of the albums and of the model's moods.
    """

    rankings: tuple[MoodRanking, ...]
    left_out: tuple[str, ...]
    made_from: Mapping[str, str]


def score_asked_moods(
    album_set: AlbumSet,
    run: Path,
    *,
    moods: Sequence[str],
    engine: str = "auto",
    weights: Path | None = None,
    progress: ProgressCallback = ignore_progress,
) -> AskedScores:
    """Score every album of a set for moods by name, those that training never saw too.

    Raises:
        WordVectorError: If a mood is unknown to the model and to its word vectors.
        RunError: If the folder is no finished run, or the model can score no moods but its own.
        FeatureStoreError: If features are yet to be computed, or were made by another backbone than the model's.
    """
    from albumnet.models.asking import look_up_moods
    from albumnet.models.prediction import load_model

    model = load_model(run, weights=weights, engine=engine)
    asked = look_up_moods(moods, config=model.config)
    albums, store = scorable_albums(model, album_set)
    columns: list[tuple[str, bool, np.ndarray]] = []
    if asked.known:
        probabilities = predict_albums(model, album_set, albums, store, progress=progress)
        columns += [(mood, True, probabilities[:, model.config.moods.index(mood)]) for mood in asked.known]
    if asked.labels is not None:
        closeness = predict_closeness(model, album_set, albums, store, labels=asked.labels, progress=progress)
        columns += [(mood, False, closeness[:, k]) for k, mood in enumerate(asked.unseen)]
    scored = {album.album_id for album in albums}
    return AskedScores(
        rankings=tuple(
            MoodRanking(mood, is_known, albums, scores, _shares_below(scores)) for mood, is_known, scores in columns
        ),
        left_out=tuple(album.album_id for album in album_set.albums if album.album_id not in scored),
        made_from={"albums": album_set.digest, "vocabulary": model.config.vocabulary.digest},
    )


def write_asked_scores(path: Path, found: AskedScores) -> None:
    """Write a row per mood and album, highest first: album_id, mood, probability or closeness, higher_than."""
    rows = [(ranking, n) for ranking in found.rankings for n in ranking.order]
    columns = {
        "album_id": pa.array([ranking.albums[n].album_id for ranking, n in rows], pa.string()),
        "mood": pa.array([ranking.mood for ranking, _ in rows], pa.string()),
        "probability": pa.array([float(r.scores[n]) if r.is_known else None for r, n in rows], pa.float32()),
        "closeness": pa.array([None if r.is_known else float(r.scores[n]) for r, n in rows], pa.float32()),
        "higher_than": pa.array([float(ranking.higher_than[n]) for ranking, n in rows], pa.float32()),
    }
    write_parquet(path, pa.table(columns), schema_version=SCHEMA_VERSION, made_from=found.made_from)


def place_among_training(model: MoodModel, predictions: Sequence[Prediction]) -> list[Prediction]:
    """Say of each closeness how many of the albums the model was trained on are less close.

    As they were where those albums are not at hand: their set is gone or has changed, or, for a fine-tuned model, all
    their covers would have to be read.
    """
    from albumnet.models.asking import look_up_moods

    unseen = next(([near.mood for near in found.unseen_moods] for found in predictions if found.unseen_moods), [])
    labels = look_up_moods(unseen, config=model.config).labels
    of_training = None if labels is None else _closeness_in_training(model, labels)
    if of_training is None:
        return list(predictions)
    return [_place(found, of_training) if found.unseen_moods else found for found in predictions]


def _place(prediction: Prediction, of_training: Float[np.ndarray, "N K"]) -> Prediction:
    placed = (
        replace(near, higher_than=float((column < near.closeness).mean()), n_compared=len(column))
        for near, column in zip(prediction.unseen_moods, of_training.T, strict=True)
    )
    return replace(prediction, unseen_moods=tuple(placed))


def _closeness_in_training(model: MoodModel, labels: np.ndarray) -> Float[np.ndarray, "N K"] | None:
    """Of some albums of the training side, evenly chosen; None where they are not at hand."""
    if model.config.n_fine_tuned:
        return None
    try:
        album_set = AlbumSet(open_address(model.config.album_set))
        if album_set.digest != model.config.albums_digest:
            return None
        albums, store = scorable_albums(model, album_set)
        splits = album_set.splits
    except AlbumNetError:
        return None
    trained_on = [album for album in albums if splits[album.album_id] == "train" and album.moods]
    some = trained_on[:: -(-len(trained_on) // MAX_COMPARED) or 1]
    return predict_closeness(model, album_set, some, store, labels=labels) if some else None


def _shares_below(scores: Float[np.ndarray, " N"]) -> Float[np.ndarray, " N"]:
    n_below = np.searchsorted(np.sort(scores), scores, side="left")
    return n_below / (len(scores) - 1) if len(scores) > 1 else np.full(len(scores), np.nan)
