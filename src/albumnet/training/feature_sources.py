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

    @property
    def is_at_hand(self) -> bool:
        """Whether rows are there without reading or a backbone, on the GPU if that is where training is."""

    def parameters(self) -> Sequence[torch.nn.Parameter]:
        """What training may change besides the head; empty for cached features."""


class StoredFeatures:
    """Cached features: held in memory as far as they may be, others are read from disk as asked for.

    On a processor pooled features are held as a head takes them; others are too large. On a GPU both are held there, in
    the store's float16 if they are not pooled.

    Args:
        store: Where they lie.
        covers: Whose.
        is_pooled: As the preset says.
        held_bytes: How much memory they may take; None for 1.5 GiB, on a GPU for half of what is free there.
        device: cpu | cuda.
    """

    def __init__(
        self,
        store: FeatureStore,
        covers: Sequence[str],
        *,
        is_pooled: bool,
        held_bytes: int | None = None,
        device: str = "cpu",
    ) -> None:
        self._store = store
        self._covers = covers
        self._is_pooled = is_pooled
        self._held: torch.Tensor | None = None
        dim = pooled_dim(store.manifest.feature_shape, is_pooled=is_pooled)
        dtype = torch.float32 if is_pooled else torch.float16
        if held_bytes is None:
            held_bytes = HELD_BYTES if device == "cpu" else torch.cuda.mem_get_info()[0] // 2
        if (is_pooled or device != "cpu") and dtype.itemsize * dim * len(covers) <= held_bytes:
            self._held = torch.empty(len(covers), dim, dtype=dtype, device=device)
            for start in range(0, len(covers), _READ_BATCH):
                part = covers[start : start + _READ_BATCH]
                self._held[start : start + len(part)] = self._read(part).to(device)

    def rows(self, indices: torch.Tensor) -> torch.Tensor:
        """Features (B, D) of these albums, float32, where they are held."""
        if self._held is not None:
            return self._held[indices.to(self._held.device)].float()
        return self._read([self._covers[n] for n in indices.tolist()])

    @property
    def is_at_hand(self) -> bool:
        """Whether they are held."""
        return self._held is not None

    def parameters(self) -> Sequence[torch.nn.Parameter]:
        """None: cached features do not change."""
        return ()

    def _read(self, covers: Sequence[str]) -> torch.Tensor:
        return pool(torch.from_numpy(self._store.read(covers)).float(), is_pooled=self._is_pooled)


class NoFeatures:
    """For models that do not look at the cover: no columns, and nothing that learns."""

    def rows(self, indices: torch.Tensor) -> torch.Tensor:
        """As many rows as asked for, each empty."""
        return torch.empty(len(indices), 0, device=indices.device)

    @property
    def is_at_hand(self) -> bool:
        """There is nothing to read."""
        return True

    def parameters(self) -> Sequence[torch.nn.Parameter]:
        """None."""
        return ()
