"""What a model looks at, for albums of a set: stored features or, for a fine-tuned model, pixels; genres and years."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import numpy as np

from albumnet.dataset import FeatureStore
from albumnet.records import Album
from albumnet.vision.decoding import decode_cover

if TYPE_CHECKING:
    from albumnet.models.prediction import MoodModel

_PIXEL_BATCH = 16


def gather_inputs(
    model: MoodModel, albums: Sequence[Album], *, store: FeatureStore | None, read_cover: Callable[[str], bytes]
) -> tuple[np.ndarray | None, list[tuple[str, ...]], list[int | None]]:
    """Features (N, *feature_shape), genres and years of some albums, as `MoodModel.probabilities` takes them.

    Args:
        model: For which.
        albums: Whose covers have features or, for a fine-tuned model, can be read.
        store: The set's features; None for a model that needs none.
        read_cover: The bytes of a cover by its sha256.

    Raises:
        FeatureStoreError: If a cover has no features.
        CoverError: If a fine-tuned model's cover cannot be used.
    """
    features = None
    if model.kind.uses_cover and model.config.n_fine_tuned:
        steps = range(0, len(albums), _PIXEL_BATCH)
        features = np.concatenate(
            [model.features(_read_pixels(model, albums[n : n + _PIXEL_BATCH], read_cover)) for n in steps]
        )
    elif model.kind.uses_cover and store is not None:
        features = store.read([album.cover or "" for album in albums])
    return features, [album.genres for album in albums], [album.year for album in albums]


def _read_pixels(model: MoodModel, albums: Sequence[Album], read_cover: Callable[[str], bytes]) -> np.ndarray:
    transform = model.transform
    covers = [read_cover(album.cover or "") for album in albums]
    return np.stack([decode_cover(c, size=transform.size, interpolation=transform.interpolation) for c in covers])
