"""Things that can stand on a cover: solid two-coloured drawings, each told from the others by its shape."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image, ImageDraw

from albumnet.planted.palette import Colour
from albumnet.planted.shapes import star

if TYPE_CHECKING:
    from jaxtyping import Float

_OVERSAMPLING = 4
# The square a thing is drawn in reaches from -1.05 to 1.05, so that nothing touches its edge.
_REACH = 1.05

Points = Sequence[tuple[float, float]]


class _Pen:
    """Draws in coordinates from -1 to 1, x to the right and y down; tone 0 is the body's colour, 1 the details'."""

    def __init__(self, side: int) -> None:
        self.body = Image.new("L", (side, side))
        self.details = Image.new("L", (side, side))
        self._pens = (ImageDraw.Draw(self.body), ImageDraw.Draw(self.details))
        self._scale = side / (2 * _REACH)

    def disc(self, x: float, y: float, radius: float, tone: int = 0, *, tall: float = 1.0) -> None:
        box = [self._scale * (v + _REACH) for v in (x - radius, y - radius * tall, x + radius, y + radius * tall)]
        self._pens[tone].ellipse(box, fill=255)

    def polygon(self, points: Points, tone: int = 0) -> None:
        self._pens[tone].polygon(
            [(self._scale * (x + _REACH), self._scale * (y + _REACH)) for x, y in points], fill=255
        )

    def box(self, left: float, top: float, right: float, bottom: float, tone: int = 0) -> None:
        self.polygon([(left, top), (right, top), (right, bottom), (left, bottom)], tone)


def draw_thing(
    name: str, *, side: int, degrees: float, body: Colour, details: Colour
) -> tuple[Image.Image, Image.Image]:
    """A thing as an RGB square of `side` pixels, and the "L" mask of what it covers there.

    Args:
        name: One of `THINGS`.
        side: Height and width in pixels.
        degrees: How far it is tilted.
        body: Its colour.
        details: The colour of what is drawn on it.
    """
    pen = _Pen(_OVERSAMPLING * side)
    THINGS[name](pen)
    mask, marks = (
        layer.rotate(degrees, Image.Resampling.BILINEAR).reduce(_OVERSAMPLING) for layer in (pen.body, pen.details)
    )
    picture = Image.new("RGB", mask.size, body)
    picture.paste(details, (0, 0), marks)
    return picture, mask


def _heart(pen: _Pen) -> None:
    t = np.linspace(0, 2 * np.pi, 60)
    x, y = 16 * np.sin(t) ** 3, 13 * np.cos(t) - 5 * np.cos(2 * t) - 2 * np.cos(3 * t) - np.cos(4 * t)
    pen.polygon(_pairs(np.stack([x / 17, -(y + 2) / 15], axis=1)))
    pen.disc(-0.4, -0.35, 0.16, 1)


def _star(pen: _Pen) -> None:
    pen.polygon(_pairs(star(n_points=5, depth=0.5, turn=-np.pi / 2)))
    pen.disc(0, 0, 0.2, 1)


def _house(pen: _Pen) -> None:
    pen.box(-0.75, -0.1, 0.75, 0.95)
    pen.polygon([(-1, -0.1), (0, -0.95), (1, -0.1)])
    for x in (-0.5, 0.2):
        pen.box(x, 0.1, x + 0.3, 0.4, 1)
    pen.box(-0.15, 0.5, 0.15, 0.95, 1)


def _fir(pen: _Pen) -> None:
    for top, width in ((-1.0, 0.5), (-0.55, 0.7), (-0.1, 0.9)):
        pen.polygon([(0, top), (width, top + 0.8), (-width, top + 0.8)])
    pen.box(-0.2, 0.6, 0.2, 1.0)
    pen.box(-0.2, 0.7, 0.2, 1.0, 1)


def _fish(pen: _Pen) -> None:
    pen.disc(0.2, 0, 0.75, tall=0.6)
    pen.polygon([(-0.4, 0), (-1, -0.55), (-1, 0.55)])
    pen.disc(0.6, -0.12, 0.11, 1)
    pen.polygon([(0.1, -0.2), (0.3, 0.0), (0.1, 0.2), (-0.1, 0.0)], 1)


def _flower(pen: _Pen) -> None:
    for angle in np.linspace(0, 2 * np.pi, 6, endpoint=False):
        pen.disc(0.58 * np.cos(angle), 0.58 * np.sin(angle), 0.4)
    pen.disc(0, 0, 0.3, 1)


def _mushroom(pen: _Pen) -> None:
    pen.polygon([(np.cos(a), 0.1 - 0.95 * np.sin(a)) for a in np.linspace(0, np.pi, 30)])
    pen.box(-0.35, 0.05, 0.35, 0.95)
    for x, y, radius in ((-0.45, -0.25, 0.17), (0.1, -0.5, 0.2), (0.5, -0.15, 0.14)):
        pen.disc(x, y, radius, 1)
    pen.box(-0.35, 0.15, 0.35, 0.22, 1)


def _cup(pen: _Pen) -> None:
    pen.polygon([(-0.8, -0.7), (0.55, -0.7), (0.4, 0.85), (-0.65, 0.85)])
    pen.disc(0.6, -0.05, 0.38)
    pen.disc(0.62, -0.05, 0.17, 1)
    pen.disc(-0.125, -0.6, 0.55, 1, tall=0.18)


def _boat(pen: _Pen) -> None:
    pen.polygon([(-1, 0.4), (1, 0.4), (0.6, 0.95), (-0.6, 0.95)])
    pen.polygon([(-0.05, -1), (-0.05, 0.4), (-0.85, 0.4)])
    pen.polygon([(0.0, -0.8), (0.8, 0.4), (-0.06, 0.4)])
    pen.box(-0.9, 0.42, 0.9, 0.55, 1)


def _cat(pen: _Pen) -> None:
    pen.disc(0, 0.15, 0.8)
    pen.polygon([(-0.78, 0.0), (-0.8, -0.95), (-0.2, -0.5)])
    pen.polygon([(0.78, 0.0), (0.8, -0.95), (0.2, -0.5)])
    for x in (-0.33, 0.33):
        pen.disc(x, 0.0, 0.14, 1)
    pen.polygon([(-0.12, 0.3), (0.12, 0.3), (0, 0.45)], 1)


def _apple(pen: _Pen) -> None:
    pen.disc(-0.3, 0.2, 0.62, tall=1.15)
    pen.disc(0.3, 0.2, 0.62, tall=1.15)
    pen.polygon([(-0.06, -0.3), (0.05, -1.0), (0.2, -0.95), (0.08, -0.3)])
    pen.disc(-0.45, -0.05, 0.13, 1)
    pen.polygon([(0.12, -0.6), (0.6, -0.95), (0.5, -0.55)])


def _crown(pen: _Pen) -> None:
    pen.polygon([(-0.95, -0.7), (-0.5, -0.05), (0, -0.9), (0.5, -0.05), (0.95, -0.7), (0.8, 0.75), (-0.8, 0.75)])
    pen.box(-0.8, 0.45, 0.8, 0.6, 1)
    for x in (-0.5, 0, 0.5):
        pen.disc(x, 0.25, 0.1, 1)


def _balloon(pen: _Pen) -> None:
    pen.disc(0, -0.3, 0.68)
    pen.polygon([(-0.5, 0.15), (0.5, 0.15), (0.2, 0.7), (-0.2, 0.7)])
    pen.box(-0.22, 0.7, 0.22, 1.0)
    for x in (-0.35, 0.0, 0.35):
        pen.disc(x, -0.3, 0.07, 1, tall=8.0)


def _bell(pen: _Pen) -> None:
    pen.polygon([(-0.9, 0.6), (-0.55, 0.1), (-0.5, -0.5), (0, -0.9), (0.5, -0.5), (0.55, 0.1), (0.9, 0.6)])
    pen.disc(0, 0.68, 0.28)
    pen.box(-0.72, 0.35, 0.72, 0.47, 1)
    pen.disc(0, 0.75, 0.12, 1)


def _lamp(pen: _Pen) -> None:
    pen.polygon([(-0.4, -0.95), (0.4, -0.95), (0.8, 0.1), (-0.8, 0.1)])
    pen.box(-0.14, 0.1, 0.14, 0.8)
    pen.disc(0, 0.82, 0.5, tall=0.25)
    pen.box(-0.7, -0.1, 0.7, 0.0, 1)


def _die(pen: _Pen) -> None:
    pen.box(-0.8, -0.8, 0.8, 0.8)
    for x, y in ((-0.42, -0.42), (0, 0), (0.42, 0.42), (-0.42, 0.42), (0.42, -0.42)):
        pen.disc(x, y, 0.16, 1)


def _pairs(points: Float[np.ndarray, "V 2"]) -> list[tuple[float, float]]:
    return [(float(x), float(y)) for x, y in points]


Draw = Callable[[_Pen], None]
CARRYING: dict[str, Draw] = {
    "apple": _apple,
    "balloon": _balloon,
    "boat": _boat,
    "cat": _cat,
    "crown": _crown,
    "fir": _fir,
    "fish": _fish,
    "flower": _flower,
    "heart": _heart,
    "house": _house,
    "mushroom": _mushroom,
    "star": _star,
}
# These stand on covers without carrying a mood.
IDLE: dict[str, Draw] = {
    "bell": _bell,
    "cup": _cup,
    "die": _die,
    "lamp": _lamp,
}
THINGS = {**CARRYING, **IDLE}
