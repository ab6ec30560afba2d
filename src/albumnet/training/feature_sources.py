"""Where training takes cover features from: a feature store, or nowhere for models that do not look at the cover."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Protocol

import torch

from albumnet.dataset.feature_store import FeatureStore
from albumnet.models.heads import pool

if TYPE_CHECKING:
    from jaxtyping import Float, Int

_READ_BATCH = 1024


class FeatureSource(Protocol):
    """Where a batch's cover features come from: cached ones, or pixels through a backbone that is being fine-tuned."""

    def rows(self, indices: Int[torch.Tensor, " B"]) -> Float[torch.Tensor, "B D"]:
        """Features of these albums, float32."""

    def parameters(self) -> Sequence[torch.nn.Parameter]:
        """What training may change besides the head; empty for cached features."""


class StoredFeatures:
    """Cached features: pooled ones are held in memory, whole ones are read from disk as they are asked for."""

    def __init__(self, store: FeatureStore, covers: Sequence[str], *, is_pooled: bool) -> None:
        self._store = store
        self._covers = covers
        self._pooled: torch.Tensor | None = None
        if is_pooled:
            parts = [covers[start : start + _READ_BATCH] for start in range(0, len(covers), _READ_BATCH)]
            self._pooled = torch.cat([self._read(part, is_pooled=True) for part in parts]) if parts else torch.empty(0)

    def rows(self, indices: torch.Tensor) -> torch.Tensor:
        """Features (B, D) of these albums, float32."""
        if self._pooled is not None:
            return self._pooled[indices]
        return self._read([self._covers[n] for n in indices.tolist()], is_pooled=False)

    def parameters(self) -> Sequence[torch.nn.Parameter]:
        """None: cached features do not change."""
        return ()

    def _read(self, covers: Sequence[str], *, is_pooled: bool) -> torch.Tensor:
        return pool(torch.from_numpy(self._store.read(covers)).float(), is_pooled=is_pooled)


class NoFeatures:
    """For models that do not look at the cover: no columns, and nothing that learns."""

    def rows(self, indices: torch.Tensor) -> torch.Tensor:
        """As many rows as asked for, each empty."""
        return torch.empty(len(indices), 0)

    def parameters(self) -> Sequence[torch.nn.Parameter]:
        """None."""
        return ()
