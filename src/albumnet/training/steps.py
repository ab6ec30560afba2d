"""One step of training, and on a GPU the same step recorded once and replayed.

A step of a head of one layer is some fifty kernels of a few microseconds each; launched one by one from Python they
come more slowly than a GPU runs them.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import torch

if TYPE_CHECKING:
    from jaxtyping import Float, Int

    # Rows of a batch -> its loss, after the weights have been changed by it.
    Step = Callable[[Int[torch.Tensor, " B"]], Float[torch.Tensor, ""]]

# Before a recording cuDNN, cuBLAS and the optimizer must have set themselves up.
_N_BEFORE_RECORDING = 3


class ReplayedStep:
    """A step on a GPU that is recorded as a CUDA graph at its fourth whole batch and replayed from then on.

    Every batch is stepped once, those before the recording too; batches of another length are stepped without it.

    Args:
        step: What is recorded: it must take its inputs from the GPU and wait for nothing.
        batch_size: Of whole batches.
    """

    def __init__(self, step: Step, *, batch_size: int) -> None:
        self._step = step
        self._batch_size = batch_size
        self._n_before = 0
        self._graph: torch.cuda.CUDAGraph | None = None
        self._rows = torch.empty(0)
        self._loss = torch.empty(0)

    def __call__(self, rows: Int[torch.Tensor, " B"]) -> Float[torch.Tensor, ""]:
        """The loss of these rows, good until the next call."""
        if len(rows) != self._batch_size:
            return self._step(rows)
        if self._graph is None and self._n_before < _N_BEFORE_RECORDING:
            self._n_before += 1
            return self._step_aside(rows)
        if self._graph is None:
            self._graph, self._rows = torch.cuda.CUDAGraph(), rows.clone()
            with torch.cuda.graph(self._graph):
                self._loss = self._step(self._rows)
        self._rows.copy_(rows)
        self._graph.replay()
        return self._loss

    def _step_aside(self, rows: torch.Tensor) -> torch.Tensor:
        """On a stream beside the default one, as steps before a recording must be."""
        stream = torch.cuda.Stream()
        stream.wait_stream(torch.cuda.current_stream())
        with torch.cuda.stream(stream):
            loss = self._step(rows)
        torch.cuda.current_stream().wait_stream(stream)
        return loss
