"""How much a mood, or a rank of it, learns from those it occurs with."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch

from albumnet.models.presets import N_SLOTS, ModelKind

if TYPE_CHECKING:
    from jaxtyping import Float

# What says that an album has a mood says much the same of every rank; without this there are five times fewer albums to
# learn from.
SHARED_BY_RANKS = 0.9


def make_smoothing(
    target: Float[torch.Tensor, "N M"], share: float, *, kind: ModelKind, device: str
) -> torch.Tensor | None:
    """What the last layer's product is multiplied by; None for by nothing."""
    of_moods = smoothing_of_moods(target, share) if share else torch.eye(target.shape[1])
    if kind.output == "ranks":
        return torch.kron(smoothing_of_ranks(), of_moods).to(device)
    return of_moods.to(device) if share else None


def smoothing_of_moods(target: Float[torch.Tensor, "N M"], share: float) -> Float[torch.Tensor, "M M"]:
    """The matrix that lets moods learn from those they occur with: diag(sd)^-1 ((1 - share) I + share C)^(1/2).

    C is the correlation of the moods among the training albums, sd their standard deviation. With a penalty on the
    weights before it, weights of two moods have the prior correlation that the moods have.

    Source:
        Bonilla, Chai & Williams (2007), "Multi-task Gaussian Process Prediction", NIPS (the prior's form).
    """
    std = target.double().std(dim=0, correction=0).clamp_min(0.02)
    standard = (target.double() - target.double().mean(dim=0)) / std
    correlation = standard.T @ standard / len(standard)
    values, directions = torch.linalg.eigh((1 - share) * torch.eye(len(std), dtype=torch.float64) + share * correlation)
    root = directions * values.clamp_min(0).sqrt() @ directions.T
    smoothing: torch.Tensor = (root / std).float()
    return smoothing


def smoothing_of_ranks(share: float = SHARED_BY_RANKS) -> Float[torch.Tensor, "5 5"]:
    """The same for a mood's five ranks, the correlation of any two being `share`: ((1 - share) I + share 11')^(1/2)."""
    correlation = (1 - share) * torch.eye(N_SLOTS, dtype=torch.float64) + share
    values, directions = torch.linalg.eigh(correlation)
    root: torch.Tensor = (directions * values.clamp_min(0).sqrt() @ directions.T).float()
    return root
