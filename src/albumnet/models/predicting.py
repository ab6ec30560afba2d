"""Covers in, moods told: decode what can be decoded, ask the head for what is known of each, put it in words."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from albumnet.errors import CoverError
from albumnet.models.answers import MoodCloseness, Prediction
from albumnet.vision.decoding import decode_cover

if TYPE_CHECKING:
    from jaxtyping import Float

    from albumnet.models.asking import AskedMoods
    from albumnet.models.prediction import MoodModel

# A cover's path or its file's bytes, or None; then the genres and the year.
AskedAlbum = tuple["str | os.PathLike[str] | bytes | None", Sequence[str], "int | None"]

_BATCH = 32
# What covers are decoded to for a model that does not look at them: as much as says whether they can be used.
_UNSEEN_SIZE, _UNSEEN_INTERPOLATION = 32, "bicubic"


def predict_covers(
    model: MoodModel, albums: Sequence[AskedAlbum], *, top: int | None, asked: AskedMoods | None
) -> list[Prediction]:
    """What a model says of some albums, a batch at a time.

    Args:
        model: Who is asked.
        albums: Cover, genres and year of each.
        top: Keep this many moods of each; None for all.
        asked: The moods to tell of; None for all of the model's.

    Returns:
        One prediction per album, in order; one whose cover cannot be used has an `error` and no moods.
    """
    batches = (albums[start : start + _BATCH] for start in range(0, len(albums), _BATCH))
    return [prediction for batch in batches for prediction in _predict_batch(model, batch, top=top, asked=asked)]


@dataclass(frozen=True)
class _DecodedCover:
    """A cover by name; with its pixels, or why there are none; neither where the model needs none."""

    name: str
    pixels: np.ndarray | None = None
    error: str | None = None


def _predict_batch(
    model: MoodModel, albums: Sequence[AskedAlbum], *, top: int | None, asked: AskedMoods | None
) -> list[Prediction]:
    decoded = [_decode(model, cover) for cover, _, _ in albums]
    found = {n: Prediction(cover.name, (), cover.error) for n, cover in enumerate(decoded) if cover.error is not None}
    pictured = [n for n, cover in enumerate(decoded) if cover.pixels is not None]
    bare = [n for n in range(len(albums)) if n not in found and decoded[n].pixels is None]

    def answer(rows: Sequence[int], features: np.ndarray | None) -> None:
        names = [decoded[n].name for n in rows]
        given = features, [albums[n][1] for n in rows], [albums[n][2] for n in rows]
        found.update(zip(rows, _answer(model, names, given, top=top, asked=asked), strict=True))

    if pictured:
        pixels = [np.asarray(decoded[n].pixels) for n in pictured]
        answer(pictured, model.features(np.stack(pixels)) if model.kind.uses_cover else None)
    if bare:
        answer(bare, None)
    return [found[n] for n in range(len(albums))]


def _decode(model: MoodModel, cover: str | os.PathLike[str] | bytes | None) -> _DecodedCover:
    if cover is None:
        error = None if model.answers_without_cover else f"no cover, which {model.kind.title} needs"
        return _DecodedCover("", error=error)
    name = f"{len(cover)} bytes" if isinstance(cover, bytes) else os.fspath(cover)
    size, interpolation = _UNSEEN_SIZE, _UNSEEN_INTERPOLATION
    if model.kind.uses_cover:
        size, interpolation = model.transform.size, model.transform.interpolation
    try:
        data = cover if isinstance(cover, bytes) else Path(cover).read_bytes()
        return _DecodedCover(name, decode_cover(data, size=size, interpolation=interpolation))
    except CoverError as error:
        return _DecodedCover(name, error=str(error))
    except OSError as error:
        return _DecodedCover(name, error=f"cannot be read: {error.strerror or error}")


def _answer(
    model: MoodModel,
    names: Sequence[str],
    given: tuple[np.ndarray | None, list[Sequence[str]], list[int | None]],
    *,
    top: int | None,
    asked: AskedMoods | None,
) -> list[Prediction]:
    """Predictions of albums of which all have a cover, or none."""
    features, genres, years = given
    parts = [
        model.part_for(has_cover=features is not None, genres=g, year=y) for g, y in zip(genres, years, strict=True)
    ]
    told = [
        _tell(part, name, row, top=top, known=None if asked is None else asked.known)
        for part, name, row in zip(parts, names, model.probabilities(*given), strict=True)
    ]
    if asked is None or asked.labels is None:
        return told
    near = model.closeness_to(asked.labels, *given)
    return [
        replace(found, unseen_moods=tuple(map(MoodCloseness, asked.unseen, row.tolist())))
        for found, row in zip(told, near, strict=True)
    ]


def _tell(
    model: MoodModel,
    cover: str,
    probabilities: Float[np.ndarray, " M"],
    *,
    top: int | None,
    known: Sequence[str] | None,
) -> Prediction:
    moods, sets = model.rank(probabilities), model.config.mood_sets
    moods = tuple(found for found in moods if known is None or found.mood in known)[:top]
    told = Prediction(cover, moods, told_precision=model.telling.precision if model.telling else None)
    if sets is None:
        return told
    return replace(
        told,
        n_for_coverage=sets.size(probabilities),
        n_without_looking=sets.prior_size,
        can_tell=sets.can_tell(probabilities),
        coverage=sets.coverage,
    )
