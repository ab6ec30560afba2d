"""Leaks in the open: the same artist or cover on two sides of a split, by name and by digest."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

N_PAIRS = 20


@dataclass(frozen=True)
class SuspiciousPair:
    """A held-out album and the reference album that it may share an artist or a cover with, as rows of the input."""

    held_out: int
    reference: int
    closeness: float


@dataclass(frozen=True)
class LeakAlarm:
    """What one check found.

    Attributes:
        check: Its name.
        statistic: What was measured; `message` says what it is.
        p_value: Chance of a statistic at least as large without a leak; nan for checks that compare names.
        fired: Whether there is a leak, at the level asked for.
        pairs: The pairs to look at first, most suspicious first; at most 20.
        message: All this in one plain line.
    """

    check: str
    statistic: float
    p_value: float
    fired: bool
    pairs: tuple[SuspiciousPair, ...]
    message: str


def find_open_leaks(
    *, artists: Sequence[str], covers: Sequence[str | None], sides: Sequence[str]
) -> tuple[LeakAlarm, LeakAlarm]:
    """Artists and covers that lie on two sides, by name and by digest.

    Args:
        artists: Key of each album's artist; empty where nobody in particular is named.
        covers: sha256 of each album's cover; None where there is none.
        sides: Side of each album.

    Returns:
        The alarm of artists and that of covers; the statistic is how many are on two sides.
    """
    return (
        _names_on_two_sides("same artist", "artist", artists, sides=sides),
        _names_on_two_sides("same cover", "cover", covers, sides=sides),
    )


def _names_on_two_sides(
    check: str, what: str, names: Sequence[str | None], *, sides: Sequence[str], shown: int = 3
) -> LeakAlarm:
    rows_of: dict[str, list[int]] = {}
    for n, name in enumerate(names):
        if name:
            rows_of.setdefault(name, []).append(n)
    pairs, found = [], []
    for name, rows in rows_of.items():
        other = next((n for n in rows if sides[n] != sides[rows[0]]), None)
        if other is not None:
            found.append(name)
            pairs.append(SuspiciousPair(other, rows[0], 1.0))
    if not found:
        message = f"no {what} is on two sides ({len(rows_of):,} different {what}s)"
    else:
        more = f" and {len(found) - shown:,} more" if len(found) > shown else ""
        count = f"1 {what} is" if len(found) == 1 else f"{len(found):,} {what}s are"
        message = f"{count} on two sides: {', '.join(found[:shown])}{more}; split the set again"
    return LeakAlarm(check, float(len(found)), float("nan"), bool(found), tuple(pairs[:N_PAIRS]), message)
