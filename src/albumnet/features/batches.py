"""Covers to features, batch after batch: some are decoded into a ring of buffers while the network computes others."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, TypeVar

import numpy as np

from albumnet.dataset import CoverFailure
from albumnet.features.decoders import Decoders

if TYPE_CHECKING:
    from jaxtyping import Float, UInt8

    from albumnet.features.decoders import Decoding
    from albumnet.vision.backbones import Backbone
    from albumnet.vision.engines.base import Engine
    from albumnet.vision.graphs import BackboneGraph
    from albumnet.vision.transform import Transform

Item = TypeVar("Item")

N_TRIAL_COVERS = 8
# Batches that are being decoded while another is computed.
N_AHEAD = 2
# On a GPU the covers of one batch travel there while the other's features are computed.
N_AT_ONCE = {"cpu": 1, "cuda": 2}
_MIN_BATCH = 32


class FeatureStream:
    """Features of covers by one backbone, whose engine is prepared on the first covers that can be read.

    Args:
        backbone: Which features.
        read_cover: The bytes of a cover by its sha256; raises CoverError where there are none.
        prepare: Makes the engine from a few decoded covers.
        network: An engine prepared earlier; None to call `prepare`.
        n_workers: How many read and decode ahead of the network; 0 for none beside the caller, None for one per
            processor.
    """

    def __init__(
        self,
        backbone: Backbone | BackboneGraph,
        *,
        read_cover: Callable[[str], bytes],
        prepare: Callable[[UInt8[np.ndarray, "B size size 3"]], Engine],
        network: Engine | None = None,
        n_workers: int | None = None,
    ) -> None:
        self.network = network
        self._backbone = backbone
        self._read_cover = read_cover
        self._prepare = prepare
        self._n_workers = n_workers

    def compute(
        self, covers: Sequence[str], *, failures: list[CoverFailure]
    ) -> Iterator[tuple[list[str], Float[np.ndarray, "B ..."]]]:
        """Batches of (covers, features as a store keeps them: float16), in order; others are added to `failures`."""
        rest = covers
        while self.network is None and rest:
            first, rest = rest[:N_TRIAL_COVERS], rest[N_TRIAL_COVERS:]
            for names, pixels in self._decode(first, failures=failures, batch_size=N_TRIAL_COVERS):
                self.network = self._prepare(pixels)
                yield names, stored_features(self.network, pixels)
        if self.network is None:
            return
        n_at_once, batch_size = N_AT_ONCE[self.network.device], max(self.network.batch_size, _MIN_BATCH)
        batches = self._decode(rest, failures=failures, batch_size=batch_size, n_held=n_at_once)
        if n_at_once == 1:
            yield from ((names, stored_features(self.network, pixels)) for names, pixels in batches)
        else:
            yield from _overlapped(self.network, batches, n_at_once=n_at_once)

    def _decode(
        self, covers: Sequence[str], *, failures: list[CoverFailure], batch_size: int, n_held: int = 1
    ) -> Iterator[tuple[list[str], np.ndarray]]:
        return decoded_batches(
            covers, read_cover=self._read_cover, transform=self._backbone.transform, failures=failures,
            batch_size=batch_size, n_workers=self._n_workers, n_held=n_held, is_pinned=n_held > 1,
        )  # fmt: skip


def stored_features(engine: Engine, pixels: UInt8[np.ndarray, "N size size 3"]) -> Float[np.ndarray, "N ..."]:
    """Features of decoded covers as a store keeps them, float16, an engine's batch at a time."""
    steps = range(0, len(pixels), engine.batch_size)
    parts = [engine.features(pixels[n : n + engine.batch_size]).astype(np.float16) for n in steps]
    return parts[0] if len(parts) == 1 else np.concatenate(parts)


def decoded_batches(
    covers: Sequence[str],
    *,
    read_cover: Callable[[str], bytes],
    transform: Transform,
    failures: list[CoverFailure],
    batch_size: int,
    n_workers: int | None = None,
    n_held: int = 1,
    is_pinned: bool = False,
) -> Iterator[tuple[list[str], UInt8[np.ndarray, "B size size 3"]]]:
    """Batches of (covers, pixels), decoded ahead; none is empty.

    Pixels lie in a ring of buffers, so that memory does not grow with the set and nothing is copied together: those of
    a batch are good until `n_held` later ones have been asked for.

    Args:
        covers: By their sha256.
        read_cover: The bytes of one.
        transform: Of the backbone for which they are decoded.
        failures: Is added to, for covers that cannot be used.
        batch_size: Covers a batch; fewer where some cannot be used.
        n_workers: How many decode ahead; 0 for none beside the caller, None for one per processor.
        n_held: How many batches the caller looks at at once.
        is_pinned: As `Decoders` takes it.
    """
    if not covers:
        return
    parts = [covers[start : start + batch_size] for start in range(0, len(covers), batch_size)]
    n_workers = (os.cpu_count() or 1) if n_workers is None else n_workers
    n_ahead = N_AHEAD if n_workers else 0
    decoders = Decoders(
        len(covers), read_cover=read_cover, transform=transform, n_buffers=min(len(parts), n_held + n_ahead),
        batch_size=len(parts[0]), n_workers=n_workers, is_pinned=is_pinned,
    )  # fmt: skip

    # As few tasks as keep every worker busy: who hands them out and runs the network is one process, in Python.
    per_task = -(-batch_size // max(n_workers, 1))

    def begun() -> Iterator[tuple[int, Sequence[str], list[Decoding]]]:
        for n, names in enumerate(parts):
            starts = range(0, len(names), per_task)
            yield n, names, [decoders.begin(names[s : s + per_task], n=n, start=s) for s in starts]

    try:
        for n, names, decodings in _ahead(begun(), n_ahead=n_ahead):
            reasons = [reason for decoding in decodings for reason in decoding()]
            pixels, used = decoders.buffer(n)[: len(names)], list(names)
            if any(reasons):
                failures += [CoverFailure(name, why, name) for name, why in zip(names, reasons, strict=True) if why]
                pixels = pixels[[why is None for why in reasons]]
                used = [name for name, why in zip(names, reasons, strict=True) if why is None]
            if used:
                yield used, pixels
    finally:
        decoders.close()


def _overlapped(
    engine: Engine, batches: Iterable[tuple[list[str], np.ndarray]], *, n_at_once: int
) -> Iterator[tuple[list[str], np.ndarray]]:
    pool = ThreadPoolExecutor(n_at_once)
    try:
        begun = ((names, pool.submit(stored_features, engine, pixels)) for names, pixels in batches)
        for names, features in _ahead(begun, n_ahead=n_at_once - 1):
            yield names, features.result()
    finally:
        pool.shutdown(cancel_futures=True)


def _ahead(items: Iterable[Item], *, n_ahead: int) -> Iterator[Item]:
    """The same items, each given only when so many after it have been begun."""
    waiting: deque[Item] = deque()
    for item in items:
        waiting.append(item)
        if len(waiting) > n_ahead:
            yield waiting.popleft()
    yield from waiting
