"""The state of a training on disk, as safetensors, from which it continues exactly."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path

import torch

from albumnet.dataset.addresses import fetched
from albumnet.errors import RunError
from albumnet.models.heads import MoodHead
from albumnet.models.run import SCHEMA_VERSION, Epoch, write_weights
from albumnet.training.feature_sources import FeatureSource


@dataclass
class TrainingState:
    """Where a training stands, weights aside.

    Attributes:
        trial: Which smoothing and strength are being tried.
        epoch: How many epochs of this trial are done.
        trial_best_loss: Lowest validation loss of this trial.
        trial_best_epoch: When that was; -1 before the first epoch.
        best_loss: Lowest validation loss of all trials.
        best_trial: The one that gave it.
        history: Every epoch so far.
    """

    trial: int = 0
    epoch: int = 0
    trial_best_loss: float = math.inf
    trial_best_epoch: int = -1
    best_loss: float = math.inf
    best_trial: int = 0
    history: list[Epoch] = field(default_factory=list)

    def start_next_trial(self) -> None:
        """Move on to the next smoothing or strength."""
        self.trial, self.epoch, self.trial_best_loss, self.trial_best_epoch = self.trial + 1, 0, math.inf, -1


def copy_parameters(
    head: MoodHead, features: FeatureSource, *, into: Mapping[str, torch.Tensor] | None = None
) -> dict[str, torch.Tensor]:
    """All that training changes, by name, as it is now; written over an older copy where there is one."""
    found = _parameters(head, features)
    if not into:
        return {name: tensor.clone() for name, tensor in found.items()}
    return {name: into[name].copy_(tensor) for name, tensor in found.items()}


def restore_parameters(tensors: Mapping[str, torch.Tensor], head: MoodHead, features: FeatureSource) -> None:
    """Put back what `copy_parameters` gave."""
    with torch.no_grad():
        for name, tensor in _parameters(head, features).items():
            tensor.copy_(tensors[name])


def save_checkpoint(
    path: Path,
    state: TrainingState,
    *,
    best: Mapping[str, torch.Tensor],
    head: MoodHead,
    optimizer: torch.optim.Optimizer,
    features: FeatureSource,
    identity: str,
) -> None:
    """Write the whole state, or nothing.

    Args:
        path: The file; it is replaced.
        state: Where training stands.
        best: The weights that are kept so far.
        head: With the present weights.
        optimizer: With its running means.
        features: With their present parameters, if they are being fine-tuned.
        identity: What a training must have in common with this one to continue it.
    """
    tensors = {f"best.{name}": tensor for name, tensor in best.items()}
    tensors |= {f"now.{name}": tensor for name, tensor in _parameters(head, features).items()}
    for n, slots in optimizer.state_dict()["state"].items():
        tensors |= {f"adam.{n}.{slot}": value for slot, value in slots.items()}
    content = {"schema_version": SCHEMA_VERSION, "identity": identity, **asdict(state)}
    write_weights(path, tensors, made_from={"state": json.dumps(content)})


def load_checkpoint(
    path: Path, *, head: MoodHead, optimizer: torch.optim.Optimizer, features: FeatureSource, identity: str
) -> tuple[TrainingState, dict[str, torch.Tensor]]:
    """Where training stood and the best weights until then; head, optimizer and features are put back in place.

    Raises:
        RunError: If the file cannot be read, or belongs to other data or options.
    """
    from safetensors import SafetensorError, safe_open

    try:
        with fetched(path) as local, safe_open(local, framework="pt") as file:
            content = json.loads((file.metadata() or {}).get("state", "{}"))
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118  not a mapping
    except (SafetensorError, OSError, ValueError) as error:
        raise RunError(f"cannot continue from {path}: {error}; pass --force to start anew") from error
    if content.pop("schema_version", None) != SCHEMA_VERSION or content.pop("identity", None) != identity:
        raise RunError(
            f"{path} was left by a training on other data or with other options; repeat those, or pass --force"
        )
    groups: dict[str, dict[str, torch.Tensor]] = {"best": {}, "now": {}, "adam": {}}
    for name, tensor in tensors.items():
        group, _, rest = name.partition(".")
        groups[group][rest] = tensor
    restore_parameters(groups["now"], head, features)
    adam: dict[int, dict[str, torch.Tensor]] = {}
    for name, tensor in groups["adam"].items():
        n, _, slot = name.partition(".")
        adam.setdefault(int(n), {})[slot] = tensor
    optimizer.load_state_dict({**optimizer.state_dict(), "state": adam})
    history = [Epoch(**epoch) for epoch in content.pop("history")]
    return TrainingState(**content, history=history), groups["best"]


def _parameters(head: MoodHead, features: FeatureSource) -> dict[str, torch.Tensor]:
    """The tensors themselves, not copies."""
    tensors = {f"head.{name}": tensor.detach() for name, tensor in head.state_dict().items()}
    return tensors | {f"tuned.{n}": p.detach() for n, p in enumerate(features.parameters())}
