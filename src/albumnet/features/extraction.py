"""Features once per cover and backbone; killed at any moment and run again, nothing is lost or done twice."""

from __future__ import annotations

import os
import time
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from albumnet.dataset import AlbumSet, CoverFailure, FeatureManifest, FeatureStore
from albumnet.dataset.album_set import write_failures
from albumnet.dataset.atomic import remove_stale_temporaries
from albumnet.errors import CoverError, FeatureStoreError, SchemaVersionError
from albumnet.progress import Progress, ProgressCallback, ignore_progress
from albumnet.vision.decoding import decode_cover

if TYPE_CHECKING:
    from albumnet.vision.backbones import Backbone
    from albumnet.vision.engines.base import Engine
    from albumnet.vision.graphs import BackboneGraph

# What a kill can cost; shards this small are merged at the end.
SHARD_SECONDS = 5.0
N_TRIAL_COVERS = 8
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
    from albumnet.vision.engines.base import TITLES
    from albumnet.vision.engines.choosing import TRIAL_S, prepare_engine

    path = album_set.features_dir(backbone.name)
    manifest = make_manifest(backbone)
    store = open_store(path, manifest, force=force)
    todo = missing_covers(album_set, store)
    n_there = len(store)
    failures: list[CoverFailure] = []
    start = time.perf_counter()
    file_of = {album.cover: album.cover_file for album in album_set.albums}
    batches = decoded_batches(todo, read_cover=album_set.read_cover, backbone=backbone, failures=failures)
    writer = _ShardWriter(store)
    try:
        for covers, pixels in batches:
            if network is None:
                trial = pixels[:N_TRIAL_COVERS]
                network = prepare_engine(
                    backbone, trial_covers=trial, engine=engine, device=device, precision=precision,
                    trial_s=TRIAL_S if len(todo) >= _MIN_FOR_TRIAL else 0,
                )  # fmt: skip
            writer.add(covers, in_steps(network, pixels))
            note = f"{network.precision} on {network.device} by {TITLES[network.name]}"
            progress(Progress("features", writer.n_added + len(failures), len(todo), note))
    finally:
        # Also on Ctrl-C: what is computed is kept.
        writer.flush()
        failures = [name_failure(failure, file_of) for failure in failures]
        write_failures(path / "failures.parquet", failures)
    # In the set's order, so that a run that was killed and one that was not end with the same files.
    store.compact(order=[album.cover for album in album_set.albums if album.cover])
    return ExtractionResult(store, tuple(failures), len(store) - n_there, time.perf_counter() - start, network)


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
        self._features.append(features.astype(np.float16))
        self.n_added += len(covers)
        if time.monotonic() - self._last_flush >= SHARD_SECONDS:
            self.flush()

    def flush(self) -> None:
        if self._covers:
            self._store.append(self._covers, np.concatenate(self._features))
        self._covers, self._features, self._last_flush = [], [], time.monotonic()


def in_steps(engine: Engine, pixels: np.ndarray) -> np.ndarray:
    """Features (N, *feature_shape), float32, of decoded covers (N, size, size, 3), an engine's batch at a time."""
    steps = range(0, len(pixels), engine.batch_size)
    return np.concatenate([engine.features(pixels[n : n + engine.batch_size]) for n in steps])


def name_failure(failure: CoverFailure, file_of: Mapping[str | None, str | None]) -> CoverFailure:
    """The failure by the name of the file that the cover came from, where that is known."""
    return replace(failure, item=file_of.get(failure.cover) or failure.item)


def decoded_batches(
    covers: Sequence[str],
    *,
    read_cover: Callable[[str], bytes],
    backbone: Backbone | BackboneGraph,
    failures: list[CoverFailure],
    n_threads: int | None = None,
) -> Iterator[tuple[list[str], np.ndarray]]:
    """Batches of (covers, pixels), decoded by threads while the network computes; unusable covers go to `failures`.

    Args:
        covers: By their sha256.
        read_cover: The bytes of one.
        backbone: For which they are decoded.
        failures: Is added to.
        n_threads: How many threads decode; 0 for none beside the caller's, None for one per processor.
    """
    transform = backbone.transform

    def decode(cover: str) -> np.ndarray:
        return decode_cover(read_cover(cover), size=transform.size, interpolation=transform.interpolation)

    names: list[str] = []
    pixels: list[np.ndarray] = []
    batch_size = max(backbone.batch_size, 32)
    for cover, result in _ahead(decode, covers, n_ahead=2 * batch_size, n_threads=n_threads):
        if isinstance(result, CoverError):
            failures.append(CoverFailure(cover, str(result), cover))
            continue
        names.append(cover)
        pixels.append(result)
        if len(names) == batch_size:
            yield names, np.stack(pixels)
            names, pixels = [], []
    if names:
        yield names, np.stack(pixels)


def _ahead(
    work: Callable[[str], np.ndarray], items: Sequence[str], *, n_ahead: int, n_threads: int | None
) -> Iterator[tuple[str, np.ndarray | CoverError]]:
    """Results in order, at most `n_ahead` of them waiting, so that memory does not grow with the set."""
    if n_threads == 0:
        yield from ((item, _try(work, item)) for item in items)
        return
    waiting: deque[tuple[str, Future[np.ndarray | CoverError]]] = deque()
    pool = ThreadPoolExecutor(n_threads or os.cpu_count())
    try:
        for item in items:
            waiting.append((item, pool.submit(_try, work, item)))
            if len(waiting) >= n_ahead:
                item_done, future = waiting.popleft()
                yield item_done, future.result()
        for item_done, future in waiting:
            yield item_done, future.result()
    finally:
        pool.shutdown(cancel_futures=True)


def _try(work: Callable[[str], np.ndarray], item: str) -> np.ndarray | CoverError:
    try:
        return work(item)
    except CoverError as error:
        return error
