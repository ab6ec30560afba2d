"""Colour statistics as a backbone: what is left of a cover when shapes and things are taken away; a baseline.

No weights: means, spreads and correlations of lightness and of the two opponent colours, their histograms, and how much
lightness changes from pixel to pixel.
"""

from __future__ import annotations

import hashlib
from pathlib import Path

import torch
from torch import nn

from albumnet.errors import WeightsError
from albumnet.vision.backbones.base import Backbone
from albumnet.vision.transform import Transform

TRANSFORM = Transform(size=64, interpolation="bilinear", channels="RGB", mean=(0.0,) * 3, std=(255.0,) * 3)
N_BINS = 8
FEATURE_DIM = 3 + 3 + 3 + 3 * N_BINS + 1
# Raised whenever `ColourStatistics` gives other numbers, so that stored ones are not mixed with them.
_VERSION = 1


def load(*, weights: Path | None = None, convention: str | None = None) -> Backbone:
    """Make the backbone; there is nothing to load.

    Raises:
        WeightsError: If weights or a convention are given.
    """
    if weights is not None or convention is not None:
        raise WeightsError("colour_statistics has no weights and no convention; leave --weights and --convention out")
    module = ColourStatistics().eval()
    return Backbone(
        name="colour_statistics",
        module=module,
        transform=TRANSFORM,
        feature_shape=(FEATURE_DIM,),
        weights_digest=hashlib.sha256(f"colour_statistics {_VERSION}".encode()).hexdigest()[:16],
        blocks=[],
        tolerates_bfloat16=False,
        # Histograms count; counts do not change with a small change of a pixel.
        has_gradients=False,
    )


class ColourStatistics(nn.Module):
    """RGB in 0..1 (B, 3, H, W) -> features (B, 34)."""

    def forward(self, covers: torch.Tensor) -> torch.Tensor:
        """Per cover: 3 means, 3 spreads, 3 correlations, 3 histograms of 8 bins, and roughness."""
        red, green, blue = covers.unbind(dim=1)
        opponent = torch.stack([covers.mean(dim=1), red - green, (red + green) / 2 - blue], dim=1)  # (B, 3, H, W)
        values = opponent.flatten(2)
        mean, spread = values.mean(dim=2), values.std(dim=2, correction=0)
        standard = (values - mean[..., None]) / spread.clamp_min(1e-3)[..., None]
        pairs = [(standard[:, i] * standard[:, j]).mean(dim=1) for i, j in ((0, 1), (0, 2), (1, 2))]
        # Lightness lies in 0..1, opponent colours in -1..1 and mostly near 0, which the root spreads out.
        scaled = torch.cat([values[:, :1], (values[:, 1:].sign() * values[:, 1:].abs().sqrt() + 1) / 2], dim=1)
        bins = (scaled * N_BINS).long().clamp(0, N_BINS - 1)
        counts = torch.zeros(*bins.shape[:2], N_BINS, device=bins.device)
        counts.scatter_add_(2, bins, torch.ones_like(scaled))
        histograms = counts.flatten(1) / bins.shape[2]  # (B, 3 x 8)
        roughness = (opponent[:, 0, :, 1:] - opponent[:, 0, :, :-1]).abs().mean(dim=(1, 2))
        return torch.cat([mean, spread, torch.stack(pairs, dim=1), histograms, roughness[:, None]], dim=1)
