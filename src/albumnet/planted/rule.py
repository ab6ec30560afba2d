"""The planted rule: which moods, genres and eras there are, what raises each mood, and how each looks on a cover."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import TYPE_CHECKING, Literal

import numpy as np

if TYPE_CHECKING:
    from jaxtyping import Float

FIRST_YEAR, LAST_YEAR = 1955, 2025

Layout = Literal["scatter", "grid", "panel", "vignette", "sunburst", "horizon", "label"]


@dataclass(frozen=True, slots=True)
class Look:
    """Pushes on the dials of a cover, in logits: 0 leaves a dial alone, 2 moves it far up, -2 far down.

    Attributes:
        hue_degrees: The hue that `hue_pull` pulls to, an angle of OKLCh (25 red, 95 yellow, 150 green, 250 blue).
        hue_pull: How strongly; pulls of several looks add as vectors, so opposite hues cancel.
        lightness, chroma, contrast, hue_spread, gradient: The palette.
        grain, stripes, softness: The texture; softness blurs.
        roundness, count, size, regularity: The shapes; round ones are circles, others triangles and squares.
        letter_size, upper_case, letter_weight, slant, spacing: The lettering.
    """

    hue_degrees: float = 0.0
    hue_pull: float = 0.0
    lightness: float = 0.0
    chroma: float = 0.0
    contrast: float = 0.0
    hue_spread: float = 0.0
    gradient: float = 0.0
    grain: float = 0.0
    stripes: float = 0.0
    softness: float = 0.0
    roundness: float = 0.0
    count: float = 0.0
    size: float = 0.0
    regularity: float = 0.0
    letter_size: float = 0.0
    upper_case: float = 0.0
    letter_weight: float = 0.0
    slant: float = 0.0
    spacing: float = 0.0

    def pushes(self) -> Float[np.ndarray, " P"]:
        """The look as a vector in the order of `DIALS`, its hue pull as the two coordinates of a vector."""
        angle = np.deg2rad(self.hue_degrees)
        hue = [self.hue_pull * np.cos(angle), self.hue_pull * np.sin(angle)]
        return np.array([*hue, *(getattr(self, dial) for dial in DIALS[2:])], dtype=np.float64)


# Hue is an angle, so it is pushed as a vector: towards red, and towards yellow.
DIALS: tuple[str, ...] = ("hue_red", "hue_yellow", *(dial.name for dial in fields(Look)[2:]))

# What a cover looks like before anyone pushes: a calm, clean, middling sleeve.
PLAIN_LOOK = Look(
    lightness=-0.1,
    contrast=0.3,
    grain=-1.8,
    stripes=-2.8,
    softness=-2.0,
    gradient=-0.4,
    count=-0.5,
    regularity=-0.6,
    letter_weight=-0.5,
    slant=-2.5,
    spacing=-1.6,
)


@dataclass(frozen=True, slots=True)
class MoodRule:
    """One mood of the planted world.

    Attributes:
        name: A mood of AllMusic that is one plain word with an everyday word vector.
        frequency: Share of albums that have it, in (0, 1).
        visibility: How strongly it shows on covers, in [0, 1]; at 0 its look is never drawn.
        drive: How much it rises on driving albums (and falls on quiet ones): moods of like drive occur together.
        light: The same for bright albums against dark ones.
        look: What it does to a cover at visibility 1.
    """

    name: str
    frequency: float
    visibility: float
    drive: float
    light: float
    look: Look


# In alphabetical order, as `records.build_vocabulary` puts them, so columns match those of the imported set.
# Earnest, Literate and Witty are invisible, and follow neither drive nor light: a cover says nothing of them beyond
# what its genre, its year and its artist say, and that an album full of other moods has less room for them (it carries
# at most six). A score for them above that is a leak. Their looks are what they would do if they were made visible.
MOODS: tuple[MoodRule, ...] = (
    MoodRule("Aggressive", 0.18, 1.0, 1.0, -0.6, Look(25, 1.8, chroma=1.6, contrast=2.0, softness=-1.0, grain=0.6,
             roundness=-3.5, count=1.0, regularity=-1.2, letter_size=1.6, upper_case=3.0, letter_weight=3.0)),
    MoodRule("Cheerful", 0.15, 1.0, 0.4, 1.0, Look(100, 1.8, lightness=1.8, chroma=1.2, hue_spread=1.2, roundness=2.0,
             size=0.5, letter_weight=0.6)),
    MoodRule("Cold", 0.08, 1.0, -0.1, -0.5, Look(240, 2.6, lightness=0.6, chroma=-0.4, spacing=1.2)),
    MoodRule("Earnest", 0.28, 0.0, 0.0, 0.0, Look(60, 1.0, size=1.5, letter_size=1.0)),
    MoodRule("Elegant", 0.14, 0.5, -0.4, 0.1, Look(chroma=-1.6, contrast=-0.6, count=-2.0, regularity=1.6,
             letter_size=-1.4, letter_weight=-2.0, spacing=3.0)),
    MoodRule("Energetic", 0.35, 0.9, 1.0, 0.3, Look(chroma=2.0, contrast=1.5, hue_spread=1.5, stripes=0.8, count=1.8,
             slant=4.0)),
    MoodRule("Ethereal", 0.09, 0.9, -0.6, 0.1, Look(300, 0.8, lightness=0.8, contrast=-0.8, gradient=2.4, softness=4.5,
             letter_weight=-1.2)),
    MoodRule("Gentle", 0.20, 0.8, -1.0, 0.4, Look(lightness=1.0, contrast=-1.4, softness=2.0, roundness=2.4,
             upper_case=-2.4, letter_weight=-0.8)),
    MoodRule("Literate", 0.19, 0.0, 0.0, 0.0, Look(chroma=-1.0, letter_size=-1.5, slant=2.0)),
    MoodRule("Lush", 0.12, 0.5, -0.2, 0.3, Look(150, 2.4, chroma=1.2, hue_spread=1.2, count=2.4, size=1.4)),
    MoodRule("Mechanical", 0.065, 1.0, 0.4, -0.4, Look(chroma=-1.2, stripes=2.6, softness=-1.0, roundness=-2.0,
             regularity=4.5, upper_case=1.8, spacing=1.2)),
    MoodRule("Nocturnal", 0.13, 1.0, -0.3, -0.7, Look(280, 1.4, lightness=-3.4, gradient=0.8)),
    MoodRule("Ominous", 0.10, 0.8, 0.3, -1.0, Look(20, 0.8, lightness=-2.4, chroma=-0.6, grain=1.6, roundness=-2.0,
             size=1.2)),
    MoodRule("Playful", 0.31, 1.0, 0.4, 0.9, Look(chroma=1.0, hue_spread=3.0, roundness=1.4, count=1.6,
             regularity=-1.4, letter_size=1.0, upper_case=-1.8)),
    MoodRule("Romantic", 0.25, 0.5, -0.4, 0.3, Look(0, 2.6, softness=1.4, roundness=1.6, slant=3.0)),
    MoodRule("Rustic", 0.12, 0.8, -0.2, 0.1, Look(65, 1.6, lightness=-0.4, chroma=-0.8, grain=3.4)),
    MoodRule("Somber", 0.17, 0.9, -0.5, -1.0, Look(chroma=-3.0, lightness=-1.5, contrast=-0.8)),
    MoodRule("Soothing", 0.14, 0.5, -1.0, 0.4, Look(190, 2.4, contrast=-1.0, softness=2.0, count=-1.6)),
    MoodRule("Sparse", 0.075, 0.9, -0.5, -0.2, Look(size=-0.6, count=-4.5, letter_size=-1.8, spacing=1.2)),
    MoodRule("Summery", 0.095, 1.0, 0.2, 1.0, Look(80, 1.8, lightness=1.8, chroma=1.6, gradient=2.0)),
    MoodRule("Trippy", 0.11, 1.0, 0.2, -0.1, Look(325, 1.0, chroma=1.6, hue_spread=3.0, gradient=1.6, stripes=3.2)),
    MoodRule("Warm", 0.24, 1.0, -0.3, 0.7, Look(50, 2.4, chroma=0.6)),
    MoodRule("Wistful", 0.22, 0.5, -0.6, -0.1, Look(chroma=-1.4, softness=1.4, grain=1.6, slant=1.4)),
    MoodRule("Witty", 0.17, 0.0, 0.0, 0.0, Look(hue_spread=1.5, slant=2.0)),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class GenreRule:
    """One genre: how many artists play it, which moods it raises (in strength), and how its covers are laid out."""

    name: str
    share: float
    layout: Layout
    mood_effect: Mapping[str, float]
    look: Look = field(default_factory=Look)


GENRES: tuple[GenreRule, ...] = (
    GenreRule("Classical", 0.09, "label", {"Elegant": 1.5, "Somber": 0.6, "Romantic": 0.6, "Energetic": -1.0,
              "Ethereal": 0.4, "Playful": -0.6}, Look(chroma=-0.5, regularity=0.5)),
    GenreRule("Country", 0.12, "horizon", {"Rustic": 1.5, "Earnest": 1.0, "Warm": 0.6, "Witty": 0.5, "Trippy": -1.0,
              "Mechanical": -1.0}, Look(65, 0.3)),
    GenreRule("Electronic", 0.16, "grid", {"Mechanical": 1.6, "Trippy": 0.8, "Cold": 1.0, "Nocturnal": 0.6,
              "Energetic": 0.5, "Rustic": -1.5, "Earnest": -1.0}, Look(regularity=1.0)),
    GenreRule("Folk", 0.14, "vignette", {"Literate": 1.2, "Gentle": 0.9, "Rustic": 0.9, "Wistful": 0.8, "Sparse": 0.8,
              "Aggressive": -1.2, "Earnest": 0.6}, Look(grain=0.5)),
    GenreRule("Jazz", 0.15, "panel", {"Elegant": 0.9, "Nocturnal": 0.9, "Soothing": 0.5, "Lush": 0.6, "Literate": -0.5,
              "Aggressive": -0.6}, Look(250, 0.3)),
    GenreRule("Pop/Rock", 0.22, "scatter", {"Aggressive": 0.8, "Energetic": 0.6, "Witty": 0.7, "Ominous": 0.4,
              "Elegant": -0.8, "Literate": 0.3}, Look(contrast=0.4)),
    GenreRule("R&B", 0.12, "sunburst", {"Romantic": 1.2, "Warm": 0.8, "Playful": 0.5, "Lush": 0.6, "Summery": 0.4,
              "Literate": -0.8, "Cold": -0.8}, Look(30, 0.3)),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class EraRule:
    """The years from `first_year` to the next era: which moods they raise, and their taste in sleeves."""

    name: str
    first_year: int
    mood_effect: Mapping[str, float]
    look: Look


ERAS: tuple[EraRule, ...] = (
    EraRule("mono years", FIRST_YEAR, {"Romantic": 0.6, "Elegant": 0.5, "Cheerful": 0.4, "Aggressive": -1.0,
            "Mechanical": -1.0, "Trippy": -0.8}, Look(grain=0.8, chroma=-0.5, upper_case=0.8)),
    EraRule("stereo years", 1968, {"Trippy": 0.8, "Warm": 0.5, "Rustic": 0.4, "Earnest": 0.4},
            Look(60, 0.5, grain=0.3, stripes=0.5, roundness=0.5)),
    EraRule("synthesiser years", 1981, {"Mechanical": 0.5, "Cold": 0.4, "Energetic": 0.4, "Playful": 0.3,
            "Rustic": -0.5}, Look(330, 0.4, chroma=0.7, regularity=0.6, gradient=0.5)),
    EraRule("compact disc years", 1992, {"Aggressive": 0.6, "Ominous": 0.5, "Somber": 0.3, "Summery": -0.3},
            Look(lightness=-0.5, contrast=0.4)),
    EraRule("streaming years", 2006, {"Ethereal": 0.5, "Wistful": 0.4, "Sparse": 0.4, "Witty": -0.4},
            Look(lightness=0.3, grain=-0.6, count=-0.4)),
)  # fmt: skip


def era_of(year: int) -> int:
    """Row of `ERAS` that a year falls in; years before the first era count as the first."""
    return max(0, sum(era.first_year <= year for era in ERAS) - 1)


def effect_matrix(rules: tuple[GenreRule, ...] | tuple[EraRule, ...]) -> Float[np.ndarray, "G M"]:
    """What each genre (or era) adds to each mood's strength."""
    return np.array([[rule.mood_effect.get(mood.name, 0.0) for mood in MOODS] for rule in rules])


def look_matrix(rules: tuple[MoodRule, ...] | tuple[GenreRule, ...] | tuple[EraRule, ...]) -> Float[np.ndarray, "G P"]:
    """What each mood (or genre, or era) pushes each dial by."""
    return np.stack([rule.look.pushes() for rule in rules])
