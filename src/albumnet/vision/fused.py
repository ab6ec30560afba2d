"""A convolution that adds its bias, adds a skip and clips while the result is still in the cache."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import nn


class FusedConv:
    """Convolution, bias, optional skip and optional clipping in one pass over memory; no gradients.

    Uses the oneDNN operators that torch.compile itself emits; where a build lacks them, plain operators give the same.

    Args:
        weight: (out, in / groups, k, k).
        bias: (out,).
        stride: Of the convolution.
        groups: Of the convolution.
        clip: Lower and upper bound of the result; None for none.
        padding_of: Left, right, top and bottom padding for an input.
    """

    def __init__(
        self,
        *,
        weight: torch.Tensor,
        bias: torch.Tensor,
        stride: int,
        groups: int,
        clip: tuple[float, float] | None,
        padding_of: Callable[[torch.Tensor], tuple[int, int, int, int]],
    ) -> None:
        self.weight = weight.detach().contiguous(memory_format=torch.channels_last)
        self.bias = bias.detach().contiguous()
        self.stride = stride
        self.groups = groups
        self.clip = clip
        self.padding_of = padding_of
        self._operators = _onednn_operators()

    def __call__(self, x: torch.Tensor, *, add: torch.Tensor | None = None) -> torch.Tensor:
        """(B, in, H, W) -> (B, out, H', W'), plus `add` of that shape."""
        left, right, top, bottom = self.padding_of(x)
        padding = (top, left)
        if (left, top) != (right, bottom):
            x = nn.functional.pad(x, (left, right, top, bottom))
            padding = (0, 0)
        if self._operators is None:
            return self._plain(x, add, padding)
        stride, dilation = (self.stride, self.stride), (1, 1)
        if add is not None:
            added: torch.Tensor = self._operators.binary(
                x, add, self.weight, self.bias, padding, stride, dilation, self.groups, "add", 1.0, None, [], None
            )
            return added
        name, bounds = ("hardtanh", list(self.clip)) if self.clip else ("none", [])
        clipped: torch.Tensor = self._operators(
            x, self.weight, self.bias, padding, stride, dilation, self.groups, name, bounds, ""
        )
        return clipped

    def _plain(self, x: torch.Tensor, add: torch.Tensor | None, padding: tuple[int, int]) -> torch.Tensor:
        x = nn.functional.conv2d(x, self.weight, self.bias, self.stride, padding, groups=self.groups)
        if add is not None:
            x = x.add_(add)
        return x.clamp_(*self.clip) if self.clip else x


def _onednn_operators() -> Any:
    """torch.ops.mkldnn._convolution_pointwise, or None where this build of torch lacks it."""
    operators = getattr(torch.ops.mkldnn, "_convolution_pointwise", None)
    if not torch.backends.mkldnn.is_available() or not hasattr(operators, "binary"):
        return None
    return operators
