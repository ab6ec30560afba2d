"""What a backbone's filters look for: the first layer's as pictures, deeper ones by the crops that excite them most."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import nn

from albumnet.errors import ExplainError

if TYPE_CHECKING:
    from jaxtyping import Float, UInt8

    from albumnet.vision.backbones import Backbone

# A crop shows at least this share of a cover's side: what a filter answers to needs some surroundings to be made out.
_SMALLEST_CROP = 0.16
# How many steps of its grid a filter's crop reaches over.
_CROP_STEPS = 5


@dataclass(frozen=True)
class ExcitingCrop:
    """A place on a cover that excites a filter.

    Attributes:
        block: Number of the backbone's block, from 0.
        channel: The filter.
        value: How strongly it answers.
        picture: The crop, RGB.
    """

    block: int
    channel: int
    value: float
    picture: UInt8[np.ndarray, "h w 3"]


def first_filters(backbone: Backbone) -> Float[np.ndarray, "F h w 3"]:
    """The first convolution's kernels as RGB in 0..1, each on its own scale about a middle grey.

    Raises:
        ExplainError: If the backbone does not begin with a convolution of colours.
    """
    first = next((layer for layer in backbone.module.modules() if isinstance(layer, nn.Conv2d)), None)
    if first is None or first.in_channels != 3:
        raise ExplainError(f"{backbone.name} does not begin with a convolution, so it has no first filters to draw")
    kernels = first.weight.detach().permute(0, 2, 3, 1).numpy()
    if backbone.transform.channels == "BGR":
        kernels = kernels[..., ::-1]
    reach = np.abs(kernels).max(axis=(1, 2, 3), keepdims=True)
    return np.asarray(0.5 + 0.5 * kernels / np.where(reach > 0, reach, 1.0))


class CropFinder:
    """Watches blocks of a backbone while covers go by, and keeps the crops that excite some of their filters most.

    Args:
        backbone: Watched.
        blocks: Numbers of the blocks.
        n_filters: Filters per block, spread evenly over its channels.
        n_crops: Crops per filter, from different covers.

    Raises:
        ExplainError: If the backbone has no such block.
    """

    def __init__(self, backbone: Backbone, *, blocks: Sequence[int], n_filters: int, n_crops: int) -> None:
        n_blocks = len(backbone.blocks)
        if not n_blocks or any(not 0 <= block < n_blocks for block in blocks):
            raise ExplainError(
                f"{backbone.name} has blocks 0 to {n_blocks - 1}; asked for {', '.join(map(str, blocks))}"
                if n_blocks
                else f"{backbone.name} has no blocks, so no filters to look at"
            )
        self._backbone = backbone
        self._blocks = tuple(blocks)
        self._n_filters = n_filters
        self._n_crops = n_crops
        self._best: dict[tuple[int, int], list[ExcitingCrop]] = {}

    @torch.no_grad()
    def watch(self, covers: UInt8[np.ndarray, "B H W 3"]) -> None:
        """Look at some decoded covers."""
        outputs: dict[int, torch.Tensor] = {}

        def keep(block: int) -> object:
            return self._backbone.blocks[block].register_forward_hook(
                lambda _module, _inputs, output: outputs.__setitem__(block, output)
            )

        hooks = [keep(block) for block in self._blocks]
        try:
            self._backbone.module(self._backbone.transform.normalise(torch.from_numpy(covers.copy())))
        finally:
            for hook in hooks:
                hook.remove()  # type: ignore[attr-defined]  # torch's handle, kept as an object
        for block, output in outputs.items():
            self._keep_best(block, _as_grid(output), covers)

    def _keep_best(self, block: int, grid: Float[torch.Tensor, "B C h w"], covers: np.ndarray) -> None:
        n_channels, width = grid.shape[1], grid.shape[3]
        channels = np.unique(np.linspace(0, n_channels - 1, self._n_filters).round().astype(int))
        for channel in channels.tolist():
            values, places = grid[:, channel].flatten(1).max(dim=1)
            best = self._best.setdefault((block, channel), [])
            for cover, value, place in zip(covers, values.tolist(), places.tolist(), strict=True):
                if len(best) < self._n_crops or value > best[-1].value:
                    picture = _crop(cover, row=place // width, column=place % width, n_steps=width)
                    best.append(ExcitingCrop(block, channel, value, picture))
                    best.sort(key=lambda crop: -crop.value)
                    del best[self._n_crops :]

    def crops(self) -> Iterable[list[ExcitingCrop]]:
        """Per filter, the crops that excite it most, strongest first; blocks in order."""
        return [self._best[key] for key in sorted(self._best)]


def _as_grid(output: torch.Tensor) -> torch.Tensor:
    """(B, C, h, w) as it is; tokens (B, T, C) without those that belong to no place."""
    if output.ndim == 4:
        return output
    if output.ndim == 3:
        side = int(output.shape[1] ** 0.5)
        places = output[:, output.shape[1] - side * side :].transpose(1, 2)
        return places.reshape(*places.shape[:2], side, side)
    raise ExplainError(f"a block gives an output of shape {tuple(output.shape)}, which lies over no cover")


def _crop(cover: np.ndarray, *, row: int, column: int, n_steps: int) -> np.ndarray:
    side = cover.shape[0]
    size = min(side, max(round(_SMALLEST_CROP * side), round(_CROP_STEPS * side / n_steps)))
    top, left = (
        int(np.clip(round((place + 0.5) * side / n_steps) - size // 2, 0, side - size)) for place in (row, column)
    )
    return cover[top : top + size, left : left + size].copy()
