"""Features on disk: float16 shards keyed by cover, each whole or absent, and a manifest of what made them."""

from __future__ import annotations

import hashlib
import json
import math
import os
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from albumnet.dataset.addresses import local_copy, read_start
from albumnet.dataset.album_set import read_failures
from albumnet.dataset.atomic import read_json, write_json, write_tensors
from albumnet.errors import FeatureStoreError, SchemaVersionError

SCHEMA_VERSION = 1
# The header of a shard of 512 covers takes 36 kB; where it is remote, one request is to do.
_HEADER_GUESS = 64 * 2**10


@dataclass(frozen=True)
class FeatureManifest:
    """What made the features of one store.

    Attributes:
        backbone: Registered name ("efficientnet_lite0").
        weights_digest: Of the weights' values.
        transform_digest: Of the transform's settings.
        feature_shape: Shape of one cover's features, (D,) or (D, h, w).
        transform: The settings in words, for a reader.
        weights: Path of the weights file; "" where the backbone's own were used.
    """

    backbone: str
    weights_digest: str
    transform_digest: str
    feature_shape: tuple[int, ...]
    transform: Mapping[str, Any]
    weights: str = ""

    @property
    def digest(self) -> str:
        """Weights, transform and shape in one word, as a run remembers them."""
        return f"{self.weights_digest}-{self.transform_digest}-{'x'.join(map(str, self.feature_shape))}"


class FeatureStore:
    """The features of one backbone in an album set.

    Args:
        path: SET/features/<backbone>.
        manifest: What makes the features from here on; None to read what is there.

    Raises:
        FeatureStoreError: If nothing is there to read, or what is there is broken or was made by something else.
        SchemaVersionError: If another version wrote it.
    """

    def __init__(self, path: Path, manifest: FeatureManifest | None = None) -> None:
        self.path = path
        manifest_file = path / "manifest.json"
        if manifest_file.is_file():
            content = read_json(manifest_file, schema_version=SCHEMA_VERSION)
            self.manifest = FeatureManifest(
                **{
                    key: content[key]
                    for key in ("backbone", "weights_digest", "transform_digest", "transform", "weights")
                },
                feature_shape=tuple(content["feature_shape"]),
            )
            if manifest is not None:
                _check_same_maker(path, found=self.manifest, wanted=manifest)
        elif manifest is None:
            raise FeatureStoreError(
                f"{path} holds no features; run `albumnet features {path.parent.parent} --backbone {path.name}`"
            )
        else:
            self.manifest = manifest
            write_json(manifest_file, asdict(manifest), schema_version=SCHEMA_VERSION)
        self._open_shards()

    def _open_shards(self) -> None:
        self._shards: list[_Shard] = []
        self._place: dict[str, tuple[int, int]] = {}  # cover -> (shard, row)
        for path in sorted(self.path.glob("shard-*.safetensors")):
            self._add(_open_shard(path, self.manifest))

    def _add(self, shard: _Shard) -> None:
        self._place.update({cover: (len(self._shards), row) for row, cover in enumerate(shard.covers)})
        self._shards.append(shard)

    def __contains__(self, cover: object) -> bool:
        return cover in self._place

    def __len__(self) -> int:
        return len(self._place)

    @property
    def failed_covers(self) -> frozenset[str]:
        """Covers that the last extraction could not use."""
        path = self.path / "failures.parquet"
        return frozenset(f.cover for f in read_failures(path) if f.cover) if path.is_file() else frozenset()

    def read(self, covers: Sequence[str]) -> np.ndarray:
        """Features of these covers, float16 `(N, *feature_shape)`, read from disk as they are asked for.

        Raises:
            FeatureStoreError: If a cover has none.
        """
        rows = np.empty((len(covers), *self.manifest.feature_shape), dtype=np.float16)
        wanted: dict[int, list[tuple[int, int]]] = defaultdict(list)  # shard -> (row in it, row of the answer)
        for n, cover in enumerate(covers):
            if cover not in self._place:
                raise FeatureStoreError(
                    f"{self.path} has no features of cover {cover[:12]}…; "
                    f"run `albumnet features {self.path.parent.parent} --backbone {self.manifest.backbone}`"
                )
            shard, row = self._place[cover]
            wanted[shard].append((row, n))
        for shard, places in wanted.items():
            self._shards[shard].read_into(rows, places)
        return rows

    def append(self, covers: Sequence[str], features: np.ndarray) -> None:
        """Add one shard: features `(N, *feature_shape)` of these covers, rounded to float16."""
        self._add(_open_shard(write_shard(self.path, self.manifest, covers, features), self.manifest))

    def compact(self, *, order: Sequence[str] = (), shard_bytes: int = 128 * 2**20) -> None:
        """Merge small shards into few of about `shard_bytes`, so that a long store stays quick to open.

        Cut off at any point, every cover is still in at least one shard, and the next call ends with the same files.

        Args:
            order: Covers in the order in which merged shards shall hold them; others come after these.
            shard_bytes: Shards of fewer bytes are small.
        """
        per_shard = max(1, shard_bytes // (2 * math.prod(self.manifest.feature_shape)))
        small = {s for s, shard in enumerate(self._shards) if len(shard.covers) < per_shard}
        if len(small) < 2:
            return
        rank = {cover: n for n, cover in enumerate(order)}
        whole = {cover for s, shard in enumerate(self._shards) if s not in small for cover in shard.covers}
        covers = [cover for cover in self._place if cover not in whole]
        covers.sort(key=lambda cover: rank.get(cover, len(rank)))
        merged_away, n_before = {self._shards[s].path for s in small}, len(self._shards)
        for start in range(0, len(covers), per_shard):
            part = covers[start : start + per_shard]
            self.append(part, self.read(part))
        # One that holds the very same covers has the very same name, and is there already.
        for path in merged_away - {shard.path for shard in self._shards[n_before:]}:
            path.unlink()
        self._open_shards()

    @staticmethod
    def discard(path: Path) -> None:
        """Remove a store's files, the manifest last: while it is there, what remains still says what made it."""
        for file in [*path.glob("shard-*.safetensors"), path / "manifest.json"]:
            file.unlink(missing_ok=True)


def write_shard(path: Path, manifest: FeatureManifest, covers: Sequence[str], features: np.ndarray) -> Path:
    """Write features (N, *feature_shape) of some covers into the store at `path`, rounded to float16; returns the file.

    The file is named by what its features are of and were made by: whoever computes them again writes the same file.
    """
    covers = list(covers)
    name = hashlib.sha256(json.dumps([manifest.digest, covers]).encode()).hexdigest()[:16]
    file = path / f"shard-{name}.safetensors"
    metadata = {"schema_version": str(SCHEMA_VERSION), "made_by": manifest.digest, "covers": json.dumps(covers)}
    write_tensors(file, {"features": features.astype(np.float16, copy=False)}, metadata=metadata)
    return file


@dataclass(frozen=True)
class _Shard:
    path: Path
    covers: list[str]
    start: int  # where the features begin in the file
    row_bytes: int

    @cached_property
    def _local(self) -> Path:
        return local_copy(self.path)

    def read_into(self, rows: np.ndarray, places: Sequence[tuple[int, int]]) -> None:
        """Read rows of the shard into rows of `rows`; `places` has pairs of both."""
        # Not a memory map: its pages would count as this process's memory, and grow with the set.
        with self._local.open("rb", buffering=0) as file:
            for row, n in sorted(places):
                n_read = os.preadv(file.fileno(), [rows[n].data], self.start + row * self.row_bytes)
                if n_read != self.row_bytes:
                    raise FeatureStoreError(f"{self.path} ends within row {row}; {_redo(self.path)}")


def _open_shard(path: Path, manifest: FeatureManifest) -> _Shard:
    # safetensors' own reader copies a tensor whole; only the rows that are asked for shall be read.
    try:
        start, metadata, shape = _read_header(path)
        covers = json.loads(metadata["covers"])
        version, made_by = metadata["schema_version"], metadata["made_by"]
    except (ValueError, KeyError, TypeError) as error:
        raise FeatureStoreError(f"{path} is no whole shard of features ({error!r}); {_redo(path)}") from error
    if version != str(SCHEMA_VERSION):
        raise SchemaVersionError(
            f"{path} has schema version {version}, this albumnet reads version {SCHEMA_VERSION}; {_redo(path)}"
        )
    if made_by != manifest.digest:
        raise FeatureStoreError(
            f"{path} was made by {made_by} (weights-transform-shape) but its manifest says {manifest.digest}; "
            f"{_redo(path)}"
        )
    n_bytes = path.stat().st_size - start
    if shape != (len(covers), *manifest.feature_shape) or n_bytes != 2 * math.prod(shape):
        raise FeatureStoreError(
            f"{path} has {n_bytes:,} bytes for features of shape {shape}, which does not fit {len(covers)} covers of "
            f"{manifest.feature_shape} in float16; {_redo(path)}"
        )
    return _Shard(path, covers, start, row_bytes=2 * math.prod(manifest.feature_shape))


def _redo(shard: Path) -> str:
    """What to do about a shard that cannot be used."""
    store = shard.parent
    return f"run `albumnet features {store.parent.parent} --backbone {store.name} --force`"


def _read_header(path: Path) -> tuple[int, dict[str, str], tuple[int, ...]]:
    """Where the features begin in a safetensors file, its metadata, and the features' shape."""
    head = read_start(path, _HEADER_GUESS)
    header_size = int.from_bytes(head[:8], "little")
    if 8 + header_size > len(head):
        # The size that a broken file names may be anything.
        head = read_start(path, min(8 + header_size, path.stat().st_size))
    header = json.loads(head[8 : 8 + header_size])
    return 8 + header_size, header["__metadata__"], tuple(header["features"]["shape"])


def _check_same_maker(path: Path, *, found: FeatureManifest, wanted: FeatureManifest) -> None:
    for what, old, new in (
        ("backbone", found.backbone, wanted.backbone),
        ("weights", found.weights_digest, wanted.weights_digest),
        ("transform", found.transform_digest, wanted.transform_digest),
        ("shape", found.feature_shape, wanted.feature_shape),
    ):
        if old != new:
            raise FeatureStoreError(
                f"{path} holds features made with {what} {old}, but now {what} {new} is asked for; "
                "use the same again, or pass --force to discard them and start anew"
            )
