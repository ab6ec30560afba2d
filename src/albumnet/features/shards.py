"""A shard of covers in, a shard of features out: what is done, whichever machine and engine it is done on."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from albumnet.dataset import CoverFailure
from albumnet.features.extraction import N_TRIAL_COVERS, decoded_batches, in_steps

if TYPE_CHECKING:
    from jaxtyping import Float

    from albumnet.vision.backbones import Backbone
    from albumnet.vision.engines.base import Engine


@dataclass(frozen=True)
class ShardFeatures:
    """What came of a shard of covers.

    Attributes:
        covers: Those that could be used, in the order they were given.
        features: (n, *feature_shape) float16, a row for each.
        failures: The others.
    """

    covers: tuple[str, ...]
    features: Float[np.ndarray, "n ..."]
    failures: tuple[CoverFailure, ...]


class ShardExtractor:
    """Features of shard after shard by one backbone; the same covers give the same features whoever asks.

    Args:
        backbone: Which features.
        read_cover: The bytes of a cover by its sha256; raises CoverError where there are none.
        device: auto | cpu | cuda.
        precision: auto | float32 | bfloat16 | amp.
        n_threads: How many threads read and decode ahead of the network; 0 for none beside the caller's.
    """

    def __init__(
        self,
        backbone: Backbone,
        *,
        read_cover: Callable[[str], bytes],
        device: str = "auto",
        precision: str = "auto",
        n_threads: int = 0,
    ) -> None:
        self.network: Engine | None = None
        self._backbone = backbone
        self._read_cover = read_cover
        self._device = device
        self._precision = precision
        self._n_threads = n_threads

    def __call__(self, covers: Sequence[str]) -> ShardFeatures:
        """Features of these covers, each of which may fail by itself."""
        failures: list[CoverFailure] = []
        done: list[str] = []
        features = [np.empty((0, *self._backbone.feature_shape), np.float16)]
        for names, pixels in decoded_batches(
            covers,
            read_cover=self._read_cover,
            backbone=self._backbone,
            failures=failures,
            n_threads=self._n_threads,
        ):
            features.append(in_steps(self._prepared(pixels), pixels).astype(np.float16))
            done += names
        return ShardFeatures(tuple(done), np.concatenate(features), tuple(failures))

    def _prepared(self, pixels: np.ndarray) -> Engine:
        """The network, prepared on the first covers that it sees."""
        from albumnet.vision.engines.choosing import prepare_engine

        if self.network is None:
            # By name: a trial of speed could choose another engine on each worker, and so other last bits.
            self.network = prepare_engine(
                self._backbone, trial_covers=pixels[:N_TRIAL_COVERS], engine="torch", device=self._device,
                precision=self._precision,
            )  # fmt: skip
        return self.network
