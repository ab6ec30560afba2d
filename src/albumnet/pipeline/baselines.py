"""The predictors that stand beside a model in every table: what one would say without it, or without its input."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import TYPE_CHECKING

import numpy as np

from albumnet.dataset import AlbumSet, FeatureStore
from albumnet.metrics import average_precisions
from albumnet.pipeline.scoring import predict_albums
from albumnet.progress import ProgressCallback
from albumnet.records import Album, MoodVocabulary

if TYPE_CHECKING:
    from jaxtyping import Float

    from albumnet.training.assembly import TrainingOptions

COLOUR = "colour_statistics"
NEIGHBOURS = (5, 10, 20, 50, 100)
_BLOCK = 256
_MAX_CHOOSING = 4_000


@dataclass(frozen=True)
class Task:
    """What a baseline is trained on and asked for.

    Attributes:
        album_set: That the training albums are of.
        sides: Albums of "train" and "valid".
        store: Features of the model's backbone in that set; None for a model without the cover.
        asked_set: That the albums to predict are of.
        asked: Albums to predict.
        asked_store: As `store`, in that set.
        options: How the model was trained.
        vocabulary: The model's moods.
        progress: Called per epoch.
    """

    album_set: AlbumSet
    sides: Mapping[str, Sequence[Album]]
    store: FeatureStore | None
    asked_set: AlbumSet
    asked: Sequence[Album]
    asked_store: FeatureStore | None
    options: TrainingOptions
    vocabulary: MoodVocabulary
    progress: ProgressCallback


Predict = Callable[[Task], "Float[np.ndarray, 'N M']"]


@dataclass(frozen=True)
class Baseline:
    """One predictor: how a table calls it, what it needs, and what it says.

    Attributes:
        title: As the table calls it.
        needs_cover: Whether it only stands beside models that see the cover.
        predict: (N, M) probabilities of the albums asked for.
    """

    title: str
    needs_cover: bool
    predict: Predict


def predict_prior(task: Task) -> np.ndarray:
    """Each mood's frequency among the training albums, whatever the album."""
    target = task.vocabulary.target([album.moods for album in task.sides["train"]])
    return np.tile(target.mean(axis=0, dtype=np.float64), (len(task.asked), 1))


def predict_from_metadata(task: Task) -> np.ndarray:
    """Genre and year alone, regularised logistic regression, its penalty chosen on the validation side."""
    return _train_and_predict(task, replace(task.options, model="metadata", preset="small", weights=""), None, None)


def predict_from_colours(task: Task) -> np.ndarray:
    """Colour statistics of the cover alone, the same model, its penalty chosen on the validation side."""
    stores = (colour_store(album_set, task.progress) for album_set in (task.album_set, task.asked_set))
    return _train_and_predict(task, replace(task.options, model="1", preset="small", weights=""), *stores)


def predict_from_neighbours(task: Task) -> np.ndarray:
    """Moods of the k training albums whose covers' features are nearest by cosine, held near the prior by one album.

    k is chosen by macro average precision on the validation side, or a few thousand albums of it.
    """
    assert task.store is not None
    assert task.asked_store is not None
    train, valid = task.sides["train"], _some(task.sides["valid"], seed=task.options.seed)
    known = task.vocabulary.target([album.moods for album in train]).astype(np.float32)
    base, mean, std = known.mean(axis=0), *_moments(task.store, train)
    reference = _unit_rows(task.store, train, mean, std)
    n_near = min(max(NEIGHBOURS), len(train))

    def nearest(store: FeatureStore, albums: Sequence[Album]) -> Iterator[np.ndarray]:
        """Rows (B, n_near) of `train`, nearest first, block by block."""
        for block in _read_blocks(store, albums):
            distance = _unit(block, mean, std) @ reference.T
            np.negative(distance, out=distance)
            near = np.argpartition(distance, n_near - 1, axis=1)[:, :n_near]
            order = np.take_along_axis(distance, near, axis=1).argsort(axis=1, kind="stable")
            yield np.take_along_axis(near, order, axis=1)

    def moods_of(near: np.ndarray, k: int) -> np.ndarray:
        chosen = near[:, :k]
        held: np.ndarray = (known[chosen].sum(axis=1) + base) / (chosen.shape[1] + 1)
        return held

    target, near_valid = task.vocabulary.target([album.moods for album in valid]), list(nearest(task.store, valid))
    scores = {
        k: np.nanmean(average_precisions(target, np.concatenate([moods_of(near, k) for near in near_valid])))
        for k in NEIGHBOURS
    }
    k = max(scores, key=lambda k: float(np.nan_to_num(scores[k])))
    rows = [moods_of(near, k) for near in nearest(task.asked_store, task.asked)]
    return np.concatenate(rows) if rows else np.empty((0, len(base)))


def predict_with_shuffled_covers(task: Task) -> np.ndarray:
    """The model itself, trained and asked with every album given another album's cover."""
    assert task.store is not None
    assert task.asked_store is not None
    known = [*task.sides["train"], *task.sides["valid"]]
    stores = (
        ShuffledCovers(store, albums, seed=task.options.seed)
        for store, albums in ((task.store, known), (task.asked_store, task.asked))
    )
    return _train_and_predict(task, task.options, *stores)


def predict_with_shuffled_moods(task: Task) -> np.ndarray:
    """The model itself, trained with every training and validation album given another one's moods."""
    rng = np.random.default_rng([task.options.seed, 1])
    shuffled = {side: _shuffle_moods(albums, rng) for side, albums in task.sides.items()}
    return _train_and_predict(replace(task, sides=shuffled), task.options, task.store, task.asked_store)


# In the order of tables.
BASELINES: Mapping[str, Baseline] = MappingProxyType(
    {
        "prior": Baseline("prior: each mood's frequency", False, predict_prior),
        "metadata": Baseline("metadata only: genre, year", False, predict_from_metadata),
        "colours": Baseline("colour statistics only", True, predict_from_colours),
        "neighbours": Baseline("nearest covers", True, predict_from_neighbours),
        "shuffled covers": Baseline("the model, covers shuffled", True, predict_with_shuffled_covers),
        "shuffled moods": Baseline("the model, moods shuffled", False, predict_with_shuffled_moods),
    }
)


class ShuffledCovers(FeatureStore):
    """A feature store that gives each album another album's features.

    Args:
        store: Whose features.
        albums: Whose covers trade places.
        seed: Of the permutation.
    """

    def __init__(self, store: FeatureStore, albums: Sequence[Album], *, seed: int) -> None:
        super().__init__(store.path)
        covers = list(dict.fromkeys(album.cover or "" for album in albums))
        order = np.random.default_rng([seed, 2]).permutation(len(covers))
        self._instead = {cover: covers[other] for cover, other in zip(covers, order, strict=True)}

    def read(self, covers: Sequence[str]) -> np.ndarray:
        """Features of the covers that these were traded for."""
        return super().read([self._instead[cover] for cover in covers])


def colour_store(album_set: AlbumSet, progress: ProgressCallback) -> FeatureStore:
    """The set's colour statistics, computed as far as they are missing."""
    from albumnet.features import extract_features
    from albumnet.vision.backbones import load_backbone

    return extract_features(album_set, load_backbone(COLOUR), device="cpu", progress=progress).store


def _train_and_predict(
    task: Task, options: TrainingOptions, store: FeatureStore | None, asked_store: FeatureStore | None
) -> np.ndarray:
    from albumnet.training.assembly import train_model

    options = replace(options, moods=task.vocabulary.names)
    trained = train_model(task.sides, store, options=options, progress=task.progress)
    return predict_albums(trained.model, task.asked_set, task.asked, asked_store)


def _shuffle_moods(albums: Sequence[Album], rng: np.random.Generator) -> list[Album]:
    order = rng.permutation(len(albums))
    return [replace(album, moods=albums[other].moods) for album, other in zip(albums, order, strict=True)]


def predict_with_seed(task: Task, seed: int) -> np.ndarray:
    """The model itself, trained with another seed."""
    return _train_and_predict(task, replace(task.options, seed=seed), task.store, task.asked_store)


def _some(albums: Sequence[Album], *, seed: int) -> Sequence[Album]:
    """As many albums as it takes to choose k; comparing all with all training albums takes their square."""
    if len(albums) <= _MAX_CHOOSING:
        return albums
    rows = np.random.default_rng([seed, 3]).choice(len(albums), size=_MAX_CHOOSING, replace=False)
    return [albums[row] for row in np.sort(rows)]


def _moments(store: FeatureStore, albums: Sequence[Album]) -> tuple[np.ndarray, np.ndarray]:
    """Mean (D,) and standard deviation (D,) of features, read block by block: all of them may be more than memory."""
    n, total, squares = 0, np.zeros(()), np.zeros(())
    for block in _read_blocks(store, albums):
        values = block.astype(np.float64)
        n, total, squares = n + len(values), total + values.sum(axis=0), squares + (values**2).sum(axis=0)
    mean = total / n
    std = np.sqrt(np.maximum(squares / n - mean**2, 0))
    return mean.astype(np.float32), np.maximum(std, 1e-6).astype(np.float32)


def _unit(features: np.ndarray, mean: np.ndarray, std: np.ndarray) -> np.ndarray:
    standard = (features - mean) / std
    unit: np.ndarray = standard / np.maximum(np.linalg.norm(standard, axis=1, keepdims=True), 1e-12)
    return unit


def _unit_rows(store: FeatureStore, albums: Sequence[Album], mean: np.ndarray, std: np.ndarray) -> np.ndarray:
    """Standardised features (N, D) of unit length, in no more memory than they take."""
    unit, start = np.empty((len(albums), len(mean)), np.float32), 0
    for block in _read_blocks(store, albums):
        unit[start : start + len(block)] = _unit(block, mean, std)
        start += len(block)
    return unit


def read_pooled(store: FeatureStore, albums: Sequence[Album]) -> np.ndarray:
    """Features (N, D) of albums as a head takes them."""
    return np.concatenate(list(_read_blocks(store, albums)))


def _read_blocks(store: FeatureStore, albums: Sequence[Album]) -> Iterator[np.ndarray]:
    from albumnet.models.plain_head import pool

    covers = [album.cover or "" for album in albums]
    for start in range(0, len(covers), _BLOCK):
        yield pool(store.read(covers[start : start + _BLOCK]), is_pooled=True)
