"""What a model says of a cover: moods with their probabilities, and how close it lies to others."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class MoodProbability:
    """One mood of one prediction.

    Attributes:
        mood: As the model calls it.
        probability: Calibrated.
        base_rate: Share of the training albums that have it.
        rank: From 1, by probability.
        is_told: Whether the model stands by it, by its rule of telling (`models.telling`); False where it would only be
            guessing, None for a model without such a rule.
    """

    mood: str
    probability: float
    base_rate: float
    rank: int
    is_told: bool | None = None


@dataclass(frozen=True, slots=True)
class MoodCloseness:
    """How close a cover lies to a mood that training never saw: it ranks covers for this mood, and is no probability.

    Attributes:
        mood: As it was asked for.
        closeness: Of the cover; compare it with the same model's for the same mood only.
        higher_than: Share of the training albums that are less close; None where they were not compared.
        n_compared: Those albums.
    """

    mood: str
    closeness: float
    higher_than: float | None = None
    n_compared: int = 0


@dataclass(frozen=True, slots=True)
class Prediction:
    """The moods of one cover.

    Attributes:
        cover: Its path; "" where there was none.
        moods: Likeliest first.
        error: In one line, why there are none; None where there are.
        n_for_coverage: How many of the likeliest moods must be listed to have `coverage` of an album's moods among
            them, on average; None where the validation side was too small to say.
        n_without_looking: How many it takes without looking at anything.
        can_tell: Whether the first is clearly less than the second; False says that one can't tell from this cover.
        coverage: The share of an album's moods that is meant.
        told_precision: Share of the told moods that were right on held-out albums, at least; None without such a rule.
        unseen_moods: Moods that were asked for by name and that training never saw, in the order asked for.
    """

    cover: str
    moods: tuple[MoodProbability, ...]
    error: str | None = None
    n_for_coverage: int | None = None
    n_without_looking: int | None = None
    can_tell: bool | None = None
    coverage: float | None = None
    told_precision: float | None = None
    unseen_moods: tuple[MoodCloseness, ...] = ()
