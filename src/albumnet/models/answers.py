"""What a model says of a cover: moods with their probabilities, and how close it lies to others."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class MoodProbability:
    """One mood of one prediction: its probability, its base rate among the training albums, and its rank from 1."""

    mood: str
    probability: float
    base_rate: float
    rank: int


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
        cover: Its path.
        moods: Likeliest first.
        error: In one line, why there are none; None where there are.
        n_for_coverage: How many of the likeliest moods must be listed to have `coverage` of an album's moods among
            them, on average; None where the validation side was too small to say.
        n_without_looking: How many it takes without looking at anything.
        can_tell: Whether the first is clearly less than the second; False says that one can't tell from this cover.
        coverage: The share of an album's moods that is meant.
        unseen_moods: Moods that were asked for by name and that training never saw, in the order asked for.
    """

    cover: str
    moods: tuple[MoodProbability, ...]
    error: str | None = None
    n_for_coverage: int | None = None
    n_without_looking: int | None = None
    can_tell: bool | None = None
    coverage: float | None = None
    unseen_moods: tuple[MoodCloseness, ...] = ()
