"""Trains small heads of every kind alone or, under torchrun, with others; the leading process writes their weights.

torchrun --nproc-per-node 2 shared_training.py OUT.safetensors
"""

import sys
from dataclasses import replace
from pathlib import Path

import torch
from safetensors.torch import save_file

from albumnet.models.heads import HeadShape
from albumnet.models.presets import MODELS, PRESETS
from albumnet.progress import is_leading
from albumnet.training.data import TrainingData
from albumnet.training.loop import train_head
from albumnet.training.processes import join_processes, leave_processes

N_TRAIN, N_VALID, D, K, M, E = 131, 40, 9, 4, 6, 5
PRESETS_TRIED = {
    "linear": replace(PRESETS["small"], strengths=(1e-3, 1e-2), max_epochs=4),
    # Batch norm and dropout, and a last batch of 3.
    "blocks": replace(
        PRESETS["seed"], cover_width=8, block_widths=(8, 8), batch_size=32, max_epochs=5, learning_rate=1e-2
    ),
    # A last batch of one album, which is fewer than the processes.
    "single": replace(PRESETS["small"], strengths=(1e-3,), smoothings=(0.0,), batch_size=65, max_epochs=3),
}


class Known:
    """Features that are given."""

    def __init__(self, features):
        self._features = features

    def rows(self, indices):
        return self._features[indices]

    def parameters(self):
        return ()


class Bent(Known):
    """Features with a parameter that learns, as a fine-tuned backbone has."""

    def __init__(self, features):
        super().__init__(features)
        self.bend = torch.nn.Parameter(torch.eye(D))

    def rows(self, indices):
        return super().rows(indices) @ self.bend

    def parameters(self):
        return [self.bend]


def main(out: Path) -> None:
    join_processes("cpu")
    tensors = {}
    for name, kind in MODELS.items():
        for preset_name, preset in PRESETS_TRIED.items():
            for source in (Known, Bent) if kind.uses_cover else (Known,):
                data = make_data(source)
                shape = HeadShape(D if kind.uses_cover else 0, K, M, E if kind.uses_vectors else 0)
                head, history, _ = train_head(data, kind=kind, preset=preset, shape=shape, seed=3, precision="float32")
                key = f"{name}-{preset_name}-{source.__name__}"
                tensors |= {f"{key}.{weight}": value for weight, value in head.state_dict().items()}
                tensors[f"{key}.losses"] = torch.tensor([[e.train_loss, e.valid_loss] for e in history])
                if source is Bent:
                    tensors[f"{key}.bend"] = data.features.bend.detach()
    if is_leading():
        save_file({name: tensor.contiguous().clone() for name, tensor in tensors.items()}, out)
    leave_processes()
    assert not list_group_threads(), "threads of the group that is left would abort the process as Python ends"


def list_group_threads() -> list[str]:
    """Names of this process's threads that work for a process group (none where the system does not tell)."""
    names = [path.read_text().strip() for path in Path("/proc/self/task").glob("*/comm")]
    return [name for name in names if "gloo" in name]


def make_data(source) -> TrainingData:
    """Albums whose moods follow their features and metadata."""
    generator = torch.Generator().manual_seed(0)
    n_albums = N_TRAIN + N_VALID
    features = torch.randn(n_albums, D, generator=generator)
    metadata = torch.randn(n_albums, K, generator=generator)
    closeness = features[:, :M] + metadata[:, :1] + 0.5 * torch.randn(n_albums, M, generator=generator)
    labels = torch.nn.functional.normalize(torch.randn(M, E, generator=generator), dim=1)
    top_moods = closeness.topk(5, dim=1).indices.masked_fill(closeness.topk(5, dim=1).values < 0, -1)
    return TrainingData(
        features=source(features),
        metadata=metadata,
        target=(closeness > 0).float(),
        top_moods=top_moods,
        labels=labels,
        train=torch.arange(N_TRAIN),
        valid=torch.arange(N_TRAIN, n_albums),
    )


if __name__ == "__main__":
    main(Path(sys.argv[1]))
