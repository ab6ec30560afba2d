"""Where training takes cover features from: a feature store, or nowhere for models that do not look at the cover."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Protocol

import torch

from albumnet.dataset.feature_store import FeatureStore
from albumnet.models.heads import pool
from albumnet.models.plain_head import pooled_dim

if TYPE_CHECKING:
    from jaxtyping import Float, Int

_READ_BATCH = 1024
# Holds the 2,688 numbers of 149,000 covers. Reading them batch by batch instead took a fifth longer per epoch.
HELD_BYTES = 3 * 2**29


class FeatureSource(Protocol):
    """Where a batch's cover features come from: cached ones, or pixels through a backbone that is being fine-tuned."""

    def rows(self, indices: Int[torch.Tensor, " B"]) -> Float[torch.Tensor, "B D"]:
        """Features of these albums, float32."""

    def parameters(self) -> Sequence[torch.nn.Parameter]:
        """What training may change besides the head; empty for cached features."""


class StoredFeatures:
    """Cached features: pooled ones are held in memory as far as they may be, others are read from disk as asked for.

    Args:
        store: Where they lie.
        covers: Whose.
        is_pooled: As the preset says.
        held_bytes: How much memory pooled features may take.
    """

    def __init__(
        self, store: FeatureStore, covers: Sequence[str], *, is_pooled: bool, held_bytes: int = HELD_BYTES
    ) -> None:
        self._store = store
        self._covers = covers
        self._is_pooled = is_pooled
        self._held: torch.Tensor | None = None
        dim = pooled_dim(store.manifest.feature_shape, is_pooled=is_pooled)
        if is_pooled and 4 * dim * len(covers) <= held_bytes:
            self._held = torch.empty(len(covers), dim)
            for start in range(0, len(covers), _READ_BATCH):
                part = covers[start : start + _READ_BATCH]
                self._held[start : start + len(part)] = self._read(part)

    def rows(self, indices: torch.Tensor) -> torch.Tensor:
        """Features (B, D) of these albums, float32."""
        if self._held is not None:
            return self._held[indices]
        return self._read([self._covers[n] for n in indices.tolist()])

    def parameters(self) -> Sequence[torch.nn.Parameter]:
        """None: cached features do not change."""
        return ()

    def _read(self, covers: Sequence[str]) -> torch.Tensor:
        return pool(torch.from_numpy(self._store.read(covers)).float(), is_pooled=self._is_pooled)


class NoFeatures:
    """For models that do not look at the cover: no columns, and nothing that learns."""

    def rows(self, indices: torch.Tensor) -> torch.Tensor:
        """As many rows as asked for, each empty."""
        return torch.empty(len(indices), 0)

    def parameters(self) -> Sequence[torch.nn.Parameter]:
        """None."""
        return ()
