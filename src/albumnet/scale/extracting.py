"""Features over many workers: each reads covers where the set lies, and writes its shards into the set's store."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from albumnet.dataset import AlbumSet, CoverFailure, FeatureManifest, FeatureStore
from albumnet.dataset.addresses import full_address, is_remote, open_address
from albumnet.dataset.album_set import write_failures
from albumnet.dataset.covers import read_cover
from albumnet.dataset.feature_store import write_shard
from albumnet.errors import FeatureStoreError
from albumnet.features.extraction import make_manifest, name_failure, open_store
from albumnet.features.shards import ShardExtractor, ShardFeatures
from albumnet.progress import Progress, ProgressCallback, ignore_progress
from albumnet.scale.attempts import COVER_TRIES, Attempts, forget_attempts
from albumnet.scale.ray_engine import RayOptions, run_on_ray
from albumnet.scale.work import cut_into_shards

if TYPE_CHECKING:
    from albumnet.vision.backbones import Backbone

# What a kill can cost: some seconds of one worker. Larger ones would save requests where the set is remote.
COVERS_PER_SHARD = 512
# Covers that are on their way from an object store while one is decoded: a request takes as long as some covers do.
_REMOTE_READERS = 16


@dataclass(frozen=True)
class ShardOutcome:
    """How one shard went.

    Attributes:
        n_done: Covers whose features were written.
        failures: Covers that could not be used.
        note: How the network was run; "" where no cover could be used.
    """

    n_done: int
    failures: tuple[CoverFailure, ...]
    note: str


@dataclass(frozen=True)
class ShardedExtraction:
    """What an extraction over workers did.

    Attributes:
        store: The backbone's features, of every cover that could be read.
        failures: Covers that could not.
        n_done: Covers done by this call; the others were there already.
        seconds: From the start of the engine to the last shard.
        note: How the workers ran the network; "" when there was nothing to do.
    """

    store: FeatureStore
    failures: tuple[CoverFailure, ...]
    n_done: int
    seconds: float
    note: str


@dataclass(frozen=True)
class FeatureWork:
    """Shards of covers -> shards of features in a store.

    Attributes:
        covers: Address of the set's covers, for every worker the same.
        store: Address of the feature store.
        manifest: What the leading process found the backbone to be.
        weights: The backbone's weights file, for every worker the same; "" for those that come with it.
        convention: Pixel convention of the weights; None to read it from the file.
        device: auto | cpu | cuda.
        precision: auto | float32 | bfloat16 | amp.
    """

    covers: str
    store: str
    manifest: FeatureManifest
    weights: str = ""
    convention: str | None = None
    device: str = "auto"
    precision: str = "auto"

    def start(self) -> Callable[[Sequence[str]], ShardOutcome]:
        """Load the backbone; what is returned does one shard.

        Raises:
            FeatureStoreError: If this worker's backbone is not the leading process's.
        """
        from albumnet.vision.backbones import load_backbone

        weights = Path(self.weights) if self.weights else None
        backbone = load_backbone(self.manifest.backbone, weights=weights, convention=self.convention)
        if (here := make_manifest(backbone).digest) != self.manifest.digest:
            raise FeatureStoreError(
                f"a worker has {backbone.name} {here} (weights-transform-shape), the leading process has "
                f"{self.manifest.digest}; give all machines the same weights and the same albumnet"
            )
        from albumnet.vision.engines.torch_engine import settle_device

        covers_dir, store = open_address(self.covers), open_address(self.store)
        # A worker that has one processor decodes between two batches; a GPU must not wait for that.
        n_workers = None if settle_device(self.device) == "cuda" else 0
        extractor = ShardExtractor(
            backbone,
            read_cover=partial(read_cover, covers_dir),
            device=self.device,
            precision=self.precision,
            n_workers=_REMOTE_READERS if is_remote(covers_dir) else n_workers,
        )

        def do_shard(covers: Sequence[str]) -> ShardOutcome:
            attempts = Attempts(attempts_folder(store), covers)
            done = _one_by_one(extractor, covers, attempts) if attempts.begin() else extractor(covers)
            if done.covers:
                write_shard(store, self.manifest, done.covers, done.features)
            attempts.end()
            network = extractor.network
            note = f"{network.precision} on {network.device}" if network else ""
            return ShardOutcome(len(done.covers), done.failures, note)

        return do_shard


def plan_features(
    album_set: AlbumSet,
    backbone: Backbone,
    *,
    convention: str | None = None,
    device: str = "auto",
    precision: str = "auto",
) -> FeatureWork:
    """The work that gives a set the features of a backbone; `convention` as the backbone was loaded with."""
    return FeatureWork(
        covers=full_address(album_set.covers_dir),
        store=full_address(album_set.features_dir(backbone.name)),
        manifest=make_manifest(backbone),
        weights=backbone.weights,
        convention=convention,
        device=device,
        precision=precision,
    )


def attempts_folder(store: Path) -> Path:
    """Where workers write down what they have in hand."""
    return store / "in-hand"


def _one_by_one(extractor: ShardExtractor, covers: Sequence[str], attempts: Attempts) -> ShardFeatures:
    parts = []
    for cover in covers:
        if attempts.is_given_up(cover):
            reason = f"{COVER_TRIES} workers died while they were at this cover; it was given up"
            parts.append(ShardFeatures((), np.empty((0,)), (CoverFailure(cover, reason, cover),)))
            continue
        attempts.take(cover)
        parts.append(extractor([cover]))
    features = [part.features for part in parts if part.covers]
    return ShardFeatures(
        tuple(cover for part in parts for cover in part.covers),
        np.concatenate(features) if features else np.empty((0,)),
        tuple(failure for part in parts for failure in part.failures),
    )


def extract_on_ray(
    album_set: AlbumSet,
    work: FeatureWork,
    *,
    options: RayOptions,
    force: bool = False,
    progress: ProgressCallback = ignore_progress,
) -> ShardedExtraction:
    """Compute what features a set still lacks on the workers of Ray.

    In float32 and on processors of one kind the features are the same bytes, however many workers there are.

    Args:
        album_set: Whose covers, at an address that every worker reaches.
        work: With which backbone.
        options: Which workers.
        force: Discard features that another backbone, weights or transform made.
        progress: Called per shard.

    Raises:
        FeatureStoreError: If the store was filled with other weights or another transform and `force` is not given.
        MissingExtraError: If Ray is not installed.
        ScaleError: If Ray cannot be reached, or has fewer processors than workers are asked for.
    """
    path = open_address(work.store)
    store = open_store(path, work.manifest, force=force)
    order = list(dict.fromkeys(album.cover for album in album_set.albums if album.cover))
    shards = cut_into_shards(order, size=COVERS_PER_SHARD, is_done=store.__contains__)
    n_todo, n_done = sum(map(len, shards)), 0
    failures: list[CoverFailure] = []
    notes: dict[str, None] = {}
    start = time.perf_counter()
    try:
        for outcome in run_on_ray(work, shards, options=options):
            n_done += outcome.n_done
            failures += outcome.failures
            notes |= {outcome.note: None} if outcome.note else {}
            progress(Progress("features", n_done + len(failures), n_todo, ", ".join(notes)))
    finally:
        file_of = {album.cover: album.cover_file for album in album_set.albums}
        rank = {cover: n for n, cover in enumerate(order)}
        failures = sorted((name_failure(f, file_of) for f in failures), key=lambda f: rank[f.cover or ""])
        write_failures(path / "failures.parquet", failures)
    seconds = time.perf_counter() - start
    forget_attempts(attempts_folder(path))
    store = FeatureStore(path, work.manifest)
    if not is_remote(path):
        # Where the store is remote, its shards would have to come here and go back.
        store.compact(order=order)
    return ShardedExtraction(store, tuple(failures), n_done, seconds, ", ".join(notes))
