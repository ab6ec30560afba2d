"""Raters who are not there: answers with a planted agreement, to test the measures with and to plan a study by.

For each cover and mood, what is perceived is what the set says with probability b, else drawn anew with the mood's
share p; a rater says what is perceived with probability a, else draws anew. So every cell of a rater is 1 with
probability p, and Cohen's kappa, mood by mood and pooled, is a^2 between two raters and a b between rater and set, in
expectation over covers.
"""

from __future__ import annotations

import math
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from albumnet.errors import StudyError
from albumnet.study.answers.store import Answer, now
from albumnet.study.folder import Key, Study

if TYPE_CHECKING:
    from jaxtyping import Bool, Float


@dataclass(frozen=True, slots=True)
class Planted:
    """What is planted.

    Attributes:
        between_raters: Kappa of two raters, in [0, 1].
        with_set: Kappa of rater and set, in [0, root of `between_raters`].
        with_oneself: Kappa of a rater's two answers to a repeated cover.
        cannot_tell: Share of covers that a rater can't tell from.
    """

    between_raters: float = 0.3
    with_set: float = 0.15
    with_oneself: float = 0.7
    cannot_tell: float = 0.04

    def __post_init__(self) -> None:
        for what, value in (("agreement", self.between_raters), ("consistency", self.with_oneself)):
            if not 0 <= value <= 1:
                raise StudyError(f"a planted {what} of {value:g} is no kappa from 0 to 1")
        if not 0 <= self.with_set <= math.sqrt(self.between_raters):
            raise StudyError(
                f"raters who agree with kappa {self.between_raters:g} can agree with the set by at most "
                f"{math.sqrt(self.between_raters):.3f}, not {self.with_set:g}"
            )


def simulate_decisions(
    truth: Bool[np.ndarray, "N M"],
    shares: Float[np.ndarray, " M"],
    *,
    n_raters: int,
    planted: Planted,
    rng: np.random.Generator,
) -> Bool[np.ndarray, "R N M"]:
    """What R raters say of N covers."""
    fidelity = math.sqrt(planted.between_raters)
    nearness = planted.with_set / fidelity if fidelity else 0.0
    perceived = _noisy(truth, shares, fidelity=nearness, rng=rng)
    return np.stack([_noisy(perceived, shares, fidelity=fidelity, rng=rng) for _ in range(n_raters)])


def simulate_answers(
    study: Study, key: Key, raters: Sequence[str], *, planted: Planted, rng: np.random.Generator
) -> list[Answer]:
    """A whole sitting of each of some raters; moods are in random order of strength."""
    shares = np.array([key.shares[mood] for mood in study.moods])
    items = [item.item for item in study.training] + list(study.items)
    truth = np.array([[mood in key.items[item].moods for mood in study.moods] for item in items], dtype=bool)
    said = simulate_decisions(truth, shares, n_raters=len(raters), planted=planted, rng=rng)
    row_of = {item: n for n, item in enumerate(items)}
    answers = []
    for decisions, name in zip(said, raters, strict=True):
        rater = study.rater(name)
        for position, item in enumerate(study.items_of(rater)):
            row = decisions[row_of[item]]
            if study.showing(rater, position) > 1:
                row = _noisy(row, shares, fidelity=planted.with_oneself, rng=rng)
            moods = [study.moods[m] for m in rng.permutation(np.flatnonzero(row))]
            cannot_tell = bool(rng.random() < planted.cannot_tell)
            seconds = float(np.round(rng.lognormal(math.log(18), 0.5), 1))
            answers.append(
                Answer(
                    str(uuid.UUID(bytes=rng.bytes(16))), name, position, item, 1,
                    () if cannot_tell else tuple(moods), cannot_tell, seconds, now(), "simulated",
                )
            )  # fmt: skip
    return answers


def _noisy(cells: np.ndarray, shares: np.ndarray, *, fidelity: float, rng: np.random.Generator) -> np.ndarray:
    is_kept = rng.random(cells.shape) < fidelity
    drawn = rng.random(cells.shape) < shares
    noisy: np.ndarray = np.where(is_kept, cells, drawn)
    return noisy
