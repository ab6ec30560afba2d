"""Probabilities for the albums of a set, from stored features or, for a fine-tuned model, from pixels."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from albumnet.dataset import SIDES, AlbumSet, FeatureStore
from albumnet.dataset.addresses import full_address
from albumnet.dataset.predictions import write_predictions
from albumnet.errors import FeatureStoreError, TrainingError, VocabularyMismatchError
from albumnet.models.album_inputs import gather_inputs
from albumnet.models.run import digest_run
from albumnet.progress import Progress, ProgressCallback, ignore_progress
from albumnet.records import Album

if TYPE_CHECKING:
    from albumnet.models.prediction import MoodModel
    from albumnet.scale import RayOptions

_BATCH = 256


def score(
    album_set: AlbumSet,
    run: Path,
    *,
    out: Path,
    engine: str = "auto",
    weights: Path | None = None,
    progress: ProgressCallback = ignore_progress,
) -> tuple[int, tuple[str, ...]]:
    """Write the probability of each of a model's moods for every album of a set, in long form.

    The set's own vocabulary does not matter: the model's moods are what comes out.

    Args:
        album_set: Whose albums.
        run: The model.
        out: The file.
        engine: What runs the backbone of a fine-tuned model, whose features are not stored.
        weights: The backbone's weights file, if it no longer lies where it lay.
        progress: Called per batch.

    Returns:
        How many albums were scored, and the ids of those that could not be for want of a usable cover.
    """
    from albumnet.models.prediction import load_model

    model = load_model(run, weights=weights, engine=engine)
    albums, store = scorable_albums(model, album_set)
    probabilities = predict_albums(model, album_set, albums, store, progress=progress)
    write_predictions(
        out,
        album_ids=[album.album_id for album in albums],
        moods=model.config.moods,
        probabilities=probabilities,
        made_from=_made_from(model, album_set),
    )
    return len(albums), _left_out(album_set, albums)


def score_on_ray(
    album_set: AlbumSet,
    run: Path,
    *,
    out: Path,
    options: RayOptions,
    weights: Path | None = None,
    progress: ProgressCallback = ignore_progress,
) -> tuple[int, tuple[str, ...]]:
    """The same on the workers of Ray, which must all reach the set, the run and `out`; shards are kept on the way.

    Returns:
        How many albums were scored, and the ids of those that could not be for want of a usable cover.
    """
    from albumnet import scale
    from albumnet.models.prediction import load_model

    model = load_model(run, weights=weights)
    albums, store = scorable_albums(model, album_set)
    work = scale.ScoreWork(
        run=full_address(run),
        covers=full_address(album_set.covers_dir),
        store=full_address(store.path) if store else "",
        parts=full_address(out.with_name(f"{out.name}.parts")),
        made_from=_made_from(model, album_set),
        model=digest_run(run),
        weights=full_address(weights) if weights else "",
    )
    scale.score_on_ray(albums, work, out=out, moods=model.config.moods, options=options, progress=progress)
    return len(albums), _left_out(album_set, albums)


def _made_from(model: MoodModel, album_set: AlbumSet) -> dict[str, str]:
    return {"albums": album_set.digest, "vocabulary": model.config.vocabulary.digest}


def _left_out(album_set: AlbumSet, albums: Sequence[Album]) -> tuple[str, ...]:
    scored = {album.album_id for album in albums}
    return tuple(album.album_id for album in album_set.albums if album.album_id not in scored)


def scorable_albums(model: MoodModel, album_set: AlbumSet) -> tuple[list[Album], FeatureStore | None]:
    """The albums of a set that a model can say something of, and the features it needs for that; None if none.

    Raises:
        FeatureStoreError: If features are yet to be computed, or were made by another backbone than the model's.
    """
    if model.kind.uses_cover and model.config.n_fine_tuned:
        return [album for album in album_set.albums if album.cover], None
    if model.config.backbone is None:
        return list(album_set.albums), None
    store = FeatureStore(album_set.features_dir(model.config.backbone.backbone))
    if store.manifest.digest != model.config.backbone.digest:
        raise FeatureStoreError(
            f"{store.path} was made by {store.manifest.digest} (weights-transform-shape), the model was trained on "
            f"{model.config.backbone.digest}; run `albumnet features` with the weights the model was trained with"
        )
    return with_features(list(album_set.albums), store), store


def predict_albums(
    model: MoodModel,
    album_set: AlbumSet,
    albums: Sequence[Album],
    store: FeatureStore | None,
    *,
    is_calibrated: bool = True,
    progress: ProgressCallback = ignore_progress,
) -> np.ndarray:
    """Probabilities (N, M) of some albums of a set, from stored features or, for a fine-tuned model, from pixels."""
    parts = []
    for start in range(0, len(albums), _BATCH):
        batch = albums[start : start + _BATCH]
        parts.append(model.probabilities(*_inputs(model, album_set, batch, store), is_calibrated=is_calibrated))
        progress(Progress("scoring", start + len(batch), len(albums)))
    return np.concatenate(parts) if parts else np.empty((0, len(model.config.moods)), dtype=np.float32)


def predict_mood_vectors(
    model: MoodModel, album_set: AlbumSet, albums: Sequence[Album], store: FeatureStore | None
) -> np.ndarray:
    """Unit mood vectors (N, E) of some albums of a set."""
    steps = range(0, len(albums), _BATCH)
    return np.concatenate(
        [model.mood_vectors(*_inputs(model, album_set, albums[n : n + _BATCH], store)) for n in steps]
    )


def predict_closeness(
    model: MoodModel,
    album_set: AlbumSet,
    albums: Sequence[Album],
    store: FeatureStore | None,
    *,
    labels: np.ndarray,
    progress: ProgressCallback = ignore_progress,
) -> np.ndarray:
    """Closeness (N, K) of some albums of a set to the unit vectors (K, E) of any moods or words."""
    parts = [np.empty((0, len(labels)), dtype=np.float32)]
    for start in range(0, len(albums), _BATCH):
        batch = albums[start : start + _BATCH]
        parts.append(model.closeness_to(labels, *_inputs(model, album_set, batch, store)))
        progress(Progress("searching", start + len(batch), len(albums)))
    return np.concatenate(parts)


def predict_slot_vectors(
    model: MoodModel, album_set: AlbumSet, albums: Sequence[Album], store: FeatureStore | None
) -> np.ndarray:
    """Unit vectors (N, S, E) of some albums of a set, one per rank: five for model 3, one for the others."""
    return model.slot_vectors(*_inputs(model, album_set, albums, store))


def _inputs(
    model: MoodModel, album_set: AlbumSet, albums: Sequence[Album], store: FeatureStore | None
) -> tuple[np.ndarray | None, list[tuple[str, ...]], list[int | None]]:
    """Features, genres and years of a batch."""
    return gather_inputs(model, albums, store=store, read_cover=album_set.read_cover)


def compare_with_set(model: MoodModel, album_set: AlbumSet) -> None:
    """Check that a model's moods have targets in a set.

    Raises:
        VocabularyMismatchError: If the set's vocabulary lacks one of the model's moods.
    """
    lacking = [mood for mood in model.config.moods if mood not in album_set.vocabulary]
    if lacking:
        raise VocabularyMismatchError(
            f"{len(lacking)} of the model's {len(model.config.moods)} moods (vocabulary "
            f"{model.config.vocabulary.digest}) are not in {album_set.path} ({album_set.vocabulary.digest}): "
            f"{', '.join(lacking[:5])}; `albumnet score` needs no common vocabulary, comparing with targets does"
        )


def albums_of_sides(
    album_set: AlbumSet, splits: Mapping[str, str], store: FeatureStore | None
) -> tuple[dict[str, list[Album]], int]:
    """Albums of each side that have moods and, where a store is given, features; and how many have moods but none.

    Raises:
        TrainingError: If no album has a mood.
        FeatureStoreError: If features are yet to be computed.
    """
    tagged = [album for album in album_set.albums if album.moods]
    if not tagged:
        raise TrainingError(
            f"no album of {album_set.path} has a mood; import it with the column that holds them (--moods-column)"
        )
    usable = tagged if store is None else with_features([album for album in tagged if album.cover], store)
    sides = {side: [album for album in usable if splits[album.album_id] == side] for side in SIDES}
    return sides, len(tagged) - len(usable)


def with_features(albums: Sequence[Album], store: FeatureStore) -> list[Album]:
    """Albums whose cover has features, without those whose cover failed; a cover not yet done is an error."""
    failed = store.failed_covers
    undone = sum(album.cover not in store and album.cover not in failed for album in albums if album.cover)
    if undone:
        raise FeatureStoreError(
            f"{store.path} lacks the features of {undone:,} of {len(albums):,} albums; "
            f"run `albumnet features {store.path.parent.parent} --backbone {store.manifest.backbone}` first"
        )
    return [album for album in albums if album.cover in store]
