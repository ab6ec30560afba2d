"""A trained model as one ONNX file, checked against the model itself before it is kept."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from albumnet.dataset import AlbumSet
from albumnet.dataset.atomic import replacing
from albumnet.errors import CoverError, EngineError, RunError
from albumnet.progress import Progress, ProgressCallback, ignore_progress

if TYPE_CHECKING:
    from albumnet.models.exporting import ExportedModel
    from albumnet.models.prediction import MoodModel

N_CHECKED = 200
MAX_DIFFERENCE = 1e-3
_BATCH = 20


@dataclass(frozen=True)
class ExportResult:
    """What was written.

    Attributes:
        n_checked: Albums on which the file was held against the model.
        largest_difference: Of any mood's probability on any of them.
        engine: What ran the model's backbone then; "" for a model without the cover.
        n_moods: M.
        opset: Of ONNX.
    """

    n_checked: int
    largest_difference: float
    engine: str
    n_moods: int
    opset: int


def export_model(
    run: Path,
    out: Path,
    *,
    check_on: AlbumSet | None = None,
    weights: Path | None = None,
    force: bool = False,
    progress: ProgressCallback = ignore_progress,
) -> ExportResult:
    """Write a model as one ONNX graph, cover and metadata to calibrated probabilities, and check it.

    The check compares probabilities on 200 albums, or a set's if it has fewer, by PyTorch where that is installed;
    genre and year are left out of some of them. A file that differs by more than 1e-3 is not kept.

    Args:
        run: The model; "starter" for the packaged one.
        out: The .onnx file.
        check_on: Whose covers to check on; None for drawn ones.
        weights: The backbone's weights file, if it no longer lies where it lay.
        force: Replace a file that is there.
        progress: Called per batch that is checked.

    Raises:
        RunError: If there is no such run, or the file is there.
        EngineError: If the model's backbone has no graph, or the file says something else than the model.
    """
    from albumnet.models.exporting import ExportedModel, as_onnx
    from albumnet.models.prediction import load_model
    from albumnet.vision.engines.choosing import has_torch
    from albumnet.vision.graphs.building import OPSET

    if out.exists() and not force:
        raise RunError(f"{out} exists; choose another file, or pass --force to replace it")
    model = load_model(run, weights=weights, engine="torch" if has_torch() else "auto")
    with replacing(out) as temporary:
        temporary.write_bytes(as_onnx(model).SerializeToString())
        n_checked, difference = _compare(model, ExportedModel(temporary), check_on, progress)
        if not difference <= MAX_DIFFERENCE:
            raise EngineError(
                f"{out} was not kept: its probabilities differ from the model's by up to {difference:.2g} on "
                f"{n_checked} covers, {MAX_DIFFERENCE:g} allowed"
            )
    engine = model.engine.name if model.kind.uses_cover else ""
    return ExportResult(n_checked, difference, engine, len(model.config.moods), OPSET)


def _compare(
    model: MoodModel, exported: ExportedModel, check_on: AlbumSet | None, progress: ProgressCallback
) -> tuple[int, float]:
    """Albums compared, and the largest difference of a probability; nan if one is not a number."""
    covers = _drawn_covers() if check_on is None else _covers_of(check_on)
    transform = model.transform if model.kind.uses_cover else None
    genres, years = _vary_metadata(model, len(covers))
    largest = 0.0
    for start in range(0, len(covers), _BATCH):
        rows = slice(start, start + _BATCH)
        pixels = None if transform is None else _decode(covers[rows], transform.size, transform.interpolation)
        features = None if pixels is None else model.features(pixels)
        wanted = model.probabilities(features, genres[rows], years[rows])
        apart = np.abs(exported.probabilities(pixels, genres[rows], years[rows]) - wanted).max()
        largest = float(np.maximum(largest, apart))
        progress(Progress("checking", min(start + _BATCH, len(covers)), len(covers)))
    return len(covers), largest


def _drawn_covers() -> list[bytes]:
    from albumnet.planted import draw_world
    from albumnet.planted.drawing import draw_cover

    world = draw_world(n_albums=N_CHECKED, rng=np.random.default_rng(0), cover_size=256)
    return [draw_cover(world, n) for n in range(N_CHECKED)]


def _covers_of(album_set: AlbumSet) -> list[bytes]:
    from albumnet.vision.decoding import check_cover

    found: list[bytes] = []
    for album in album_set.albums:
        if not album.cover or len(found) == N_CHECKED:
            continue
        data = album_set.read_cover(album.cover)
        try:
            check_cover(data)
        except CoverError:
            continue
        found.append(data)
    if not found:
        raise RunError(f"{album_set.path} has no usable cover to check on; leave --check-on out for drawn ones")
    return found


def _decode(covers: Sequence[bytes], size: int, interpolation: str) -> np.ndarray:
    from albumnet.vision.decoding import decode_cover

    return np.stack([decode_cover(cover, size=size, interpolation=interpolation) for cover in covers])


def _vary_metadata(model: MoodModel, n_albums: int) -> tuple[list[list[str]], list[int | None]]:
    """Genres that the model knows and years about its own, each left out now and then."""
    encoder, rng = model.config.metadata, np.random.default_rng(1)
    tokens = np.array(encoder.tokens or ("unknown",))
    genres = [[str(g) for g in rng.choice(tokens, size=rng.integers(0, 4))] for _ in range(n_albums)]
    years = rng.normal(encoder.year_mean, 2 * encoder.year_std, size=n_albums).round().astype(int).tolist()
    return genres, [None if rng.random() < 0.25 else year for year in years]
