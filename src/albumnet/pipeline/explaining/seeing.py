"""What a backbone sees, as stages: its guesses on covers, things and moods over a set, its filters as a picture."""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from albumnet.dataset import AlbumSet, FeatureStore
from albumnet.dataset.atomic import write_bytes
from albumnet.errors import CoverError, ExplainError
from albumnet.pipeline.scoring import with_features
from albumnet.progress import Progress, ProgressCallback, ignore_progress

if TYPE_CHECKING:
    from albumnet.explain.pictures import Panel
    from albumnet.explain.seeing.filters import ExcitingCrop
    from albumnet.explain.seeing.guesses import Guess, Lift
    from albumnet.vision.backbones import Backbone

_BATCH = 8
_TILE = 96


@dataclass(frozen=True)
class CoverGuesses:
    """What a backbone takes one cover for, likeliest first; or, in one line, why it says nothing."""

    cover: str
    guesses: tuple[Guess, ...]
    error: str | None = None


def see_covers(backbone: Backbone, covers: Sequence[Path], *, top: int) -> list[CoverGuesses]:
    """The names that a backbone's own classifier gives covers.

    Raises:
        WeightsError: If the backbone's weights come without a classifier.
    """
    import torch

    from albumnet.explain.seeing.guesses import Namer
    from albumnet.vision.decoding import decode_cover

    namer, transform = Namer(backbone), backbone.transform
    found = []
    for cover in covers:
        try:
            pixels = decode_cover(cover.read_bytes(), size=transform.size, interpolation=transform.interpolation)
        except (CoverError, OSError) as error:
            reason = str(error) if isinstance(error, CoverError) else f"cannot be read: {error.strerror or error}"
            found.append(CoverGuesses(str(cover), (), reason))
            continue
        with torch.inference_mode():
            features = backbone.module(transform.normalise(torch.from_numpy(pixels[None].copy()))).numpy()
        found.append(CoverGuesses(str(cover), namer.guesses(namer.probabilities(features)[0], top=top)))
    return found


def see_set(
    album_set: AlbumSet, backbone: Backbone, *, min_seen: int, n_resamples: int = 1000, seed: int = 0
) -> tuple[list[Lift], int]:
    """Which things go with which moods on a set's covers, from its stored features; and how many albums were looked at.

    Raises:
        WeightsError: If the backbone's weights come without a classifier.
        FeatureStoreError: If the set's features are yet to be computed, or were made by other weights.
    """
    from albumnet.errors import FeatureStoreError
    from albumnet.explain.seeing.guesses import Namer, find_lifts, things_seen

    namer = Namer(backbone)
    store = FeatureStore(album_set.features_dir(backbone.name))
    if store.manifest.weights_digest != backbone.weights_digest:
        raise FeatureStoreError(
            f"{store.path} was made with weights {store.manifest.weights_digest}, but {backbone.weights_digest} is "
            "here; give the same weights with --weights"
        )
    albums = with_features([album for album in album_set.albums if album.moods and album.cover], store)
    if not albums:
        raise ExplainError(f"no album of {album_set.path} has moods and a cover with features")
    parts = [
        things_seen(namer.probabilities(store.read([album.cover or "" for album in albums[start : start + 256]])))
        for start in range(0, len(albums), 256)
    ]
    lifts = find_lifts(
        np.concatenate(parts),
        album_set.vocabulary.target([album.moods for album in albums]).astype(bool),
        artists=[album.artist or album.album_id for album in albums],
        things=namer.names,
        moods=album_set.vocabulary.names,
        min_seen=min_seen,
        n_resamples=n_resamples,
        rng=np.random.default_rng(seed),
    )
    return lifts, len(albums)


def draw_filters(
    backbone: Backbone,
    out: Path,
    *,
    album_set: AlbumSet | None,
    blocks: Sequence[int] = (),
    n_filters: int = 6,
    n_crops: int = 8,
    n_covers: int = 300,
    seed: int = 0,
    progress: ProgressCallback = ignore_progress,
) -> Path:
    """Write a contact sheet: the first layer's filters and, with a set, the crops that excite deeper filters most.

    Args:
        backbone: Whose filters.
        out: The PNG file.
        album_set: Whose covers are looked at; None for the first layer alone.
        blocks: Numbers of the backbone's blocks; none for four spread over its depth.
        n_filters: Filters per block.
        n_crops: Crops per filter.
        n_covers: How many covers of the set, drawn at random.
        seed: Of that.
        progress: Called as covers go by.

    Raises:
        ExplainError: If the backbone has no such filters or blocks.
    """
    from albumnet.explain.pictures import contact_sheet, in_rows

    rows = in_rows(_first_layer(backbone), n_columns=16)
    title = f"{backbone.name}: first layer"
    if album_set is not None:
        found = _find_crops(
            backbone, album_set, blocks=blocks, n_filters=n_filters, n_crops=n_crops, n_covers=n_covers, seed=seed,
            progress=progress,
        )  # fmt: skip
        # Two filters side by side, as wide as the rows of the first layer.
        per_row = max(1, 16 // n_crops)
        pairs = [found[start : start + per_row] for start in range(0, len(found), per_row)]
        rows += [[panel for crops in pair for panel in _crop_row(crops)] for pair in pairs]
        title += f"; below it what excites filters of later blocks most, of {n_covers:,} covers"
    file = io.BytesIO()
    contact_sheet(rows, title=title).save(file, "PNG")
    write_bytes(out, file.getvalue())
    return out


def _first_layer(backbone: Backbone) -> list[Panel]:
    from albumnet.explain.pictures import Panel
    from albumnet.explain.seeing.filters import first_filters

    kernels = (255 * first_filters(backbone)).round().astype(np.uint8)
    return [Panel(_to_tile(kernel), (f"{n}",)) for n, kernel in enumerate(kernels)]


def _find_crops(
    backbone: Backbone,
    album_set: AlbumSet,
    *,
    blocks: Sequence[int],
    n_filters: int,
    n_crops: int,
    n_covers: int,
    seed: int,
    progress: ProgressCallback,
) -> list[list[ExcitingCrop]]:
    from albumnet.explain.seeing.filters import CropFinder
    from albumnet.vision.decoding import decode_cover

    n_blocks = len(backbone.blocks)
    chosen = list(blocks) or sorted({round(share * (n_blocks - 1)) for share in (0.25, 0.5, 0.75, 1.0)})
    finder = CropFinder(backbone, blocks=chosen, n_filters=n_filters, n_crops=n_crops)
    covers = sorted({album.cover for album in album_set.albums if album.cover})
    drawn = np.random.default_rng(seed).permutation(len(covers))[:n_covers]
    transform, batch = backbone.transform, []
    for done, n in enumerate(drawn.tolist(), start=1):
        try:
            data = album_set.read_cover(covers[n])
            batch.append(decode_cover(data, size=transform.size, interpolation=transform.interpolation))
        except CoverError:
            continue  # a cover that cannot be used excites nothing; features tell of it
        finally:
            progress(Progress("covers", done, len(drawn)))
        if len(batch) == _BATCH or done == len(drawn):
            finder.watch(np.stack(batch))
            batch = []
    if batch:
        finder.watch(np.stack(batch))
    return list(finder.crops())


def _crop_row(crops: list[ExcitingCrop]) -> list[Panel]:
    from albumnet.explain.pictures import Panel

    return [
        Panel(_to_tile(crop.picture), (f"block {crop.block} · {crop.channel}" if n == 0 else f"{crop.value:.1f}",))
        for n, crop in enumerate(crops)
    ]


def _to_tile(picture: np.ndarray) -> np.ndarray:
    from PIL import Image

    how = Image.Resampling.NEAREST if picture.shape[0] < 16 else Image.Resampling.BICUBIC
    return np.asarray(Image.fromarray(picture).resize((_TILE, _TILE), how))
