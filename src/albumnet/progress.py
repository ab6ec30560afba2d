"""How a stage tells the outside how far it is, without knowing who listens."""

import os
from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Progress:
    """How far one stage has come.

    Attributes:
        stage: What is being done, as a person would say it ("features").
        done: Items finished, out of `total`.
        total: Items in all.
        note: Anything worth a line of its own ("epoch 3: valid loss 0.231"); empty otherwise.
    """

    stage: str
    done: int
    total: int
    note: str = ""


ProgressCallback = Callable[[Progress], None]


def ignore_progress(progress: Progress) -> None:
    """The callback of those who do not listen."""


def is_leading() -> bool:
    """Whether this process writes and speaks: of those that `torchrun` started it is the one of rank 0."""
    return os.environ.get("RANK", "0") == "0"
