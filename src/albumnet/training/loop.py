"""Training a head on cached features: one loop, early stopping, the same weights for the same seed, resumable."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch

from albumnet.errors import TrainingError
from albumnet.models.heads import Dense, HeadShape, MoodHead
from albumnet.models.presets import ModelKind, Preset
from albumnet.models.run import Epoch
from albumnet.progress import Progress, ProgressCallback, ignore_progress, is_leading
from albumnet.training.checkpoint import (
    TrainingState,
    copy_parameters,
    load_checkpoint,
    restore_parameters,
    save_checkpoint,
)
from albumnet.training.data import EVALUATION_BATCH, TrainingData
from albumnet.training.feature_sources import FeatureSource
from albumnet.training.losses import count_terms, mood_loss
from albumnet.training.optimizer import RoundingAdam
from albumnet.training.processes import SharedForward, n_processes, share_of, sum_over_processes
from albumnet.training.smoothing import make_smoothing
from albumnet.training.starting import start_head
from albumnet.training.steps import ReplayedStep
from albumnet.vision.engines.torch_engine import has_fast_bfloat16

if TYPE_CHECKING:
    from albumnet.training.steps import Step

# What a kill can cost; saving a 4096-wide head with its optimizer (2 GB) takes so long that it is done less often.
CHECKPOINT_SECONDS = 10.0
TRAINING_PER_SAVING = 10.0


@dataclass(frozen=True, slots=True)
class Trial:
    """One way to train a head: how much moods learn from those they occur with, and the L2 penalty."""

    smoothing: float
    strength: float


def train_head(
    data: TrainingData,
    *,
    kind: ModelKind,
    preset: Preset,
    shape: HeadShape,
    seed: int,
    device: str = "cpu",
    precision: str = "auto",
    checkpoint: Path | None = None,
    identity: str = "",
    progress: ProgressCallback = ignore_progress,
) -> tuple[MoodHead, list[Epoch], Trial]:
    """Train once per smoothing and strength of the preset and keep the weights with the lowest validation loss.

    Args:
        data: What to learn from and choose by.
        kind: Which model.
        preset: How wide, how regularised, how long.
        shape: The numbers the head is built from.
        seed: Of initial weights, order and dropout; one seed gives one set of weights on a processor.
        device: cpu | cuda.
        precision: auto | float32 | bfloat16; auto multiplies matrices of hidden layers in bfloat16 where the machine
            has the arithmetic. Weights, sums, losses and the optimizer are float32 always.
        checkpoint: A file to continue from if it is there, and to keep up to date; None for neither.
        identity: What the checkpoint must have been made for.
        progress: Called per epoch.

    Returns:
        The head in eval mode, the history, and the trial that was kept. Fine-tuned parameters of `data.features` are
        left at their best values.

    Raises:
        TrainingError: If the loss is no longer a number, or there is nothing to learn from or choose by.
        RunError: If the checkpoint belongs to other data or options.
    """
    # Batch norm has no spread to learn from a single album.
    n_needed = 2 if preset.block_widths else 1
    if len(data.train) < n_needed or not len(data.valid):
        sizes = f"{len(data.train)} training and {len(data.valid)} validation albums"
        raise TrainingError(f"{sizes} have moods and features; at least {n_needed} and 1 are needed")
    head = start_head(data, kind, preset, shape, seed=seed).to(device)
    trials = list_trials(kind, preset, is_fine_tuned=bool(data.features.parameters()))
    smoothings = {
        share: make_smoothing(data.target[data.train], share, kind=kind, device=device)
        for share in dict.fromkeys(trial.smoothing for trial in trials)
    }
    data = data.on(device)
    is_mixed = _is_mixed(head, precision, device)
    make_optimizer = partial(_make_optimizer, head, data.features, preset, is_mixed=is_mixed, device=device)
    optimizer = make_optimizer()
    forward = partial(_forward, head, data, device=device, is_mixed=is_mixed)
    shared = SharedForward(head, data.features.parameters(), forward=forward)
    start = copy_parameters(head, data.features) if len(trials) > 1 else {}
    state, best = TrainingState(), dict[str, torch.Tensor]()
    if checkpoint is not None and checkpoint.is_file():
        state, best = load_checkpoint(
            checkpoint, head=head, optimizer=optimizer, features=data.features, identity=identity
        )
        optimizer.round_again()
    next_save = 0.0  # at once, so that a training cut off early is seen to be one
    step: Step | None = None
    while state.trial < len(trials):
        trial, started = trials[state.trial], time.perf_counter()
        if step is None:
            head.smooth_outputs(smoothings[trial.smoothing])
            step = _make_step(
                head, data, optimizer, shared, strength=trial.strength, batch_size=preset.batch_size, device=device
            )
        _seed(seed, state.trial, state.epoch)
        _set_learning_rate(optimizer, fraction=0.5 * (1 + math.cos(math.pi * state.epoch / preset.max_epochs)))
        train_loss = _train_epoch(head, data, step, batch_size=preset.batch_size, device=device)
        valid_loss = evaluate_loss(head, data, data.valid, device=device, forward=forward)
        if not math.isfinite(train_loss + valid_loss):
            raise TrainingError(
                f"epoch {state.epoch + 1} ends with a training loss of {train_loss} and a validation loss of "
                f"{valid_loss}; check the features for values that are not numbers"
            )
        seconds = time.perf_counter() - started
        state.history.append(Epoch(trial.smoothing, trial.strength, state.epoch + 1, train_loss, valid_loss, seconds))
        if valid_loss < state.best_loss:
            best = copy_parameters(head, data.features, into=best)
            state.best_loss, state.best_trial = valid_loss, state.trial
        if valid_loss < state.trial_best_loss:
            state.trial_best_loss, state.trial_best_epoch = valid_loss, state.epoch
        progress(_progress(state, kind, preset, n_trials=len(trials)))
        state.epoch += 1
        if state.epoch == preset.max_epochs or state.epoch - state.trial_best_epoch > preset.patience:
            state.start_next_trial()
            if state.trial < len(trials):
                restore_parameters(start, head, data.features)
                optimizer, step = make_optimizer(), None
        if checkpoint is not None and is_leading() and time.monotonic() >= next_save:
            saving = time.monotonic()
            save_checkpoint(
                checkpoint, state, best=best, head=head, optimizer=optimizer, features=data.features, identity=identity
            )
            next_save = time.monotonic() + max(CHECKPOINT_SECONDS, TRAINING_PER_SAVING * (time.monotonic() - saving))
    optimizer.leave()
    restore_parameters(best, head, data.features)
    kept = trials[state.best_trial]
    head.smooth_outputs(smoothings[kept.smoothing])
    head.fold_smoothing()
    return head.eval(), state.history, kept


def list_trials(kind: ModelKind, preset: Preset, *, is_fine_tuned: bool) -> list[Trial]:
    """Every smoothing with every strength, the preset's first smoothing first."""
    smoothings = preset.smoothings if kind.gives_logits else (0.0,)
    if is_fine_tuned:
        smoothings = smoothings[:1]  # through the pixels a trial may take a day
    return [Trial(smoothing, strength) for smoothing in smoothings for strength in preset.strengths]


def evaluate_loss(
    head: MoodHead,
    data: TrainingData,
    rows: torch.Tensor,
    *,
    device: str,
    forward: Callable[[torch.Tensor], torch.Tensor] | None = None,
) -> float:
    """Mean loss over some rows, in eval mode; `forward` gives the head's output of rows, in float32 if not given."""
    forward = forward or partial(_forward, head, data, device=device, is_mixed=False)
    head.eval()
    total = torch.zeros((), dtype=torch.float64, device=device)
    with torch.no_grad():
        for batch in share_of(rows.split(EVALUATION_BATCH)):
            total += _loss(forward(batch), head, data, batch).double() * len(batch)
    return float(sum_over_processes(total)) / len(rows)


def _make_step(
    head: MoodHead,
    data: TrainingData,
    optimizer: torch.optim.Optimizer,
    shared: SharedForward,
    *,
    strength: float,
    batch_size: int,
    device: str,
) -> Step:
    def step(batch: torch.Tensor) -> torch.Tensor:
        rows = shared.rows(batch)
        optimizer.zero_grad(set_to_none=True)
        loss = _loss(shared(rows), head, data, rows)
        if len(rows) < len(batch):
            # Gradients are averaged over processes: weighted so, this is the gradient of the whole batch's mean loss.
            loss = loss * (n_processes() * _n_terms(head, data, rows) / max(_n_terms(head, data, batch), 1))
        (loss + strength * head.penalty() if strength else loss).backward()
        optimizer.step()
        return loss.detach()

    can_be_replayed = device == "cuda" and data.features.is_at_hand and n_processes() == 1
    return ReplayedStep(step, batch_size=batch_size) if can_be_replayed else step


def _train_epoch(head: MoodHead, data: TrainingData, step: Step, *, batch_size: int, device: str) -> float:
    head.train()
    total, seen = torch.zeros((), dtype=torch.float64, device=device), 0
    for batch in data.train[torch.randperm(len(data.train)).to(device)].split(batch_size):
        if len(batch) < 2 and seen:
            continue  # batch norm has no spread to learn from a single album
        total, seen = total + step(batch) * len(batch), seen + len(batch)
    return float(sum_over_processes(total)) / n_processes() / seen


def _n_terms(head: MoodHead, data: TrainingData, rows: torch.Tensor) -> float:
    return count_terms(target=data.target[rows], top_moods=data.top_moods[rows], kind=head.kind)


def _forward(head: MoodHead, data: TrainingData, rows: torch.Tensor, *, device: str, is_mixed: bool) -> torch.Tensor:
    features, metadata = data.features.rows(rows).to(device), data.metadata[rows]
    with torch.autocast(device, dtype=torch.bfloat16, enabled=is_mixed):
        raw: torch.Tensor = head(features, metadata)
    return raw.float()


def _is_mixed(head: MoodHead, precision: str, device: str) -> bool:
    if precision != "auto":
        return precision == "bfloat16"
    # A single layer takes less time than its optimizer; three of 4096 took 1.8 times less so.
    has_arithmetic = torch.cuda.is_bf16_supported() if device == "cuda" else has_fast_bfloat16()
    return len(head.blocks) > 0 and has_arithmetic


def _loss(raw: torch.Tensor, head: MoodHead, data: TrainingData, batch: torch.Tensor) -> torch.Tensor:
    return mood_loss(
        raw, target=data.target[batch], top_moods=data.top_moods[batch], labels=data.labels, kind=head.kind
    )


def _make_optimizer(
    head: MoodHead, features: FeatureSource, preset: Preset, *, is_mixed: bool, device: str
) -> RoundingAdam:
    groups: list[dict[str, Any]] = [{"params": list(head.parameters()), "base_lr": preset.learning_rate}]
    if fine_tuned := list(features.parameters()):
        # A tenth of the usual head rate: pretrained weights are to be bent, not overwritten.
        groups.append({"params": fine_tuned, "base_lr": 1e-4})
    # Several processes average the gradients of the weights themselves.
    has_copies = is_mixed and device == "cpu" and n_processes() == 1
    layers = [m for m in head.modules() if isinstance(m, Dense)] if has_copies else []
    return RoundingAdam(groups, layers, lr=preset.learning_rate, device=device)


def _seed(seed: int, trial: int, epoch: int) -> None:
    # Seeding every epoch by its own number makes a resumed run draw what an uninterrupted one would have.
    torch.manual_seed((seed * 1_000 + trial) * 1_000 + epoch + 1)


def _set_learning_rate(optimizer: torch.optim.Optimizer, *, fraction: float) -> None:
    for group in optimizer.param_groups:
        lr = group["base_lr"] * fraction
        if isinstance(group["lr"], torch.Tensor):
            group["lr"].fill_(lr)  # where a recorded step looks for it
        else:
            group["lr"] = lr


def _progress(state: TrainingState, kind: ModelKind, preset: Preset, *, n_trials: int) -> Progress:
    last = state.history[-1]
    note = f"epoch {last.epoch}: train {last.train_loss:.4f}, valid {last.valid_loss:.4f}"
    if n_trials > 1:
        note = f"strength {last.strength:g}, {note}"
    if n_trials > len(preset.strengths):
        note = f"smoothing {last.smoothing:g}, {note}"
    done = state.trial * preset.max_epochs + last.epoch
    return Progress("training", done, n_trials * preset.max_epochs, f"{kind.short_title}, {note}")
