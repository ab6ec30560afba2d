"""What is done shard by shard: the contract between a stage and the engine that spreads it over workers.

A worker writes what it made to where the set or the output lies, under a name that follows from the shard, and only
tells how it went: results do not pass through the one process that leads, and a shard done twice writes the same file.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol, TypeVar

Item = TypeVar("Item")
Item_contra = TypeVar("Item_contra", contravariant=True)
Outcome_co = TypeVar("Outcome_co", covariant=True)


class Work(Protocol[Item_contra, Outcome_co]):
    """One stage's work on shards; it is sent to every worker, so it holds addresses and options, no networks."""

    def start(self) -> Callable[[Sequence[Item_contra]], Outcome_co]:
        """In a worker: load what all shards need; what is returned does one shard."""


def cut_into_shards(items: Sequence[Item], *, size: int, is_done: Callable[[Item], bool]) -> list[list[Item]]:
    """Shards of what is left to do, each of at most `size` items.

    Cutting comes before leaving out, so that a shard holds the same items whatever else was done meanwhile.
    """
    shards = ([i for i in items[n : n + size] if not is_done(i)] for n in range(0, len(items), size))
    return [shard for shard in shards if shard]
