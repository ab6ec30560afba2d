"""Several processes that train one model together, as `torchrun` starts them; alone, everything here does nothing.

Every process draws the same order of albums and takes its share of each batch. What a batch has in common (batch norm's
mean and spread, dropout's draws, the loss's weights, the gradients) is that of the whole batch, so that one process and
many take the same steps up to the rounding of sums.
"""

from __future__ import annotations

import gc
import os
import warnings
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, TypeVar

import torch

# Before there is a group: functions of this module, which DistributedDataParallel imports, hold the group that there is
# then by their defaults. Its threads would outlive Python, and one that still had a tensor to let go abort the process.
import torch.distributed.nn
from torch import distributed, nn

from albumnet.models.heads import Dropout, MoodHead

if TYPE_CHECKING:
    from jaxtyping import Float, Int

Part = TypeVar("Part")


def join_processes(device: str) -> None:
    """Meet the other processes that `torchrun` started, if it did and has not happened yet.

    Args:
        device: cpu | cuda; on GPUs each process takes the one of its local rank.
    """
    if int(os.environ.get("WORLD_SIZE", "1")) < 2 or distributed.is_initialized():
        return
    if device == "cuda":
        torch.cuda.set_device(int(os.environ["LOCAL_RANK"]))
    distributed.init_process_group("nccl" if device == "cuda" else "gloo")


def leave_processes() -> None:
    """Wait for the others and part from them."""
    if distributed.is_initialized():
        distributed.barrier()
        # What is left of DistributedDataParallel holds the group in circles; its threads end with the last that does.
        gc.collect()
        distributed.destroy_process_group()


def n_processes() -> int:
    """How many train together."""
    return distributed.get_world_size() if distributed.is_initialized() else 1


def share_of(parts: Sequence[Part]) -> Sequence[Part]:
    """This process's part of some work."""
    return parts[distributed.get_rank() :: n_processes()] if distributed.is_initialized() else parts


def sum_over_processes(tensor: torch.Tensor) -> torch.Tensor:
    """The sum of what every process gives; no gradients."""
    if n_processes() > 1:
        tensor = tensor.clone()
        distributed.all_reduce(tensor)
    return tensor


class SharedForward:
    """A head run on this process's share of every batch, its gradients averaged over the processes.

    Args:
        head: The head; with several processes its batch norm and dropout are replaced by ones that see whole batches.
        fine_tuned: What learns besides the head.
        forward: Rows -> the head's output, with gradients.
    """

    def __init__(self, head: MoodHead, fine_tuned: Sequence[nn.Parameter], *, forward: Any) -> None:
        self._share = _BatchShare()
        self._forward: Any = forward
        if n_processes() > 1:
            _see_whole_batches(head, self._share)
            joint = _Joint(head, fine_tuned, forward)
            with warnings.catch_warnings():
                warnings.filterwarnings("ignore", "`broadcast_buffers` is deprecated", FutureWarning)  # newly renamed
                # Buffers are the same everywhere already; to broadcast them would only cost.
                self._forward = nn.parallel.DistributedDataParallel(joint, broadcast_buffers=False)

    def rows(self, batch: Int[torch.Tensor, " B"]) -> Int[torch.Tensor, " b"]:
        """This process's share of a batch; all of it where there is not an album for each."""
        return self._share.take(batch)

    def __call__(self, rows: Int[torch.Tensor, " b"]) -> torch.Tensor:
        """The head's output for the share that `rows` last gave."""
        raw: torch.Tensor = self._forward(rows)
        return raw


class _Joint(nn.Module):
    """All that learns, as the one module whose gradients DistributedDataParallel averages."""

    def __init__(self, head: MoodHead, fine_tuned: Sequence[nn.Parameter], forward: Any) -> None:
        super().__init__()
        self.head = head
        self.fine_tuned = nn.ParameterList(fine_tuned)
        self._of_rows = forward

    def forward(self, rows: torch.Tensor) -> torch.Tensor:
        raw: torch.Tensor = self._of_rows(rows)
        return raw


class _BatchShare:
    """Which rows of the present batch are this process's."""

    def __init__(self) -> None:
        self.start, self.stop, self.n_rows = 0, 0, 0

    def take(self, batch: torch.Tensor) -> torch.Tensor:
        count = n_processes()
        self.start, self.stop, self.n_rows = 0, len(batch), len(batch)
        if len(batch) >= count > 1:
            rank = distributed.get_rank()
            self.start, self.stop = (len(batch) * n // count for n in (rank, rank + 1))
        return batch[self.start : self.stop]


def _see_whole_batches(head: MoodHead, share: _BatchShare) -> None:
    for name, module in list(head.blocks.named_children()):
        if isinstance(module, nn.BatchNorm1d):
            head.blocks.add_module(name, _WholeBatchNorm(module))
        elif isinstance(module, Dropout):
            head.blocks.add_module(name, _WholeBatchDropout(module.p, share))


class _WholeBatchNorm(nn.BatchNorm1d):
    """Batch norm with the mean and spread of all processes' rows; torch's own does so on GPUs only."""

    running_mean: torch.Tensor
    running_var: torch.Tensor
    num_batches_tracked: torch.Tensor

    def __init__(self, like: nn.BatchNorm1d) -> None:
        super().__init__(like.num_features, eps=like.eps, momentum=like.momentum)
        self.load_state_dict(like.state_dict())
        self.weight, self.bias = like.weight, like.bias

    def forward(self, x: Float[torch.Tensor, "b C"]) -> Float[torch.Tensor, "b C"]:
        if not self.training:
            return super().forward(x)
        x = x.float()
        n_rows = sum_over_processes(torch.tensor(float(len(x)), device=x.device))
        mean = _sum_with_gradients(x.sum(dim=0)) / n_rows
        variance = _sum_with_gradients((x - mean).square().sum(dim=0)) / n_rows
        with torch.no_grad():
            momentum = self.momentum or 0.0
            self.running_mean.lerp_(mean, momentum)
            self.running_var.lerp_(variance * n_rows / (n_rows - 1), momentum)
            self.num_batches_tracked += 1
        return (x - mean) * torch.rsqrt(variance + self.eps) * self.weight + self.bias


class _WholeBatchDropout(Dropout):
    """Dropout whose draws are those of one process that has the whole batch."""

    def __init__(self, probability: float, share: _BatchShare) -> None:
        super().__init__(probability)
        self._share = share

    def forward(self, x: Float[torch.Tensor, "b C"]) -> Float[torch.Tensor, "b C"]:
        if not self.training:
            return x
        return x * self.draw((self._share.n_rows, *x.shape[1:]), like=x)[self._share.start : self._share.stop]


class _Sum(torch.autograd.Function):
    """The sum of what every process gives; its gradient is the sum of theirs."""

    @staticmethod
    def forward(_ctx: Any, tensor: torch.Tensor) -> torch.Tensor:
        return sum_over_processes(tensor)

    @staticmethod
    def backward(_ctx: Any, *gradients: torch.Tensor) -> torch.Tensor:
        return sum_over_processes(gradients[0])


def _sum_with_gradients(tensor: torch.Tensor) -> torch.Tensor:
    summed: torch.Tensor = _Sum.apply(tensor)
    return summed
