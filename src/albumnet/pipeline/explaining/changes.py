"""What if a cover were another: changes of it, and the moods that each moved beyond what encoding alone does."""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from albumnet.dataset.atomic import write_bytes
from albumnet.pipeline.explaining.covers import find_mood, read_cover

if TYPE_CHECKING:
    from albumnet.explain.looking.counterfactuals import Counterfactual
    from albumnet.models.prediction import MoodModel

_MOVED_PER_CHANGE = 3


@dataclass(frozen=True)
class MovedMood:
    """How one change moved one mood.

    Attributes:
        change: Its name.
        mood: The mood.
        before: Probability without the change, encoded like the changed cover.
        after: Probability with it.
        moved: In log-odds.
        by_encoding: The most that encoding alone moved it, in log-odds.
    """

    change: str
    mood: str
    before: float
    after: float
    moved: float
    by_encoding: float

    @property
    def is_beyond(self) -> bool:
        """Whether the change did more than encoding alone."""
        return abs(self.moved) > self.by_encoding


def change_cover(
    model: MoodModel,
    cover: Path,
    *,
    moods: Sequence[str] = (),
    genres: Sequence[str] = (),
    year: int | None = None,
    out: Path | None = None,
) -> list[MovedMood]:
    """Change a cover's hue, light, colour, side and sharpness, blur its faces and lettering, and see what moves.

    Args:
        model: A trained model that looks at covers.
        cover: A picture file.
        moods: Which; none for those that each change moves most.
        genres: Of the album.
        year: Of the album.
        out: Where to write the changed covers as a contact sheet; None for nowhere.

    Raises:
        CoverError: If the cover cannot be used.
        ExplainError: If a mood is unknown, or the model looks at no pixels.
        MissingExtraError: If OpenCV or the face detector is not installed.
    """
    from albumnet.explain.attribution import MoodScorer
    from albumnet.explain.looking.counterfactuals import try_changes
    from albumnet.explain.looking.regions import find_regions

    scorer = MoodScorer(model, genres=genres, year=year)
    columns = [find_mood(model, mood) for mood in moods]
    pixels = read_cover(model, cover)
    start, changes = try_changes(
        pixels, regions=find_regions(pixels), score=lambda covers: scorer.scores(covers).numpy()
    )
    moved = []
    for change in changes:
        chosen = columns or np.argsort(-np.abs(change.moved))[:_MOVED_PER_CHANGE].tolist()
        for m in chosen:
            after = start[m] + change.moved[m]
            moved.append(
                MovedMood(
                    change.name, model.config.moods[m], _probability(start[m]), _probability(after),
                    float(change.moved[m]), float(change.by_encoding[m]),
                )
            )  # fmt: skip
    if out is not None:
        _draw(pixels, changes, moved, out)
    return moved


def _draw(pixels: np.ndarray, changes: Sequence[Counterfactual], moved: Sequence[MovedMood], out: Path) -> None:
    from albumnet.explain.pictures import Panel, contact_sheet, in_rows

    panels = [Panel(pixels, ("as it is",))]
    for change in changes:
        lines = [
            f"{one.mood} {one.before:.2f} to {one.after:.2f}{'' if one.is_beyond else ' (no more than encoding)'}"
            for one in moved
            if one.change == change.name
        ]
        panels.append(Panel(change.cover, (change.name, *lines[:_MOVED_PER_CHANGE])))
    file = io.BytesIO()
    contact_sheet(in_rows(panels, n_columns=5), title="What if the cover were another").save(file, "PNG")
    write_bytes(out, file.getvalue())


def _probability(log_odds: float) -> float:
    return float(1 / (1 + np.exp(-log_odds)))
