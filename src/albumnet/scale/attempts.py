"""Who dies on a shard: the record that isolates a cover which kills every worker that touches it.

An engine gives a shard whose worker died to another one, for ever. So each worker writes down what it takes in hand,
where the next one finds it: after some deaths the shard is done cover by cover, and a cover
on which some more died is given up.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from pathlib import Path

from albumnet.dataset.addresses import read_bytes
from albumnet.dataset.atomic import write_bytes

# Machines are taken away and processes killed for many reasons; a shard that outlives two of them is not yet suspect.
WHOLE_TRIES = 2
# One by one, it takes this many deaths on the very same cover.
COVER_TRIES = 3


class Attempts:
    """How often workers began a shard and did not end it.

    Args:
        folder: Where the records lie, one file per shard that is in hand.
        covers: The shard.
    """

    def __init__(self, folder: Path, covers: Sequence[str]) -> None:
        name = hashlib.sha256(json.dumps(list(covers)).encode()).hexdigest()[:16]
        self._file = folder / f"{name}.json"
        self._n_begun = 0
        self._deaths: dict[str, int] = {}  # cover -> how many workers were at it when they died

    def begin(self) -> bool:
        """Take the shard in hand; whether to do it cover by cover."""
        try:
            record = json.loads(read_bytes(self._file))
        except FileNotFoundError:
            record = {"n_begun": 0, "deaths": {}, "at": None}
        self._n_begun, self._deaths = record["n_begun"] + 1, record["deaths"]
        if (cover := record["at"]) is not None:
            self._deaths[cover] = self._deaths.get(cover, 0) + 1
        self._write(at=None)
        return self._n_begun > WHOLE_TRIES

    def is_given_up(self, cover: str) -> bool:
        """Whether too many workers died at a cover to try it again."""
        return self._deaths.get(cover, 0) >= COVER_TRIES

    def take(self, cover: str) -> None:
        """Write down that this cover comes next."""
        self._write(at=cover)

    def end(self) -> None:
        """The shard is done."""
        self._file.unlink(missing_ok=True)

    def _write(self, *, at: str | None) -> None:
        record = {"n_begun": self._n_begun, "deaths": self._deaths, "at": at}
        write_bytes(self._file, json.dumps(record).encode())


def forget_attempts(folder: Path) -> None:
    """Remove the records that workers left which died after their shard was done."""
    if not folder.is_dir():
        return
    for file in folder.iterdir():  # with the halves of records that were being written
        file.unlink(missing_ok=True)
    folder.rmdir()
