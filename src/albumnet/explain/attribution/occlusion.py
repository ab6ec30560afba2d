"""Attribution by covering up: how the log-odds fall when a window of the cover is laid over with its mean colour."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch import nn

if TYPE_CHECKING:
    from jaxtyping import Float

    from albumnet.explain.attribution.scorer import MoodScorer

# A window has a quarter of the cover's side and moves by half of that: 49 windows.
_WINDOWS_ACROSS = 4
_AT_ONCE = 7


def occlusion(
    scorer: MoodScorer, covers: Float[torch.Tensor, "B 3 H W"], direction: Float[torch.Tensor, " M"]
) -> Float[torch.Tensor, "B H W"]:
    """What is lost by covering the windows over each pixel, on average; signed. Needs no gradients.

    Source:
        Zeiler & Fergus (2014), "Visualizing and Understanding Convolutional Networks", ECCV.
    """
    return torch.stack([_of_one(scorer, cover, direction) for cover in covers.split(1)])


@torch.no_grad()
def _of_one(scorer: MoodScorer, cover: torch.Tensor, direction: torch.Tensor) -> torch.Tensor:
    side = cover.shape[2]
    window, step = side // _WINDOWS_ACROSS, side // (2 * _WINDOWS_ACROSS)
    corners = [(y, x) for y in range(0, side - window + 1, step) for x in range(0, side - window + 1, step)]
    blank = cover.mean(dim=(2, 3), keepdim=True)[0]
    whole = scorer.fast_logits(cover) @ direction
    lost = []
    for start in range(0, len(corners), _AT_ONCE):
        some = corners[start : start + _AT_ONCE]
        covered = cover.repeat(len(some), 1, 1, 1)
        for row, (y, x) in zip(covered, some, strict=True):
            row[:, y : y + window, x : x + window] = blank
        lost.append(whole - scorer.fast_logits(covered) @ direction)
    values, counts = torch.zeros(side, side), torch.zeros(side, side)
    for (y, x), value in zip(corners, torch.cat(lost).tolist(), strict=True):
        values[y : y + window, x : x + window] += value
        counts[y : y + window, x : x + window] += 1
    # Windows that fall short of the far edges leave their pixels to the nearest ones.
    reached = corners[-1][0] + window
    mean = (values / counts.clamp_min(1))[:reached, :reached]
    padded: torch.Tensor = nn.functional.pad(mean[None, None], (0, side - reached, 0, side - reached), mode="replicate")
    return padded[0, 0]
