"""From logits, or closeness in the mood space, to a probability that can be taken at its word."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import torch
    from jaxtyping import Float

# What base rates are worth as offsets of closeness, which bends them: ten albums.
TRUST_IN_BASE_RATES = 10.0


@dataclass(frozen=True)
class ClosenessCalibration:
    """probability of mood m = sigmoid(slope * (closeness - centre_m) + offset_m).

    Attributes:
        slope: One for all moods, or (M,); at least 0, so that nearer is never less likely.
        centre: (M,) closeness at which each mood is as likely as its offset says.
        offset: (M,) log-odds at the centre.

    All three are of torch in training and where gradients are needed, and of numpy elsewhere.
    """

    slope: Any
    centre: Any
    offset: Any

    def logits(self, closeness: Any) -> Any:
        """Log-odds (B, M) of each mood from the closeness (B, M), in the library of the attributes."""
        return self.slope * (closeness - self.centre) + self.offset


def fit_calibration(
    closeness: Float[torch.Tensor, "N M"],
    target: Float[torch.Tensor, "N M"],
    *,
    start: ClosenessCalibration,
    trust: float,
    is_slope_known: bool,
) -> ClosenessCalibration:
    """Sharpen or soften a calibration by one factor for all moods, and shift each mood as far as its albums bear out.

    By maximum likelihood, held near the start as by `trust` albums, so that moods with few positives keep it.

    Args:
        closeness: Of the validation side, which the model was not fitted to; for a model of logits the logits.
        target: Of the same albums.
        start: What is known without them.
        trust: How many albums' worth the start is.
        is_slope_known: Whether that holds of its slope too, rather than of its offsets alone.

    Source:
        Platt (1999), "Probabilistic outputs for support vector machines", with one slope shared by all moods.
    """
    import torch

    near, wanted = closeness.double() - start.centre.double(), target.double()
    offset, slope = start.offset.double(), start.slope.double()
    log_factor = torch.zeros((), dtype=torch.float64, requires_grad=True)
    shift = torch.zeros_like(offset, requires_grad=True)
    optimizer = torch.optim.LBFGS([log_factor, shift], max_iter=200, line_search_fn="strong_wolfe")

    certainty = torch.sigmoid(offset) * torch.sigmoid(-offset)  # what one album tells of a mood's shift
    slope_certainty = (certainty * (slope * near).square()).sum(dim=1).mean() if is_slope_known else 0.0

    def negative_log_likelihood() -> torch.Tensor:
        optimizer.zero_grad()
        logits = log_factor.exp() * slope * near + offset + shift
        loss = torch.nn.functional.binary_cross_entropy_with_logits(logits, wanted, reduction="sum")
        loss = loss + trust * 0.5 * ((certainty * shift.square()).sum() + slope_certainty * log_factor.square())
        loss.backward()
        return loss

    optimizer.step(negative_log_likelihood)
    return ClosenessCalibration(
        slope=(log_factor.exp() * slope).detach().float(), centre=start.centre, offset=(offset + shift).detach().float()
    )


def start_from_base_rates(
    closeness: Float[torch.Tensor, "N M"], base_rates: Float[torch.Tensor, " M"]
) -> ClosenessCalibration:
    """At mean closeness each mood is as likely as it is common."""
    import torch

    offset = torch.logit(base_rates.double().clamp(1e-3, 1 - 1e-3)).float()
    return ClosenessCalibration(slope=torch.ones(()), centre=closeness.mean(dim=0), offset=offset)
