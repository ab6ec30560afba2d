"""A music library as an album set with features: given as a set, or kept under the user's cache folder."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from albumnet.cache import library_cache
from albumnet.dataset import AlbumSet, CoverFailure, FeatureStore
from albumnet.dataset.album_set import write_failures
from albumnet.dataset.tracks import AlbumTracks, read_tracks
from albumnet.errors import AlbumSetError, CoverError, FeatureStoreError, InputTableError
from albumnet.progress import Progress, ProgressCallback, ignore_progress
from albumnet.sources import import_library
from albumnet.vision.decoding import decode_cover

if TYPE_CHECKING:
    from albumnet.models.prediction import MoodModel

_BATCH = 32
_SHARD = 8 * _BATCH


@dataclass(frozen=True)
class OpenLibrary:
    """A library that can be asked.

    Attributes:
        album_set: Its albums.
        tracks: Its audio files.
        failures: Files and covers that could not be taken.
        is_cached: Whether the set is our own, which may be made anew at any time.
    """

    album_set: AlbumSet
    tracks: AlbumTracks
    failures: tuple[CoverFailure, ...]
    is_cached: bool


def open_library(path: Path, *, progress: ProgressCallback = ignore_progress) -> OpenLibrary:
    """Open a library: an album set made by `import library`, or a folder of music.

    A folder is read once; from then on only files that changed are.

    Raises:
        AlbumSetError: If the set was not made from a music library.
        InputTableError: If there is nothing at `path`, or no audio file with an album in it.
        MissingExtraError: If audio files are to be read and mutagen is not installed.
    """
    if (path / "albums.parquet").is_file():
        album_set = AlbumSet(path)
        return OpenLibrary(album_set, read_tracks(album_set), (), is_cached=False)
    if not path.is_dir():
        raise InputTableError(f"{path} is neither a folder of music nor an album set; give one of them")
    kept = library_cache(path) / "set"
    try:
        result = import_library(path, out=kept, progress=progress)
    except AlbumSetError:  # the library has changed, or what is kept of it is broken
        result = import_library(path, out=kept, force=True, progress=progress)
    return OpenLibrary(result.album_set, read_tracks(result.album_set), result.failures, is_cached=True)


def complete_features(library: OpenLibrary, model: MoodModel, *, progress: ProgressCallback = ignore_progress) -> None:
    """Compute what features a model needs of a library and its set still lacks.

    Raises:
        FeatureStoreError: If the set, where it is not our own, has features of other weights.
    """
    manifest = model.config.backbone
    if manifest is None or model.config.n_fine_tuned:
        return
    path = library.album_set.features_dir(manifest.backbone)
    try:
        store = FeatureStore(path, manifest)
    except FeatureStoreError:
        if not library.is_cached:
            raise
        FeatureStore.discard(path)
        store = FeatureStore(path, manifest)
    failed = store.failed_covers
    covers = dict.fromkeys(album.cover for album in library.album_set.albums if album.cover)
    todo = [cover for cover in covers if cover not in store and cover not in failed]
    if not todo:
        return
    failures: list[CoverFailure] = []
    for start in range(0, len(todo), _SHARD):
        part = todo[start : start + _SHARD]
        done, features = [], []
        for names, pixels in _decoded(library.album_set, model, part, failures):
            done += names
            features.append(model.features(pixels))
        if done:
            store.append(done, np.concatenate(features))
        progress(Progress("covers", start + len(part), len(todo)))
    write_failures(path / "failures.parquet", failures)
    store.compact()


def _decoded(
    album_set: AlbumSet, model: MoodModel, covers: Sequence[str], failures: list[CoverFailure]
) -> Iterator[tuple[list[str], np.ndarray]]:
    transform = model.transform
    for start in range(0, len(covers), _BATCH):
        names, pixels = [], []
        for cover in covers[start : start + _BATCH]:
            try:
                data = album_set.read_cover(cover)
                pixels.append(decode_cover(data, size=transform.size, interpolation=transform.interpolation))
                names.append(cover)
            except CoverError as error:
                failures.append(CoverFailure(cover, str(error), cover))
        if names:
            yield names, np.stack(pixels)
