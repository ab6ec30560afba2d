"""Attribution through gradients of pixels: the plain gradient, guided backprop, integrated gradients.

Notation: B covers, M moods; `direction` (M,) says of which sum of log-odds a map is, 1 at one mood, or 1 and -1 at two.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch
from torch import nn
from torch.overrides import TorchFunctionMode

from albumnet.errors import ExplainError

if TYPE_CHECKING:
    from jaxtyping import Float

    from albumnet.explain.attribution.scorer import MoodScorer

# Midpoint steps.
N_STEPS = 16
_STEPS_AT_ONCE = 4


def gradient(
    scorer: MoodScorer, covers: Float[torch.Tensor, "B 3 H W"], direction: Float[torch.Tensor, " M"]
) -> Float[torch.Tensor, "B H W"]:
    """The steepest slope of each pixel's three colours, without sign: the origin's kind of map.

    Source:
        Simonyan, Vedaldi & Zisserman (2013), "Deep Inside Convolutional Networks", arXiv:1312.6034.
    """
    return _slope(scorer, covers, direction).abs().amax(dim=1)


def guided_backprop(
    scorer: MoodScorer, covers: Float[torch.Tensor, "B 3 H W"], direction: Float[torch.Tensor, " M"]
) -> Float[torch.Tensor, "B H W"]:
    """The gradient with every negative slope stopped at every ReLU; sharp, and famous for looking right when it is not.

    Raises:
        ExplainError: If the backbone has no ReLU to guide by.

    Source:
        Springenberg et al. (2014), "Striving for Simplicity", arXiv:1412.6806.
    """
    with _GuidedReLUs() as guided:
        slope = _slope(scorer, covers, direction)
    if not guided.n_met:
        raise ExplainError(f"{scorer.backbone.name} has no ReLU, which guided backprop needs; choose another --method")
    return slope.abs().amax(dim=1)


def integrated_gradients(
    scorer: MoodScorer, covers: Float[torch.Tensor, "B 3 H W"], direction: Float[torch.Tensor, " M"]
) -> Float[torch.Tensor, "B H W"]:
    """How each pixel's way from the cover's mean colour to its own changes the log-odds; signed, sums to the change.

    Source:
        Sundararajan, Taly & Yan (2017), "Axiomatic Attribution for Deep Networks", ICML.
    """
    maps = []
    for cover in covers.split(1):
        start = cover.mean(dim=(2, 3), keepdim=True)
        shares = (torch.arange(N_STEPS) + 0.5) / N_STEPS
        slopes = torch.zeros_like(cover)
        for some in shares.split(_STEPS_AT_ONCE):
            between = start + some[:, None, None, None] * (cover - start)
            slopes += _slope(scorer, between, direction).sum(dim=0, keepdim=True)
        maps.append(((cover - start) * slopes / N_STEPS).sum(dim=1))
    return torch.cat(maps)


def _slope(scorer: MoodScorer, covers: torch.Tensor, direction: torch.Tensor) -> Float[torch.Tensor, "B 3 H W"]:
    if not scorer.backbone.has_gradients:
        raise ExplainError(
            f"{scorer.backbone.name} has no gradients, since it counts rather than computes; choose --method occlusion"
        )
    with torch.enable_grad():
        pixels = covers.detach().clone().requires_grad_(True)
        total = (scorer.logits(pixels) @ direction).sum()
        (slope,) = torch.autograd.grad(total, pixels)
    return slope.detach()


class _GuidedReLU(torch.autograd.Function):
    """ReLU, clipped at `top`, whose backward pass lets through positive slopes only."""

    @staticmethod
    def forward(ctx: Any, x: torch.Tensor, top: float) -> torch.Tensor:
        """Clip to [0, top]."""
        ctx.save_for_backward((x > 0) & (x < top))
        return x.clamp(0, top)

    @staticmethod
    def backward(ctx: Any, *slopes: torch.Tensor) -> tuple[torch.Tensor, None]:
        """Stop what is negative, and what the clipping stopped."""
        (is_open,) = ctx.saved_tensors
        return slopes[0].clamp_min(0) * is_open, None


class _GuidedReLUs(TorchFunctionMode):
    """While active, every ReLU and ReLU6 is a guided one, as a module or a function, of our networks or timm's."""

    def __init__(self) -> None:
        super().__init__()
        self.n_met = 0

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        """Put the guided one in the place of a plain one."""
        top = _TOPS.get(func)
        if top is None:
            return func(*args, **(kwargs or {}))
        self.n_met += 1
        with torch._C.DisableTorchFunction():
            return _GuidedReLU.apply(args[0], top)


_TOPS: dict[Any, float] = {
    nn.functional.relu: float("inf"),
    torch.relu: float("inf"),
    torch.relu_: float("inf"),
    torch.Tensor.relu: float("inf"),
    torch.Tensor.relu_: float("inf"),
    nn.functional.relu6: 6.0,
}
