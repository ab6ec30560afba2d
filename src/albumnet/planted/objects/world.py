"""Covers on which each mood is a thing at a place, so that it is known which pixels carry it.

The ground is the cover of an ordinary planted world whose moods do not show; its lettering, shapes and texture tell
nothing. Every mood that an album has stands on it once, as a thing of the mood's own shape in colours of chance, at a
place, size and tilt of chance; things that carry no mood stand there too.
"""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image

from albumnet.planted.drawing import draw_cover
from albumnet.planted.objects.things import CARRYING, IDLE, draw_thing
from albumnet.planted.palette import Colour, luminance
from albumnet.planted.rule import MOODS
from albumnet.planted.world import PlantedWorld, draw_world
from albumnet.records import Album

if TYPE_CHECKING:
    from jaxtyping import Bool

MAX_MOODS = 3
# Share of albums that have each mood, before it is seen to that each has 1 to 3; and share that shows each idle thing.
_FREQUENCY, _IDLE_FREQUENCY = 0.16, 0.2
# Radius of a thing, as a share of the cover's side.
_SMALLEST, _LARGEST = 0.14, 0.21
_JPEG_QUALITY = 90


@dataclass(frozen=True)
class PlacedThing:
    """A thing on a cover; x, y and radius as shares of the cover's side."""

    name: str
    mood: str | None
    x: float
    y: float
    radius: float
    degrees: float
    body: Colour
    details: Colour


@dataclass(frozen=True)
class ObjectWorld:
    """Albums whose moods are things on their covers.

    Attributes:
        ground: The world whose covers lie under the things.
        things: Per album, what stands on its cover.
    """

    ground: PlantedWorld
    things: tuple[tuple[PlacedThing, ...], ...]

    @property
    def moods(self) -> tuple[str, ...]:
        """The world's moods, in alphabetical order."""
        return tuple(rule.name for rule in MOODS[: len(CARRYING)])

    @cached_property
    def albums(self) -> tuple[Album, ...]:
        """N albums with the moods that their covers carry, in alphabetical order."""
        return tuple(
            replace(album, moods=tuple(sorted(thing.mood for thing in things if thing.mood)))
            for album, things in zip(self.ground.albums, self.things, strict=True)
        )

    def draw(self, album: int) -> bytes:
        """The cover of one album as a JPEG file."""
        picture = Image.open(io.BytesIO(draw_cover(self.ground, album))).convert("RGB")
        for thing in self.things[album]:
            drawn, mask = _draw(thing, side=picture.width)
            picture.paste(drawn, _corner(thing, picture.width), mask)
        file = io.BytesIO()
        picture.save(file, "JPEG", quality=_JPEG_QUALITY)
        return file.getvalue()

    def mask(self, album: int, mood: str, *, side: int) -> Bool[np.ndarray, "side side"]:
        """True where the pixels of one album's cover carry a mood, at a given resolution; nowhere if it has it not."""
        carried = Image.new("L", (4 * side, 4 * side))
        for thing in self.things[album]:
            if thing.mood == mood:
                _, mask = _draw(thing, side=4 * side)
                carried.paste(255, _corner(thing, 4 * side), mask)
        return np.asarray(carried.reduce(4)) > 127


def draw_object_world(*, n_albums: int, rng: np.random.Generator, cover_size: int = 256) -> ObjectWorld:
    """Draw albums, their moods, and where these stand on their covers.

    Args:
        n_albums: N.
        rng: Settles everything.
        cover_size: Height and width of the covers in pixels, at least 64.

    Raises:
        InputTableError: If there would be no album, or covers too small to draw.
    """
    world = draw_world(n_albums=n_albums, rng=rng, cover_size=cover_size)
    # Moods of the ground must not show: they would carry what the things are to carry alone.
    ground = replace(world, truth=replace(world.truth, visibility=np.zeros(len(MOODS))))
    has_mood = rng.random((n_albums, len(CARRYING))) < _FREQUENCY
    has_mood[np.arange(n_albums), rng.integers(len(CARRYING), size=n_albums)] |= ~has_mood.any(axis=1)
    names = [rule.name for rule in MOODS[: len(CARRYING)]]
    things, albums = tuple(CARRYING), []
    for has in has_mood:
        carried = rng.permutation(np.flatnonzero(has))[:MAX_MOODS]
        wanted: list[tuple[str, str | None]] = [(things[m], names[m]) for m in carried]
        wanted += [(name, None) for name in IDLE if rng.random() < _IDLE_FREQUENCY]
        albums.append(_place(wanted, rng=rng))
    return ObjectWorld(ground, tuple(albums))


def _place(wanted: Sequence[tuple[str, str | None]], *, rng: np.random.Generator) -> tuple[PlacedThing, ...]:
    """Give each thing a place where it covers no other; idle things that find none are left out."""
    placed: list[PlacedThing] = []
    for name, mood in wanted:
        radius = rng.uniform(_SMALLEST, _LARGEST)
        for attempt in range(200):
            x, y = rng.uniform(radius, 1 - radius, size=2)
            if all(np.hypot(x - other.x, y - other.y) > radius + other.radius for other in placed):
                body, details = _draw_colours(rng)
                placed.append(PlacedThing(name, mood, x, y, radius, rng.uniform(-20, 20), body, details))
                break
            if attempt % 20 == 19 and mood is not None:
                radius = max(0.8 * radius, 0.8 * _SMALLEST)
    return tuple(placed)


def _draw_colours(rng: np.random.Generator) -> tuple[Colour, Colour]:
    """Two colours of chance that can be told from each other by their brightness."""
    while True:
        first, second = (tuple(int(v) for v in rng.integers(20, 236, size=3)) for _ in range(2))
        if abs(luminance(first) - luminance(second)) > 70:
            return (first[0], first[1], first[2]), (second[0], second[1], second[2])


def _draw(thing: PlacedThing, *, side: int) -> tuple[Image.Image, Image.Image]:
    return draw_thing(
        thing.name,
        side=round(2 * thing.radius * side),
        degrees=thing.degrees,
        body=thing.body,
        details=thing.details,
    )


def _corner(thing: PlacedThing, side: int) -> tuple[int, int]:
    return round((thing.x - thing.radius) * side), round((thing.y - thing.radius) * side)
