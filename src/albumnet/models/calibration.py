"""From closeness in the mood space to a probability."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch

if TYPE_CHECKING:
    from jaxtyping import Float


@dataclass(frozen=True)
class ClosenessCalibration:
    """probability of mood m = sigmoid(slope * (closeness - centre_m) + offset_m).

    Attributes:
        slope: One for all moods, or (M,); at least 0, so that nearer is never less likely.
        centre: (M,) closeness at which each mood is as likely as its offset says.
        offset: (M,) log-odds at the centre.
    """

    slope: torch.Tensor
    centre: Float[torch.Tensor, " M"]
    offset: Float[torch.Tensor, " M"]

    def logits(self, closeness: Float[torch.Tensor, "B M"]) -> Float[torch.Tensor, "B M"]:
        """Log-odds of each mood."""
        return self.slope * (closeness - self.centre) + self.offset


def fit_calibration(
    closeness: Float[torch.Tensor, "N M"], target: Float[torch.Tensor, "N M"], *, base_rates: Float[torch.Tensor, " M"]
) -> ClosenessCalibration:
    """Fit the slope by maximum likelihood, each mood's offset held near its base rate among the training albums.

    Source:
        Platt (1999), "Probabilistic outputs for support vector machines", with one slope shared by all moods.
    """
    centre = closeness.mean(dim=0).double()
    prior = torch.logit(base_rates.double().clamp(1e-3, 1 - 1e-3))
    log_slope = torch.zeros((), dtype=torch.float64, requires_grad=True)
    shift = torch.zeros_like(prior, requires_grad=True)
    optimizer = torch.optim.LBFGS([log_slope, shift], max_iter=200, line_search_fn="strong_wolfe")

    def negative_log_likelihood() -> torch.Tensor:
        optimizer.zero_grad()
        logits = log_slope.exp() * (closeness.double() - centre) + prior + shift
        loss = torch.nn.functional.binary_cross_entropy_with_logits(logits, target.double(), reduction="sum")
        # Ten albums' worth of trust in the training frequency, which comes from many more albums.
        loss = loss + 10 * 0.5 * (torch.sigmoid(prior) * torch.sigmoid(-prior) * shift.square()).sum()
        loss.backward()
        return loss

    optimizer.step(negative_log_likelihood)
    return ClosenessCalibration(
        slope=log_slope.detach().exp().float(), centre=centre.float(), offset=(prior + shift).detach().float()
    )
