"""One thing looked at, and what was found."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class State(StrEnum):
    """What was found; only `BROKEN` is a fault."""

    OK = "ok"
    ABSENT = "absent"
    BROKEN = "broken"


@dataclass(frozen=True, slots=True)
class Check:
    """One thing looked at.

    Attributes:
        what: What it is.
        state: Sound, not there though it might be, or at fault.
        told: In one line what was found and, unless it is sound, what to do.
    """

    what: str
    state: State
    told: str
