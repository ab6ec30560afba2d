"""Figures of the mood space as a stage: words laid out, albums predicted, SVG and PNG written into MAP/figures."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from albumnet.dataset import AlbumSet
from albumnet.errors import CoverError, MapError
from albumnet.evaluation import measure_collapse
from albumnet.models.prediction import load_model
from albumnet.moodmap.drawing import (
    AlbumOnPlane,
    Panel,
    WordPlane,
    draw_album,
    draw_comparison,
    lay_out_words,
    write_figure,
)
from albumnet.pipeline.scoring import predict_albums, predict_mood_vectors, predict_slot_vectors, scorable_albums
from albumnet.records import Album

if TYPE_CHECKING:
    from albumnet.models.prediction import MoodModel

_COVER_SIDE = 168
_N_PREDICTED = 5


def draw_figures(
    album_set: AlbumSet,
    run: Path,
    album_ids: Sequence[str],
    *,
    compare_with: Path | None,
    out: Path,
    seed: int = 0,
    weights: Path | None = None,
) -> tuple[Path, ...]:
    """Write the figure of each album, and of the model beside another if one is given; see the two functions below.

    Returns:
        The files written.
    """
    files: tuple[Path, ...] = ()
    if album_ids:
        files += draw_albums(album_set, run, album_ids, out=out, seed=seed, weights=weights)
    if compare_with is not None:
        files += draw_models(album_set, run, compare_with, album_ids, out=out, seed=seed, weights=weights)
    return files


def draw_albums(
    album_set: AlbumSet, run: Path, album_ids: Sequence[str], *, out: Path, seed: int = 0, weights: Path | None = None
) -> tuple[Path, ...]:
    """Write a figure per album: the moods as words, its own in blue, its cover where the model's prediction falls.

    Args:
        album_set: Where the albums are.
        run: The model.
        album_ids: Which albums.
        out: The folder of the figures.
        seed: Of the words' layout.
        weights: The backbone's weights file, if it no longer lies where it lay.

    Returns:
        The files written, SVG and PNG of each album.

    Raises:
        MapError: If an album is not in the set or has no usable cover, or the model has fewer than five moods.
        WordVectorError: If the model has no mood space.
    """
    model = load_model(run, weights=weights)
    shown = _find_albums(model, album_set, album_ids)
    plane = lay_out_words(*model.mood_labels, rng=np.random.default_rng(seed))
    files: list[Path] = []
    for album, on_plane in zip(shown, _put_on_plane(model, album_set, shown), strict=True):
        remark = f"{model.kind.title} · {len(plane.names)} moods by their word vectors, t-SNE"
        figure = draw_album(plane, on_plane, remark=remark)
        files.extend(write_figure(figure, out / file_name(album.album_id)))
    return tuple(files)


def draw_models(
    album_set: AlbumSet,
    run: Path,
    other: Path,
    album_ids: Sequence[str] = (),
    *,
    out: Path,
    seed: int = 0,
    weights: Path | None = None,
) -> tuple[Path, ...]:
    """Write a figure of two models side by side: all albums as dots among the words, some of them as covers.

    Args:
        album_set: Where the albums are.
        run: The model on the right.
        other: The one on the left, in the same mood space: before the repair of the collapse, say.
        album_ids: Albums that are shown with their cover.
        out: The folder of the figure.
        seed: Of the words' layout.
        weights: The backbone's weights file, if it no longer lies where it lay.

    Raises:
        MapError: If the two models' mood spaces differ; or as `draw_albums`.
        WordVectorError: If a model has no mood space.
    """
    models = [load_model(path, weights=weights) for path in (other, run)]
    (names, labels), (other_names, other_labels) = models[1].mood_labels, models[0].mood_labels
    if names != other_names or not np.allclose(labels, other_labels, atol=1e-6):
        raise MapError(
            f"{other} and {run} answer in different mood spaces ({len(other_names)} moods, {other_labels.shape[1]} "
            f"numbers each; {len(names)}, {labels.shape[1]}); compare runs trained on one set with one file of vectors"
        )
    plane = lay_out_words(names, labels, rng=np.random.default_rng(seed))
    panels = [_panel(model, album_set, plane, album_ids) for model in models]
    remark = (
        "dots: where the predictions of all albums fall · blue: tagged moods of the covers shown · spread: mean "
        "squared distance from the mean"
    )
    return write_figure(draw_comparison(plane, panels, remark=remark), out / "comparison")


def file_name(album_id: str) -> str:
    """A file name for an album's figure: its id if that can be one, else made of it."""
    safe = re.sub(r"[^A-Za-z0-9_-]", "_", album_id)[:80]
    return safe if safe == album_id else f"{safe}-{hashlib.sha256(album_id.encode()).hexdigest()[:8]}"


def _panel(model: MoodModel, album_set: AlbumSet, plane: WordPlane, album_ids: Sequence[str]) -> Panel:
    albums, store = scorable_albums(model, album_set)
    vectors = predict_mood_vectors(model, album_set, albums, store)
    vocabulary = model.config.vocabulary
    relevance = vocabulary.relevance([album.moods for album in albums])
    columns = [vocabulary.index(name) for name in plane.names]
    is_tagged = relevance[:, columns].any(axis=1)
    remarks = [f"{len(albums):,} albums"]
    if is_tagged.any():
        collapse = measure_collapse(
            vectors[is_tagged],
            labels=plane.vectors,
            relevance=relevance[is_tagged][:, columns],
            train_counts=np.array(model.config.base_rates)[columns],
        )
        remarks = [
            f"{len(albums):,} albums · spread {collapse.spread_ratio:.2f} times that of their true mood vectors",
            f"{collapse.commonest_share:.0%} nearest to one of the ten commonest moods; of the true vectors "
            f"{collapse.true_commonest_share:.0%}",
        ]
    shown = _put_on_plane(model, album_set, _find_albums(model, album_set, album_ids))
    space = f", {model.config.space}" if model.config.space else ""
    return Panel(f"{model.kind.title}{space}", tuple(remarks), vectors, tuple(shown))


def _find_albums(model: MoodModel, album_set: AlbumSet, album_ids: Sequence[str]) -> list[Album]:
    known = {album.album_id for album in album_set.albums}
    usable = {album.album_id: album for album in scorable_albums(model, album_set)[0]}
    for album_id in album_ids:
        if album_id not in known:
            raise MapError(f"album {album_id!r} is not among the {len(known):,} of {album_set.path}")
        if album_id not in usable:
            raise MapError(f"album {album_id!r} has no usable cover, so the model says nothing of it")
    return [usable[album_id] for album_id in album_ids]


def _put_on_plane(model: MoodModel, album_set: AlbumSet, albums: Sequence[Album]) -> list[AlbumOnPlane]:
    if not albums:
        return []
    _, store = scorable_albums(model, album_set)
    vectors = predict_slot_vectors(model, album_set, albums, store)
    likeliest = np.argsort(-predict_albums(model, album_set, albums, store), axis=1, kind="stable")[:, :_N_PREDICTED]
    return [
        AlbumOnPlane(
            title=" – ".join(part for part in (album.artist, album.title) if part) or album.album_id,
            moods=tuple(mood for mood in album.moods if mood in model.config.vocabulary),
            predicted=tuple(model.config.moods[m] for m in columns),
            vectors=slots,
            cover=_read_cover(album_set, album),
        )
        for album, slots, columns in zip(albums, vectors, likeliest, strict=True)
    ]


def _read_cover(album_set: AlbumSet, album: Album) -> np.ndarray | None:
    from albumnet.vision.decoding import decode_cover

    try:
        return decode_cover(album_set.read_cover(album.cover), size=_COVER_SIDE) if album.cover else None
    except CoverError:
        return None
