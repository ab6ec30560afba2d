"""A line per mood: how well the model finds it, and the albums that it is surest have it and have it not."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from albumnet.records import Album
from albumnet.report.findings import MoodFinding
from albumnet.report.thumbnails import Thumbnails, Tile

if TYPE_CHECKING:
    from jaxtyping import Float, Int

N_EXTREMES = 3


@dataclass(frozen=True)
class Predicted:
    """The albums that were asked about, what is true of them and what the model said.

    Attributes:
        albums: N of them.
        moods: M names, in column order.
        target: 1 where an album has a mood.
        probabilities: What the model said.
    """

    albums: Sequence[Album]
    moods: Sequence[str]
    target: Int[np.ndarray, "N M"]
    probabilities: Float[np.ndarray, "N M"]


@dataclass(frozen=True, slots=True)
class ScoredTile:
    """An album that scores high or low for a mood."""

    tile: Tile
    probability: float
    has_mood: bool

    @property
    def label(self) -> str:
        """All that the picture and its mark say, and the probability."""
        whether = "has the mood" if self.has_mood else "has it not"
        return f"{self.tile.label}: {self.probability:.3f}, {whether}"


@dataclass(frozen=True)
class MoodLine:
    """One mood with the albums that score highest (highest first) and lowest (lowest first) for it."""

    found: MoodFinding
    highest: tuple[ScoredTile, ...] = ()
    lowest: tuple[ScoredTile, ...] = ()


def make_mood_lines(
    moods: Sequence[MoodFinding], *, predicted: Predicted | None, thumbnails: Thumbnails
) -> tuple[MoodLine, ...]:
    """A line for every mood; without predictions, or for a mood they lack, no albums are shown."""
    if predicted is None:
        return tuple(MoodLine(found) for found in moods)
    column_of = {mood: m for m, mood in enumerate(predicted.moods)}
    return tuple(
        _make_line(found, column_of[found.mood], predicted, thumbnails) if found.mood in column_of else MoodLine(found)
        for found in moods
    )


def _make_line(found: MoodFinding, m: int, predicted: Predicted, thumbnails: Thumbnails) -> MoodLine:
    order = np.argsort(-predicted.probabilities[:, m], kind="stable")
    # Of very few albums none is shown at both ends.
    n = min(N_EXTREMES, len(order) // 2)

    def tiles(rows: np.ndarray) -> tuple[ScoredTile, ...]:
        return tuple(
            ScoredTile(
                thumbnails.tile(predicted.albums[row]),
                float(predicted.probabilities[row, m]),
                bool(predicted.target[row, m]),
            )
            for row in rows
        )

    return MoodLine(found, tiles(order[:n]), tiles(order[len(order) - n :][::-1]))
