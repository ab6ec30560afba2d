"""The starter model's card: `starter_card.md` with its numbers in place."""

from __future__ import annotations

import string
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from albumnet.metrics import Estimate
from albumnet.models.telling import Telling

MEASURED = ("macro_ap", "micro_ap", "macro_roc_auc", "micro_roc_auc")


@dataclass(frozen=True)
class Measured:
    """What the model was worth on held-out albums of which only so much was known.

    Attributes:
        macro_ap: With its interval over artists, as are the next three.
        micro_ap: Likewise.
        macro_roc_auc: Likewise.
        micro_roc_auc: Likewise.
        share_silent: Share of the albums of which no mood was told.
        told_per_album: Moods told per album, on average over all of them.
        told_precision: Share of the told moods that were right.
    """

    macro_ap: Estimate
    micro_ap: Estimate
    macro_roc_auc: Estimate
    micro_roc_auc: Estimate
    share_silent: float
    told_per_album: float
    told_precision: Estimate


def describe(
    measured: Mapping[str, Measured],
    telling: Mapping[str, Telling],
    *,
    moods: Sequence[str],
    n_albums: int,
    n_covers: int,
) -> str:
    """The card."""
    scores = "\n".join(_score_row(known, row) for known, row in measured.items())
    told = "\n".join(_told_row(known, row, telling[known]) for known, row in measured.items())
    rule = next(iter(telling.values()))
    text = string.Template(Path(__file__).with_suffix(".md").read_text("utf-8"))
    return text.substitute(
        scores=scores, told=told, n_moods=len(moods), n_albums=f"{n_albums:,}", n_covers=f"{n_covers:,}",
        moods=", ".join(moods), precision=round(100 * rule.precision), lift=f"{rule.lift:g}",
    )  # fmt: skip


def _score_row(known: str, row: Measured) -> str:
    cells = (row.macro_roc_auc, row.micro_roc_auc, row.macro_ap, row.micro_ap)
    return f"| {_title(known)} | {' | '.join(map(_cell, cells))} |"


def _told_row(known: str, row: Measured, rule: Telling) -> str:
    threshold = f"{rule.threshold:.2f}" if rule.threshold <= 1 else "none"
    return (
        f"| {_title(known)} | {threshold} | {100 * row.share_silent:.0f} % | {row.told_per_album:.2f} | "
        f"{_cell(row.told_precision)} |"
    )


def _title(known: str) -> str:
    return known.replace("+", ", ")


def _cell(estimate: Estimate) -> str:
    if not estimate.is_defined:
        return "none told"
    numbers = (f"{value:.3f}".removeprefix("0") for value in (estimate.value, estimate.low, estimate.high))
    return "{} [{}, {}]".format(*numbers)
