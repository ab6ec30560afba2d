"""What is known of a set's albums: genre and year, look, and moods as a model predicts them, cross-fitted if wanted."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from albumnet.dataset import AlbumSet, FeatureStore
from albumnet.dataset.splits import fold_albums, split_albums
from albumnet.errors import FeatureStoreError, RecommendError
from albumnet.models.metadata import fit_metadata
from albumnet.pipeline.scoring import predict_albums, predict_mood_vectors, scorable_albums
from albumnet.pipeline.training import training_options
from albumnet.progress import Progress, ProgressCallback, ignore_progress
from albumnet.recommend.contents import principal_components
from albumnet.records import Album

if TYPE_CHECKING:
    from jaxtyping import Float

    from albumnet.models.prediction import MoodModel

_BATCH = 4096
# Predicted moods are made of models that did not see the album's own tags.
N_CROSSFITTED = 5


def album_contents(
    album_set: AlbumSet, model: MoodModel, *, progress: ProgressCallback = ignore_progress
) -> dict[str, Float[np.ndarray, "N D"]]:
    """Blocks (N, ·) of a set's albums, in its order: genre_year, genre, moods, mood_vectors and, with cover, look.

    Moods are log-odds. Albums that a model cannot say anything of, for want of a usable cover, get the mean.
    """
    albums = album_set.albums
    if not albums:
        raise RecommendError(f"{album_set.path} holds no album")
    encoder = fit_metadata(albums)
    genre_year = encoder.encode_albums(albums)
    blocks = {"genre_year": genre_year, "genre": genre_year[:, : encoder.n_genre_columns]}
    known, store = scorable_albums(model, album_set)
    if store is not None and model.kind.uses_cover:
        blocks["look"] = look(albums, store)
    return blocks | _moods(album_set, model, known, store, progress=progress)


def look(albums: Sequence[Album], store: FeatureStore) -> Float[np.ndarray, "N K"]:
    """Principal components of the covers' features, without tags, genres or listeners; the mean where there is none."""
    steps = range(0, len(albums), _BATCH)
    return principal_components([_features(albums[n : n + _BATCH], store) for n in steps])


def crossfitted_moods(
    album_set: AlbumSet,
    model: MoodModel,
    *,
    n_folds: int = N_CROSSFITTED,
    seed: int = 0,
    progress: ProgressCallback = ignore_progress,
) -> dict[str, Float[np.ndarray, "N D"]]:
    """Moods of every album by models of the same kind that saw neither its own tags nor those of its artist.

    A model that was trained on an album's tags gives them back in part; what looks like the cover would then be tags.
    Albums without tags are asked of the model itself, which did not see any of theirs.

    Returns:
        "moods", "mood_vectors", and for a model with the cover the same with "_permuted": models trained and asked
        with the covers of other albums, which know of the cover no more than chance.

    Raises:
        RecommendError: If the model is fine-tuned: its covers would have to be trained on once per fold.
    """
    if model.config.n_fine_tuned:
        raise RecommendError("a fine-tuned model cannot be cross-fitted; evaluate with a model on stored features")
    known, store = scorable_albums(model, album_set)
    own = _moods(album_set, model, known, store)
    result = _crossfit(
        album_set, model, known, store, own, n_folds=n_folds, seed=seed, progress=progress, title="moods"
    )
    if not model.kind.uses_cover:
        return result
    order = np.random.default_rng(seed).permutation(len(known))
    permuted = [replace(album, cover=known[n].cover) for album, n in zip(known, order, strict=True)]
    of_others = _crossfit(
        album_set, model, permuted, store, _moods(album_set, model, permuted, store), n_folds=n_folds, seed=seed,
        progress=progress, title="moods of permuted covers",
    )  # fmt: skip
    return result | {f"{name}_permuted": block for name, block in of_others.items()}


def controls(blocks: dict[str, np.ndarray], *, rng: np.random.Generator) -> dict[str, Float[np.ndarray, "N D"]]:
    """The look of other albums, and random numbers of the same width."""
    shape = blocks.get("look", blocks["moods"]).shape
    found = {"random": rng.normal(size=shape).astype(np.float32)}
    if "look" in blocks:
        found["look_permuted"] = blocks["look"][rng.permutation(shape[0])]
    return found


def _crossfit(
    album_set: AlbumSet,
    model: MoodModel,
    albums: Sequence[Album],
    store: FeatureStore | None,
    own: dict[str, np.ndarray],
    *,
    n_folds: int,
    seed: int,
    progress: ProgressCallback,
    title: str,
) -> dict[str, np.ndarray]:
    from albumnet.training.assembly import train_model

    config = model.config
    options = replace(
        training_options(
            album_set, model=config.model, preset=config.preset, space=config.space,
            vectors=Path(config.vectors) if config.vectors else None, seed=config.seed,
            backbone=config.backbone.backbone if config.backbone else "efficientnet_lite0",
        ),
        moods=config.moods,
    )  # fmt: skip
    tagged = [album for album in albums if album.moods]
    fold_of = fold_albums(tagged, n_folds=n_folds, rng=np.random.default_rng(seed))
    row_of = {album.album_id: n for n, album in enumerate(album_set.albums)}
    found = {name: block.copy() for name, block in own.items()}
    for fold in range(n_folds):
        asked = [album for album in tagged if fold_of[album.album_id] == fold]
        rest = [album for album in tagged if fold_of[album.album_id] != fold]
        side_of = split_albums(rest, rng=np.random.default_rng([seed, fold]), fractions={"train": 0.85, "valid": 0.15})
        sides = {side: [a for a in rest if side_of[a.album_id] == side] for side in ("train", "valid")}
        trained = train_model(sides, store, options=options).model
        rows = [row_of[album.album_id] for album in asked]
        found["moods"][rows] = _log_odds(predict_albums(trained, album_set, asked, store))
        found["mood_vectors"][rows] = predict_mood_vectors(trained, album_set, asked, store)
        progress(Progress(f"cross-fitting {title}", fold + 1, n_folds))
    return found


def _moods(
    album_set: AlbumSet,
    model: MoodModel,
    known: Sequence[Album],
    store: FeatureStore | None,
    *,
    progress: ProgressCallback = ignore_progress,
) -> dict[str, np.ndarray]:
    if not known:
        raise FeatureStoreError(f"no album of {album_set.path} has a cover that the model can use")
    row_of = {album.album_id: n for n, album in enumerate(album_set.albums)}
    rows = [row_of[album.album_id] for album in known]
    predicted = {
        "moods": _log_odds(predict_albums(model, album_set, known, store, progress=progress)),
        "mood_vectors": predict_mood_vectors(model, album_set, known, store),
    }
    blocks = {}
    for name, values in predicted.items():
        blocks[name] = np.tile(values.mean(axis=0), (len(row_of), 1)).astype(np.float32)
        blocks[name][rows] = values
    return blocks


def _log_odds(probabilities: np.ndarray) -> np.ndarray:
    clipped = np.clip(probabilities.astype(np.float64), 1e-4, 1 - 1e-4)
    return np.log(clipped / (1 - clipped)).astype(np.float32)


def _features(albums: Sequence[Album], store: FeatureStore) -> np.ndarray:
    """(B, D) of a batch, spatial features averaged; nan where an album has none."""
    width = store.manifest.feature_shape[0]
    rows = np.full((len(albums), width), np.nan, dtype=np.float32)
    there = [n for n, album in enumerate(albums) if album.cover in store]
    if there:
        features = store.read([albums[n].cover or "" for n in there]).astype(np.float32)
        rows[there] = features.reshape(len(there), width, -1).mean(axis=2)
    return rows
