"""A shard of covers in, a shard of features out: what is done, whichever machine and engine it is done on."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from albumnet.dataset import CoverFailure
from albumnet.features.batches import FeatureStream

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
        n_workers: As `FeatureStream` takes it.
    """

    def __init__(
        self,
        backbone: Backbone,
        *,
        read_cover: Callable[[str], bytes],
        device: str = "auto",
        precision: str = "auto",
        n_workers: int | None = 0,
    ) -> None:
        def prepare(trial_covers: np.ndarray) -> Engine:
            from albumnet.vision.engines.choosing import prepare_engine

            # By name: a trial of speed could choose another engine on each worker, and so other last bits.
            return prepare_engine(
                backbone, trial_covers=trial_covers, engine="torch", device=device, precision=precision
            )

        self._backbone = backbone
        self._stream = FeatureStream(backbone, read_cover=read_cover, prepare=prepare, n_workers=n_workers)

    @property
    def network(self) -> Engine | None:
        """What runs the backbone; None before the first cover."""
        return self._stream.network

    def __call__(self, covers: Sequence[str]) -> ShardFeatures:
        """Features of these covers, each of which may fail by itself."""
        failures: list[CoverFailure] = []
        done: list[str] = []
        features = [np.empty((0, *self._backbone.feature_shape), np.float16)]
        for names, part in self._stream.compute(covers, failures=failures):
            done += names
            features.append(part)
        return ShardFeatures(tuple(done), np.concatenate(features), tuple(failures))
