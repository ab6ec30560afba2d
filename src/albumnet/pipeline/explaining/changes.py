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
from albumnet.pipeline.explaining.explainer import CoverExplainer

if TYPE_CHECKING:
    from jaxtyping import Float, UInt8

    from albumnet.explain.looking.counterfactuals import Counterfactual, Retouch
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

    @property
    def encoding_band(self) -> tuple[float, float]:
        """Probabilities between which encoding alone moved it."""
        with np.errstate(divide="ignore"):  # a probability that is 1 to the last digit has no end
            log_odds = float(np.log(self.before) - np.log1p(-self.before))
        return _probability(log_odds - self.by_encoding), _probability(log_odds + self.by_encoding)


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
        of_change = moved_moods(model, start, change)
        moved += [of_change[m] for m in columns] or _most_moved(of_change)[:_MOVED_PER_CHANGE]
    if out is not None:
        _draw(pixels, changes, moved, out)
    return moved


def retouch_cover(
    explainer: CoverExplainer,
    pixels: UInt8[np.ndarray, "H W 3"],
    retouch: Retouch,
    *,
    genres: Sequence[str] = (),
    year: int | None = None,
) -> tuple[UInt8[np.ndarray, "H W 3"], list[MovedMood]]:
    """Change a decoded cover by degrees; it as the model then sees it, and what moved, the most first.

    Raises:
        MissingExtraError: If faces or lettering are to be blurred and OpenCV or the face detector is not installed.
    """
    from albumnet.explain.looking.regions import find_regions

    regions = find_regions(pixels) if retouch.blurred else {}
    start, change = explainer.retouch(pixels, retouch, regions=regions, genres=genres, year=year)
    return change.cover, _most_moved(moved_moods(explainer.model, start, change))


def moved_moods(model: MoodModel, start: Float[np.ndarray, " M"], change: Counterfactual) -> list[MovedMood]:
    """How one change moved every mood, in the model's order."""
    after = start + change.moved
    return [
        MovedMood(change.name, mood, _probability(start[m]), _probability(after[m]), float(change.moved[m]),
                  float(change.by_encoding[m]))
        for m, mood in enumerate(model.config.moods)
    ]  # fmt: skip


def _most_moved(moved: Sequence[MovedMood]) -> list[MovedMood]:
    return sorted(moved, key=lambda one: -abs(one.moved))


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
