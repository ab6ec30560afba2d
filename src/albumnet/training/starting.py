"""A head before its first step: inputs standardised by the training albums, outputs at what no input tells."""

from __future__ import annotations

import math

import torch

from albumnet.models.heads import HeadShape, MoodHead
from albumnet.models.presets import ModelKind, Preset
from albumnet.training.data import EVALUATION_BATCH, TrainingData
from albumnet.training.losses import moods_at_ranks
from albumnet.training.processes import share_of, sum_over_processes


def start_head(data: TrainingData, kind: ModelKind, preset: Preset, shape: HeadShape, *, seed: int) -> MoodHead:
    """The head that training begins with; one seed gives one head."""
    torch.manual_seed(seed)
    head = MoodHead(kind, preset, shape)
    _fit_input_scales(head, data, preset)
    _start_from_prior(head, data, is_linear=not preset.block_widths)
    return head


def _fit_input_scales(head: MoodHead, data: TrainingData, preset: Preset) -> None:
    """Standardise inputs by the training rows, in two passes over batches so that memory does not grow with N."""
    if head.kind.uses_metadata:
        head.metadata_mean.copy_(data.metadata[data.train].mean(dim=0))
    if not head.kind.uses_cover:
        return
    with torch.no_grad():
        batches, n_rows = share_of(data.train.split(EVALUATION_BATCH)), len(data.train)
        start = torch.zeros_like(head.feature_mean, dtype=torch.float64)
        if preset.cover_scale is None:
            squares = (data.features.rows(b).double().square().sum(dim=0).to(start.device) for b in batches)
            square = float(sum_over_processes(sum(squares, start)).mean()) / n_rows
            head.feature_scale.fill_(1 / max(math.sqrt(square), 1e-6))
            return
        sums = (data.features.rows(b).double().sum(dim=0).to(start.device) for b in batches)
        mean = sum_over_processes(sum(sums, start)) / n_rows
        squares = (((data.features.rows(b).double().to(start.device) - mean) ** 2).sum(dim=0) for b in batches)
        std = (sum_over_processes(sum(squares, start)) / n_rows).sqrt()
        head.feature_mean.copy_(mean)
        scale = preset.cover_scale / (std * math.sqrt(len(std)))
        head.feature_scale.copy_(torch.where(std > 1e-6, scale, torch.zeros_like(scale)))


def _start_from_prior(head: MoodHead, data: TrainingData, *, is_linear: bool) -> None:
    """Start at what is known without any input: each mood's frequency, or the mean of the training moods' vectors."""
    target = data.target[data.train]
    with torch.no_grad():
        if is_linear:
            head.output.weight.zero_()
        if head.kind.gives_logits:
            if head.kind.output == "ranks":
                target = moods_at_ranks(data.top_moods[data.train], n_moods=target.shape[1]).flatten(1)
            rate = target.mean(dim=0).clamp(1e-3, 1 - 1e-3)
            head.output.bias.copy_(torch.logit(rate))
        else:
            centre = (target @ data.labels).mean(dim=0)
            head.output.bias.copy_(centre.repeat(len(head.output.bias) // len(centre)))
