"""Training a head on cached features: one loop, early stopping, the same weights for the same seed, resumable."""

from __future__ import annotations

import json
import math
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import torch

from albumnet.dataset.atomic import replacing
from albumnet.errors import RunError, TrainingError
from albumnet.models.heads import HeadShape, MoodHead
from albumnet.models.losses import mood_loss
from albumnet.models.presets import ModelKind, Preset
from albumnet.progress import Progress, ProgressCallback, ignore_progress

if TYPE_CHECKING:
    from jaxtyping import Float, Int

CHECKPOINT_SECONDS = 10.0
_EVALUATION_BATCH = 256


class FeatureSource(Protocol):
    """Where a batch's cover features come from: cached ones, or pixels through a backbone that is being fine-tuned."""

    def rows(self, indices: Int[torch.Tensor, " B"]) -> Float[torch.Tensor, "B D"]:
        """Features of these albums."""

    def parameters(self) -> Sequence[torch.nn.Parameter]:
        """What training may change besides the head; empty for cached features."""


@dataclass(frozen=True)
class TrainingData:
    """Everything the loop looks at; row n of each belongs to album n.

    Attributes:
        features: Of the covers.
        metadata: (N, K).
        target: (N, M), 0 or 1.
        top_moods: (N, 5) columns of the strongest moods, -1 where there are fewer.
        labels: (M, E) unit label vectors; E is 0 for models without word vectors.
        train: Rows to learn from.
        valid: Rows to choose by.
    """

    features: FeatureSource
    metadata: Float[torch.Tensor, "N K"]
    target: Float[torch.Tensor, "N M"]
    top_moods: Int[torch.Tensor, "N 5"]
    labels: Float[torch.Tensor, "M E"]
    train: Int[torch.Tensor, " n"]
    valid: Int[torch.Tensor, " n"]


@dataclass(frozen=True, slots=True)
class Epoch:
    """One line of the history: mean losses per album, penalty left out."""

    strength: float
    epoch: int
    train_loss: float
    valid_loss: float
    seconds: float


@dataclass
class _State:
    """Where training stands; all of it goes into the checkpoint."""

    trial: int = 0
    epoch: int = 0
    trial_best_loss: float = math.inf
    trial_best_epoch: int = -1
    best_loss: float = math.inf
    best_strength: float = 0.0
    history: list[Epoch] = field(default_factory=list)


def train_head(
    data: TrainingData,
    *,
    kind: ModelKind,
    preset: Preset,
    shape: HeadShape,
    seed: int,
    device: str = "cpu",
    checkpoint: Path | None = None,
    identity: str = "",
    progress: ProgressCallback = ignore_progress,
) -> tuple[MoodHead, list[Epoch], float]:
    """Train once per strength of the preset and keep the weights with the lowest validation loss.

    Args:
        data: What to learn from and choose by.
        kind: Which model.
        preset: How wide, how regularised, how long.
        shape: The numbers the head is built from.
        seed: Of initial weights, order and dropout; one seed gives one set of weights on a processor.
        device: cpu | cuda.
        checkpoint: A file to continue from if it is there, and to keep up to date; None for neither.
        identity: What the checkpoint must have been made for.
        progress: Called per epoch.

    Returns:
        The head in eval mode, the history, and the strength that was kept. Fine-tuned parameters of
        `data.features` are left at their best values.

    Raises:
        TrainingError: If the loss is no longer a number, or there is nothing to learn from or choose by.
        RunError: If the checkpoint belongs to other data or options.
    """
    if not len(data.train) or not len(data.valid):
        raise TrainingError(
            f"{len(data.train)} training and {len(data.valid)} validation albums have moods and features; both are needed"
        )
    state = _State()
    best: dict[str, torch.Tensor] = {}
    starting_point = [p.detach().clone() for p in data.features.parameters()]
    head, optimizer = _start_trial(data, kind, preset, shape, seed=seed, device=device, starting_point=starting_point)
    if checkpoint is not None and checkpoint.is_file():
        state, best = _load_checkpoint(checkpoint, head, optimizer, data.features, identity=identity)
    last_saved = time.monotonic()
    while state.trial < len(preset.strengths):
        strength = preset.strengths[state.trial]
        start = time.perf_counter()
        _seed(seed, state.trial, state.epoch)
        _set_learning_rate(optimizer, fraction=0.5 * (1 + math.cos(math.pi * state.epoch / preset.max_epochs)))
        train_loss = _train_epoch(head, data, optimizer, strength=strength, batch_size=preset.batch_size, device=device)
        valid_loss = evaluate_loss(head, data, data.valid, device=device)
        if not math.isfinite(train_loss + valid_loss):
            raise TrainingError(
                f"the loss is {train_loss} in epoch {state.epoch + 1}; check the features for values that are not numbers"
            )
        state.history.append(Epoch(strength, state.epoch + 1, train_loss, valid_loss, time.perf_counter() - start))
        if valid_loss < state.best_loss:
            best = _copy_parameters(head, data.features)
            state.best_loss, state.best_strength = valid_loss, strength
        if valid_loss < state.trial_best_loss:
            state.trial_best_loss, state.trial_best_epoch = valid_loss, state.epoch
        progress(_progress(state, preset, train_loss, valid_loss))
        state.epoch += 1
        if state.epoch == preset.max_epochs or state.epoch - state.trial_best_epoch > preset.patience:
            state.trial, state.epoch, state.trial_best_loss, state.trial_best_epoch = state.trial + 1, 0, math.inf, -1
            head, optimizer = _start_trial(
                data, kind, preset, shape, seed=seed, device=device, starting_point=starting_point
            )
        if checkpoint is not None and time.monotonic() - last_saved >= CHECKPOINT_SECONDS:
            _save_checkpoint(checkpoint, state, best, head, optimizer, data.features, identity=identity)
            last_saved = time.monotonic()
    _restore(best, head, data.features)
    return head.eval(), state.history, state.best_strength


def evaluate_loss(head: MoodHead, data: TrainingData, rows: torch.Tensor, *, device: str) -> float:
    """Mean loss over some rows, in eval mode."""
    head.eval()
    total = 0.0
    with torch.no_grad():
        for batch in rows.split(_EVALUATION_BATCH):
            total += float(_loss(head, data, batch, device=device)) * len(batch)
    return total / len(rows)


def _train_epoch(
    head: MoodHead,
    data: TrainingData,
    optimizer: torch.optim.Optimizer,
    *,
    strength: float,
    batch_size: int,
    device: str,
) -> float:
    head.train()
    total, seen = 0.0, 0
    for batch in data.train[torch.randperm(len(data.train))].split(batch_size):
        if len(batch) < 2 and seen:
            continue  # batch norm has no spread to learn from a single album
        loss = _loss(head, data, batch, device=device)
        optimizer.zero_grad(set_to_none=True)
        (loss + strength * head.penalty() if strength else loss).backward()  # type: ignore[no-untyped-call]  # torch's own
        optimizer.step()
        total, seen = total + float(loss) * len(batch), seen + len(batch)
    return total / seen


def _loss(head: MoodHead, data: TrainingData, batch: torch.Tensor, *, device: str) -> torch.Tensor:
    raw = head(data.features.rows(batch).to(device), data.metadata[batch].to(device))
    return mood_loss(
        raw,
        target=data.target[batch].to(device),
        top_moods=data.top_moods[batch].to(device),
        labels=data.labels.to(device),
        kind=head.kind,
    )


def _start_trial(
    data: TrainingData,
    kind: ModelKind,
    preset: Preset,
    shape: HeadShape,
    *,
    seed: int,
    device: str,
    starting_point: Sequence[torch.Tensor],
) -> tuple[MoodHead, torch.optim.Adam]:
    torch.manual_seed(seed)
    head = MoodHead(kind, preset, shape)
    _fit_input_scales(head, data, preset)
    _start_from_prior(head, data, is_linear=not preset.block_widths)
    fine_tuned = list(data.features.parameters())
    with torch.no_grad():
        for parameter, value in zip(fine_tuned, starting_point, strict=True):
            parameter.copy_(value)
    groups: list[dict[str, Any]] = [{"params": list(head.to(device).parameters()), "base_lr": preset.learning_rate}]
    if fine_tuned:
        # A tenth of the usual head rate: pretrained weights are to be bent, not overwritten.
        groups.append({"params": fine_tuned, "base_lr": 1e-4})
    return head, torch.optim.Adam(groups, lr=preset.learning_rate)


def _fit_input_scales(head: MoodHead, data: TrainingData, preset: Preset) -> None:
    """Standardise inputs by the training rows, in two passes over batches so that memory does not grow with N."""
    if head.kind.uses_metadata:
        head.metadata_mean.copy_(data.metadata[data.train].mean(dim=0))
    if not head.kind.uses_cover:
        return
    with torch.no_grad():
        batches = data.train.split(_EVALUATION_BATCH)
        mean = sum((data.features.rows(b).double().sum(dim=0).cpu() for b in batches), torch.zeros(1)) / len(data.train)
        if preset.cover_scale is None:
            square = sum(float(data.features.rows(b).double().square().mean()) * len(b) for b in batches) / len(data.train)
            head.feature_scale.fill_(1 / max(math.sqrt(square), 1e-6))
            return
        squares = (((data.features.rows(b).double().cpu() - mean) ** 2).sum(dim=0) for b in batches)
        std = (sum(squares, torch.zeros(1)) / len(data.train)).sqrt()
        head.feature_mean.copy_(mean)
        scale = preset.cover_scale / (std * math.sqrt(len(std)))
        head.feature_scale.copy_(torch.where(std > 1e-6, scale, torch.zeros_like(scale)))


def _start_from_prior(head: MoodHead, data: TrainingData, *, is_linear: bool) -> None:
    """Start at what is known without any input: each mood's frequency, or the mean of the training moods' vectors."""
    target = data.target[data.train]
    with torch.no_grad():
        if is_linear:
            head.output.weight.zero_()
        if head.kind.output == "logits":
            rate = target.mean(dim=0).clamp(1e-3, 1 - 1e-3)
            head.output.bias.copy_(torch.logit(rate))
        else:
            centre = (target @ data.labels).mean(dim=0)
            head.output.bias.copy_(centre.repeat(len(head.output.bias) // len(centre)))


def _seed(seed: int, trial: int, epoch: int) -> None:
    # Seeding every epoch by its own number makes a resumed run draw what an uninterrupted one would have.
    torch.manual_seed((seed * 1_000 + trial) * 1_000 + epoch + 1)


def _set_learning_rate(optimizer: torch.optim.Optimizer, *, fraction: float) -> None:
    for group in optimizer.param_groups:
        group["lr"] = group["base_lr"] * fraction


def _progress(state: _State, preset: Preset, train_loss: float, valid_loss: float) -> Progress:
    note = f"epoch {state.epoch + 1}: train {train_loss:.4f}, valid {valid_loss:.4f}"
    if len(preset.strengths) > 1:
        note = f"strength {preset.strengths[state.trial]:g}, {note}"
    done = state.trial * preset.max_epochs + state.epoch + 1
    return Progress("training", done, len(preset.strengths) * preset.max_epochs, note)


def _copy_parameters(head: MoodHead, features: FeatureSource) -> dict[str, torch.Tensor]:
    tensors = {f"head.{name}": tensor.detach().clone() for name, tensor in head.state_dict().items()}
    return tensors | {f"tuned.{n}": p.detach().clone() for n, p in enumerate(features.parameters())}


def _restore(tensors: dict[str, torch.Tensor], head: MoodHead, features: FeatureSource) -> None:
    head.load_state_dict({n.removeprefix("head."): t for n, t in tensors.items() if n.startswith("head.")})
    with torch.no_grad():
        for n, parameter in enumerate(features.parameters()):
            parameter.copy_(tensors[f"tuned.{n}"])


def _save_checkpoint(
    path: Path,
    state: _State,
    best: dict[str, torch.Tensor],
    head: MoodHead,
    optimizer: torch.optim.Optimizer,
    features: FeatureSource,
    *,
    identity: str,
) -> None:
    from safetensors.torch import save_file

    tensors = {f"best.{name}": tensor for name, tensor in best.items()}
    tensors |= {f"now.{name}": tensor for name, tensor in _copy_parameters(head, features).items()}
    for n, slots in optimizer.state_dict()["state"].items():
        tensors |= {f"adam.{n}.{slot}": value for slot, value in slots.items()}
    content = {**asdict(state), "identity": identity}
    with replacing(path) as temporary:
        save_file({n: t.contiguous() for n, t in tensors.items()}, temporary, {"state": json.dumps(content)})


def _load_checkpoint(
    path: Path, head: MoodHead, optimizer: torch.optim.Optimizer, features: FeatureSource, *, identity: str
) -> tuple[_State, dict[str, torch.Tensor]]:
    from safetensors import safe_open

    with safe_open(path, framework="pt") as file:
        content = json.loads((file.metadata() or {}).get("state", "{}"))
        if content.pop("identity", None) != identity:
            raise RunError(
                f"{path} was left by a training on other data or with other options; repeat those, or pass --force"
            )
        tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118  not a mapping
    content["history"] = [Epoch(**epoch) for epoch in content["history"]]
    groups: dict[str, dict[str, torch.Tensor]] = {"best": {}, "now": {}, "adam": {}}
    for name, tensor in tensors.items():
        group, _, rest = name.partition(".")
        groups[group][rest] = tensor
    _restore(groups["now"], head, features)
    adam: dict[int, dict[str, torch.Tensor]] = {}
    for name, tensor in groups["adam"].items():
        n, _, slot = name.partition(".")
        adam.setdefault(int(n), {})[slot] = tensor
    optimizer.load_state_dict({**optimizer.state_dict(), "state": adam})
    return _State(**content), groups["best"]
