"""Adam for layers that are multiplied in bfloat16: float32 weights, and copies of them that are rounded once a step."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import torch
from torch.optim.adam import adam

from albumnet.models.heads import Dense

if TYPE_CHECKING:
    from jaxtyping import Float

# Weight, gradient and both means of a part stay in the cache while the part is stepped and rounded.
PART = 2**20


class RoundedProduct:
    """A layer's weights rounded to bfloat16, what multiplies by them, and the gradient of that.

    The gradient lies where the last one lay: at every step the system would hand out 200 MB anew and write zeros first.

    Args:
        layer: Whose weights; it multiplies by these until `RoundingAdam.leave`.

    Attributes:
        weights: (out, in).
        gradient: (out, in), once there is one.
    """

    def __init__(self, layer: Dense) -> None:
        self.weights = layer.weight.detach().to(torch.bfloat16)
        self.gradient: torch.Tensor | None = None
        self._memory = torch.empty_like(self.weights)

    def __call__(self, x: Float[torch.Tensor, "B in"], bias: Float[torch.Tensor, " out"]) -> torch.Tensor:
        """Times the weights, plus the bias, as autocast does it."""
        product: torch.Tensor = _Product.apply(x.to(torch.bfloat16), bias.to(torch.bfloat16), self)
        return product

    def add_gradient(self, x: torch.Tensor, of_product: torch.Tensor) -> None:
        """What the gradient of a product says of the weights."""
        if self.gradient is None:
            self.gradient = torch.mm(of_product.t(), x, out=self._memory)
        else:
            self.gradient += of_product.t() @ x


class _Product(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, x: torch.Tensor, bias: torch.Tensor, by: RoundedProduct) -> torch.Tensor:
        ctx.save_for_backward(x)
        ctx.by = by
        return torch.nn.functional.linear(x, by.weights, bias)

    @staticmethod
    def backward(ctx: Any, *gradients: torch.Tensor) -> tuple[torch.Tensor | None, torch.Tensor, None]:
        (x,), (of_product,) = ctx.saved_tensors, gradients
        ctx.by.add_gradient(x, of_product)
        of_x = of_product @ ctx.by.weights if ctx.needs_input_grad[0] else None
        return of_x, of_product.sum(dim=0), None


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
        self._layers = layers
        self._products = {layer.weight: RoundedProduct(layer) for layer in layers}
        for layer in layers:
            layer.product = self._products[layer.weight]

    def round_again(self) -> None:
        """After weights were changed by anything but a step."""
        with torch.no_grad():
            for weight, product in self._products.items():
                product.weights.copy_(weight)

    def leave(self) -> None:
        """Let the layers multiply by their own weights."""
        for layer in self._layers:
            layer.product = None

    def zero_grad(self, set_to_none: bool = True) -> None:
        """Forget all gradients."""
        super().zero_grad(set_to_none)
        for product in self._products.values():
            product.gradient = None

    @torch.no_grad()
    def step(self, closure: Any = None) -> Any:
        """One step, of the layers' weights and then of all others."""
        for group in self.param_groups:
            for weight in group["params"]:
                product = self._products.get(weight)
                if product is not None and product.gradient is not None:
                    self._step_layer(weight, product.weights, product.gradient, group)
                    weight.grad = None
        return super().step(closure)

    def _step_layer(
        self, weight: torch.Tensor, rounded: torch.Tensor, gradient: torch.Tensor, group: dict[str, Any]
    ) -> None:
        state = self.state[weight]
        if not state:
            state["step"] = torch.zeros(())
            state["exp_avg"], state["exp_avg_sq"] = torch.zeros_like(weight), torch.zeros_like(weight)
        tensors = [weight, rounded, gradient, state["exp_avg"], state["exp_avg_sq"]]
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
