"""Adam for layers that are multiplied in bfloat16: float32 weights, and copies of them that are rounded once a step."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch.optim.adam import adam

from albumnet.models.heads import Dense

# Weight, gradient and both means of a part stay in the cache while the part is stepped and rounded.
PART = 2**20


class RoundingAdam(torch.optim.Adam):
    """Adam whose layers multiply by rounded copies of their weights and get their gradients in bfloat16.

    Under autocast alone every step writes all weights in bfloat16 and all gradients in float32 once more; with 137
    million weights that takes as long as the products do. Steps are autocast's, bit for bit.

    Args:
        groups: As Adam takes them.
        layers: Whose weights are among them; `leave` gives them back.
        lr: Learning rate.
        device: Where the weights are; on "cuda" the rate is a tensor, so that a recorded step can be told another.
    """

    def __init__(
        self, groups: list[dict[str, Any]], layers: Sequence[Dense], *, lr: float, device: str = "cpu"
    ) -> None:
        super().__init__(groups, lr=lr, fused=True, capturable=device == "cuda")
        for group in self.param_groups if device == "cuda" else ():
            group["lr"] = torch.tensor(lr, device=device)
        self._layers = {layer.weight: layer for layer in layers}
        for layer in layers:
            layer.rounded = layer.weight.detach().to(torch.bfloat16).requires_grad_()

    def round_again(self) -> None:
        """After weights were changed by anything but a step."""
        with torch.no_grad():
            for weight, layer in self._layers.items():
                _rounded(layer).copy_(weight)

    def leave(self) -> None:
        """Let the layers multiply by their own weights."""
        for layer in self._layers.values():
            layer.rounded = None

    def zero_grad(self, set_to_none: bool = True) -> None:
        """Forget all gradients."""
        super().zero_grad(set_to_none)
        for layer in self._layers.values():
            _rounded(layer).grad = None

    @torch.no_grad()
    def step(self, closure: Any = None) -> Any:
        """One step, of the layers' weights and then of all others."""
        for group in self.param_groups:
            for weight in group["params"]:
                gradient = _rounded(self._layers[weight]).grad if weight in self._layers else None
                if gradient is not None:
                    self._step_layer(weight, gradient, group)
                    weight.grad = None
        return super().step(closure)

    def _step_layer(self, weight: torch.Tensor, gradient: torch.Tensor, group: dict[str, Any]) -> None:
        state = self.state[weight]
        if not state:
            state["step"] = torch.zeros(())
            state["exp_avg"], state["exp_avg_sq"] = torch.zeros_like(weight), torch.zeros_like(weight)
        tensors = [weight, _rounded(self._layers[weight]), gradient, state["exp_avg"], state["exp_avg_sq"]]
        if weight.grad is not None:  # of a penalty, which looks at the weights themselves
            tensors.append(weight.grad)
        whole = torch.empty(min(PART, weight.numel()))
        for part, low, low_gradient, mean, square, *more in zip(
            *(tensor.flatten().split(PART) for tensor in tensors), strict=True
        ):
            part_gradient = whole[: len(part)].copy_(low_gradient)
            for other in more:
                part_gradient += other
            adam(
                [part], [part_gradient], [mean], [square], [], [state["step"].clone()],
                fused=True, amsgrad=False, beta1=group["betas"][0], beta2=group["betas"][1], lr=group["lr"],
                weight_decay=group["weight_decay"], eps=group["eps"], maximize=group["maximize"],
            )  # fmt: skip
            low.copy_(part)
        state["step"] += 1


def _rounded(layer: Dense) -> torch.Tensor:
    assert layer.rounded is not None
    return layer.rounded
