"""What each model is trained to make small; all are per album, so that penalties weigh the same in each."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch import nn

from albumnet.models.presets import N_SLOTS, ModelKind

if TYPE_CHECKING:
    from jaxtyping import Float, Int


def mood_loss(
    raw: Float[torch.Tensor, "B ..."],
    *,
    target: Float[torch.Tensor, "B M"],
    top_moods: Int[torch.Tensor, "B 5"],
    labels: Float[torch.Tensor, "M E"],
    kind: ModelKind,
) -> torch.Tensor:
    """Mean loss of a batch.

    Args:
        raw: Output of the head.
        target: 1 where the album has the mood.
        top_moods: Columns of the album's five strongest moods in order; -1 where it has fewer.
        labels: Unit label vectors.
        kind: Which loss: for logits the binary cross-entropy summed over moods; for ranks the same, of every mood at
            every rank; for slots 1 - cosine between each slot and the mood of that rank, missing ranks left out; for a
            vector 1 - cosine to each true mood in turn.
    """
    if kind.output == "ranks":
        target = moods_at_ranks(top_moods, n_moods=target.shape[1])
    if kind.gives_logits:
        summed = nn.functional.binary_cross_entropy_with_logits(raw, target, reduction="sum")
        return summed / len(raw)
    unit = nn.functional.normalize(raw, dim=-1)
    if kind.output == "slots":
        is_there = top_moods >= 0
        cosines = (unit * labels[top_moods.clamp_min(0)]).sum(dim=-1)  # (B, 5)
        return ((1 - cosines) * is_there).sum() / is_there.sum().clamp_min(1)
    distances = 1 - unit @ labels.T  # (B, M)
    return (distances * target).sum() / target.sum().clamp_min(1)


def count_terms(*, target: Float[torch.Tensor, "B M"], top_moods: Int[torch.Tensor, "B 5"], kind: ModelKind) -> float:
    """What the mean loss of a batch is the mean over: albums, moods at ranks, or moods of albums.

    Batches' mean losses, weighted by this, add up to that of all their albums.
    """
    if kind.gives_logits:
        return float(len(target))
    if kind.output == "slots":
        return float((top_moods >= 0).sum())
    return float(target.sum())


def moods_at_ranks(top_moods: Int[torch.Tensor, "N 5"], *, n_moods: int) -> Float[torch.Tensor, "N 5 M"]:
    """1 where the album's mood of that rank is this one."""
    target = torch.zeros(*top_moods.shape, n_moods, device=top_moods.device)
    return target.scatter_(2, top_moods.clamp_min(0)[..., None], (top_moods >= 0).float()[..., None])


def top_mood_columns(relevance: Float[torch.Tensor, "N M"]) -> Int[torch.Tensor, "N 5"]:
    """Columns of each album's five most relevant moods, strongest first; -1 where there are fewer."""
    n_ranks = min(N_SLOTS, relevance.shape[1])
    values, columns = relevance.topk(n_ranks, dim=1)
    columns = columns.masked_fill(values <= 0, -1)
    return nn.functional.pad(columns, (0, N_SLOTS - n_ranks), value=-1)
