"""Fine-tuning: features come fresh from pixels through a backbone whose last blocks learn along with the head."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import torch

from albumnet.errors import TrainingError
from albumnet.models.heads import pool
from albumnet.vision.backbones import Backbone

# Covers per forward: the activations of VGG-16's first layers take 26 MB each.
_CHUNK = 32


class PixelFeatures:
    """Covers through a backbone with its last blocks unfrozen.

    Batch norm keeps its pretrained statistics: batches are small, and one album's features must not depend on others.

    Args:
        backbone: Whose last blocks learn.
        n_blocks: How many.
        read_pixels: Decoded covers (B, size, size, 3) uint8 of these covers.
        is_pooled: As the preset says.
        device: cpu | cuda.

    Raises:
        TrainingError: If the backbone has fewer blocks.
    """

    def __init__(
        self,
        backbone: Backbone,
        *,
        n_blocks: int,
        read_pixels: Callable[[Sequence[str]], torch.Tensor],
        is_pooled: bool,
        device: str,
    ) -> None:
        if not 1 <= n_blocks <= len(backbone.blocks):
            raise TrainingError(
                f"--finetune {n_blocks}: {backbone.name} has {len(backbone.blocks)} blocks; give 1 to that"
            )
        self.n_blocks = n_blocks
        self._backbone = backbone
        self._read_pixels = read_pixels
        self._is_pooled = is_pooled
        self._device = device
        self._covers: Sequence[str] = ()
        backbone.module.eval().requires_grad_(False).to(device)
        for block in backbone.blocks[-n_blocks:]:
            block.requires_grad_(True)

    def of(self, covers: Sequence[str]) -> PixelFeatures:
        """Point rows at these covers."""
        self._covers = covers
        return self

    def rows(self, indices: torch.Tensor) -> torch.Tensor:
        """Features (B, D) of these albums, float32, with gradients where they are being recorded."""
        return torch.cat([self._forward([self._covers[n] for n in part.tolist()]) for part in indices.split(_CHUNK)])

    @property
    def is_at_hand(self) -> bool:
        """No: they are computed."""
        return False

    def parameters(self) -> Sequence[torch.nn.Parameter]:
        """What learns."""
        return [p for p in self._backbone.module.parameters() if p.requires_grad]

    def _forward(self, covers: Sequence[str]) -> torch.Tensor:
        pixels = self._read_pixels(covers).to(self._device)
        return pool(self._backbone.module(self._backbone.transform.normalise(pixels)), is_pooled=self._is_pooled)

    def tuned_tensors(self) -> dict[str, torch.Tensor]:
        """Name -> value of every parameter that learned."""
        return {
            name: p.detach().cpu().clone() for name, p in self._backbone.module.named_parameters() if p.requires_grad
        }
