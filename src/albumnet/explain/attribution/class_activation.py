"""Attribution through a backbone's last grids: Grad-CAM and HiResCAM, for features pooled from several grids.

Each grid is taken as an input of its own: what it gives the features directly is its share, so that a stage's mean and
spread count once, and not again through the layers above it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch import nn

from albumnet.errors import ExplainError

if TYPE_CHECKING:
    from jaxtyping import Float

    from albumnet.explain.attribution.scorer import MoodScorer


def hirescam(
    scorer: MoodScorer, covers: Float[torch.Tensor, "B 3 H W"], direction: Float[torch.Tensor, " M"]
) -> Float[torch.Tensor, "B H W"]:
    """Activation times slope at each place, summed over channels and grids; signed.

    Source:
        Draelos & Carin (2020), "Use HiResCAM instead of Grad-CAM for faithful explanations", arXiv:2011.08891.
    """
    return _sum_grids(
        [(grid * slope).sum(dim=1) for grid, slope in _grids_and_slopes(scorer, covers, direction)], covers
    )


def gradcam(
    scorer: MoodScorer, covers: Float[torch.Tensor, "B 3 H W"], direction: Float[torch.Tensor, " M"]
) -> Float[torch.Tensor, "B H W"]:
    """Activation times the channel's mean slope, summed over channels and grids, what is negative left out.

    Source:
        Selvaraju et al. (2017), "Grad-CAM: Visual Explanations from Deep Networks", ICCV.
    """
    maps = [
        (grid * slope.mean(dim=(2, 3), keepdim=True)).sum(dim=1)
        for grid, slope in _grids_and_slopes(scorer, covers, direction)
    ]
    return _sum_grids(maps, covers).clamp_min(0)


def _grids_and_slopes(
    scorer: MoodScorer, covers: torch.Tensor, direction: torch.Tensor
) -> list[tuple[torch.Tensor, torch.Tensor]]:
    split = scorer.backbone.split
    if split is None:
        raise ExplainError(
            f"{scorer.backbone.name} has no grid that lies over the cover; choose --method gradient or occlusion"
        )
    with torch.no_grad():
        grids = list(split.grids(scorer.module, covers))
    with torch.enable_grad():
        leaves = [grid.detach().clone().requires_grad_(True) for grid in grids]
        total = (scorer.logits_of_features(split.pool(scorer.module, leaves)) @ direction).sum()
        slopes = torch.autograd.grad(total, leaves)
    n_placed = len(grids) - split.n_carried
    return list(zip(grids[:n_placed], slopes[:n_placed], strict=True))


def _sum_grids(maps: list[torch.Tensor], covers: torch.Tensor) -> torch.Tensor:
    """Maps (B, h_k, w_k) enlarged to the covers' size and added, each keeping its sum."""
    size = (int(covers.shape[2]), int(covers.shape[3]))
    total = torch.zeros(len(covers), *size)
    for values in maps:
        scale = values.shape[1] * values.shape[2] / (size[0] * size[1])
        total += scale * nn.functional.interpolate(values[:, None], size, mode="bicubic", align_corners=False)[:, 0]
    return total
