"""Features once per cover and backbone; killed at any moment and run again, nothing is lost or done twice."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from albumnet.dataset import AlbumSet, CoverFailure, FeatureManifest, FeatureStore
from albumnet.dataset.album_set import write_failures
from albumnet.dataset.atomic import remove_stale_temporaries
from albumnet.dataset.covers import read_cover
from albumnet.errors import FeatureStoreError, SchemaVersionError
from albumnet.features.batches import FeatureStream
from albumnet.progress import Progress, ProgressCallback, ignore_progress

if TYPE_CHECKING:
    from albumnet.vision.backbones import Backbone
    from albumnet.vision.engines.base import Engine
    from albumnet.vision.graphs import BackboneGraph

# What a kill can cost; shards this small are merged at the end.
SHARD_SECONDS = 5.0
# Fewer are done before a trial of the engines has paid for itself.
_MIN_FOR_TRIAL = 1000


@dataclass(frozen=True)
class ExtractionResult:
    """What an extraction did.

    Attributes:
        store: The backbone's features, of every cover that could be read.
        failures: Covers that could not.
        n_done: Covers done by this call; the others were there already.
        seconds: Spent on them, from the first decoded to the last written.
        network: What ran the backbone; None when there was nothing to do.
    """

    store: FeatureStore
    failures: tuple[CoverFailure, ...]
    n_done: int
    seconds: float
    network: Engine | None


def extract_features(
    album_set: AlbumSet,
    backbone: Backbone | BackboneGraph,
    *,
    engine: str = "auto",
    device: str = "auto",
    precision: str = "auto",
    network: Engine | None = None,
    force: bool = False,
    progress: ProgressCallback = ignore_progress,
) -> ExtractionResult:
    """Compute what features a set still lacks.

    Args:
        album_set: Whose covers.
        backbone: Which features; a graph rules PyTorch out.
        engine: auto | torch | onnx | openvino; "auto" tries them out when a thousand covers or more are to be done.
        device: auto | cpu | cuda.
        precision: auto | float32 | bfloat16 | amp; any but float32 must agree with it on sampled covers.
        network: An engine prepared earlier; None to prepare one on the first covers.
        force: Discard features that another backbone, weights or transform made.
        progress: Called per batch.

    Raises:
        FeatureStoreError: If the store was filled with other weights or another transform and `force` is not given.
        EngineError: If the engine asked for cannot run this backbone here.
    """
    from albumnet.vision.engines.choosing import TRIAL_S, prepare_engine

    path = album_set.features_dir(backbone.name)
    manifest = make_manifest(backbone)
    store = open_store(path, manifest, force=force)
    todo = missing_covers(album_set, store)
    n_there = len(store)
    failures: list[CoverFailure] = []
    start = time.perf_counter()
    file_of = {album.cover: album.cover_file for album in album_set.albums}

    def prepare(trial_covers: np.ndarray) -> Engine:
        return prepare_engine(
            backbone, trial_covers=trial_covers, engine=engine, device=device, precision=precision,
            trial_s=TRIAL_S if len(todo) >= _MIN_FOR_TRIAL else 0, n_covers=len(todo),
        )  # fmt: skip

    stream = FeatureStream(
        backbone, read_cover=partial(read_cover, album_set.covers_dir), prepare=prepare, network=network
    )
    writer = _ShardWriter(store)
    try:
        for covers, features in stream.compute(todo, failures=failures):
            writer.add(covers, features)
            progress(Progress("features", writer.n_added + len(failures), len(todo), _note(stream.network)))
    finally:
        # Also on Ctrl-C: what is computed is kept.
        writer.flush()
        failures = [name_failure(failure, file_of) for failure in failures]
        write_failures(path / "failures.parquet", failures)
    # In the set's order, so that a run that was killed and one that was not end with the same files.
    store.compact(order=[album.cover for album in album_set.albums if album.cover])
    return ExtractionResult(store, tuple(failures), len(store) - n_there, time.perf_counter() - start, stream.network)


def make_manifest(backbone: Backbone | BackboneGraph) -> FeatureManifest:
    """What a store says of features made with this backbone."""
    return FeatureManifest(
        backbone=backbone.name,
        weights_digest=backbone.weights_digest,
        transform_digest=backbone.transform.digest,
        feature_shape=backbone.feature_shape,
        transform=asdict(backbone.transform),
        weights=backbone.weights,
    )


def open_store(path: Path, manifest: FeatureManifest, *, force: bool) -> FeatureStore:
    """A store to go on filling; with `force`, one that something else filled is emptied first."""
    remove_stale_temporaries(path)
    try:
        return FeatureStore(path, manifest)
    except (FeatureStoreError, SchemaVersionError):
        if not force:
            raise
        FeatureStore.discard(path)
        return FeatureStore(path, manifest)


def missing_covers(album_set: AlbumSet, store: FeatureStore) -> list[str]:
    """Covers of a set that a store has no features of, each once; those that failed before are among them."""
    covers = dict.fromkeys(album.cover for album in album_set.albums if album.cover)
    return [cover for cover in covers if cover not in store]


class _ShardWriter:
    """Gathers features and puts them on disk every few seconds."""

    def __init__(self, store: FeatureStore) -> None:
        self._store = store
        self._covers: list[str] = []
        self._features: list[np.ndarray] = []
        self._last_flush = time.monotonic()
        self.n_added = 0

    def add(self, covers: Sequence[str], features: np.ndarray) -> None:
        self._covers += covers
        self._features.append(features)
        self.n_added += len(covers)
        if time.monotonic() - self._last_flush >= SHARD_SECONDS:
            self.flush()

    def flush(self) -> None:
        if self._covers:
            self._store.append(self._covers, np.concatenate(self._features))
        self._covers, self._features, self._last_flush = [], [], time.monotonic()


def name_failure(failure: CoverFailure, file_of: Mapping[str | None, str | None]) -> CoverFailure:
    """The failure by the name of the file that the cover came from, where that is known."""
    return replace(failure, item=file_of.get(failure.cover) or failure.item)


def _note(network: Engine | None) -> str:
    from albumnet.vision.engines.base import TITLES

    return f"{network.precision} on {network.device} by {TITLES[network.name]}" if network else ""
