"""The shapes on a cover and where they stand: each genre has its own arrangement, each artist an emblem."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image, ImageDraw

from albumnet.planted.palette import Colour, Palette
from albumnet.planted.rule import Layout

if TYPE_CHECKING:
    from jaxtyping import Float

MAX_SHAPES = 40


def draw_shapes(
    picture: Image.Image,
    *,
    layout: Layout,
    palette: Palette,
    dial: Mapping[str, float],
    chance: Float[np.ndarray, "40 6"],
) -> None:
    """Draw a cover's shapes onto a square RGB picture, back to front.

    Args:
        picture: Changed in place; draw at twice the final size, since Pillow's shapes have hard edges.
        layout: The genre's arrangement, which the shapes follow the more the higher `dial["regularity"]`.
        palette: Whose shape colours are used.
        dial: All dials in [0, 1].
        chance: (MAX_SHAPES, 6) in [0, 1): x, y, size, kind, colour and turn of each shape, if left to chance.
    """
    pen = ImageDraw.Draw(picture, "RGBA")
    side = picture.width
    if layout == "sunburst":
        _draw_rays(pen, side=side, palette=palette, n_rays=6 + 2 * round(12 * dial["count"]))
    if layout == "horizon":
        _draw_hills(pen, side=side, palette=palette, chance=chance)

    n_shapes = round(2 * (MAX_SHAPES / 2) ** dial["count"])
    regularity = dial["regularity"]
    places = regularity * arrange(layout, n_shapes=n_shapes) + (1 - regularity) * (0.05 + 0.9 * chance[:n_shapes, :2])
    biggest = (0.08 + 0.22 * dial["size"]) * (2.4 / np.sqrt(n_shapes + 1.5) + 0.25)
    unevenness = 0.9 * (1 - regularity)
    radii = side * biggest * (1 - unevenness * chance[:n_shapes, 2])
    for n in np.argsort(-radii):
        _, _, _, kind, colour, turn = chance[n]
        fill = (*palette.shapes[int(colour * len(palette.shapes))], 225)
        x, y = places[n] * side
        if kind < dial["roundness"]:
            _draw_disc(pen, centre=(x, y), radius=radii[n], fill=fill, has_ring=turn > 0.7)
            continue
        n_corners = 4 if turn < regularity else 3
        angle = (1 - regularity) * 2 * np.pi * turn + (np.pi / 4 if n_corners == 4 else -np.pi / 2)
        corners = star(n_points=n_corners, depth=0.0, turn=angle) * radii[n] * 1.2 + (x, y)
        pen.polygon([tuple(corner) for corner in corners], fill=fill)


def draw_emblem(picture: Image.Image, *, emblem: Float[np.ndarray, " 5"], colour: Colour, is_low: bool) -> None:
    """Draw the artist's emblem, a small star of the artist's own, into a corner on the artist's own side, in place.

    Args:
        picture: A square RGB picture.
        emblem: (5,) in [0, 1): points, depth, turn and side of the star (the fifth is its hue).
        colour: Of the star.
        is_low: Whether the layout leaves the lower corners free of text, rather than the upper ones.
    """
    side = picture.width
    radius = 0.055 * side
    tile = Image.new("L", (round(8 * radius), round(8 * radius)))
    points = star(n_points=3 + int(emblem[0] * 7), depth=0.75 * emblem[1], turn=2 * np.pi * emblem[2])
    ImageDraw.Draw(tile).polygon([tuple(point) for point in points * 4 * radius + 4 * radius], fill=255)
    ImageDraw.Draw(tile).ellipse([3.4 * radius, 3.4 * radius, 4.6 * radius, 4.6 * radius], fill=0)
    mask = tile.reduce(4)
    is_right = emblem[3] >= 0.5
    x, y = (side * (0.885 if is_far else 0.115) - mask.width / 2 for is_far in (is_right, is_low))
    picture.paste(colour, (round(x), round(y)), mask)


def arrange(layout: Layout, *, n_shapes: int) -> Float[np.ndarray, "K 2"]:
    """Where K shapes stand, (x, y) in [0, 1], in the genre's most regular order."""
    k = np.arange(n_shapes)
    step = (k + 0.5) / n_shapes
    if layout in ("sunburst", "vignette"):
        ring_radius = np.where(k == 0, 0.0, 0.18 + 0.2 * (k % 2)) if layout == "vignette" else 0.30
        angle = 2 * np.pi * step
        return np.stack([0.5 + ring_radius * np.cos(angle), 0.5 + ring_radius * np.sin(angle)], axis=1)
    if layout == "horizon":
        return np.stack([0.08 + 0.84 * step, 0.48 - 0.3 * np.sin(np.pi * step)], axis=1)
    if layout == "panel":
        return np.stack([0.12 + 0.76 * step, 0.36 + 0.5 * (0.5 + 0.5 * np.sin(2.4 * np.pi * step))], axis=1)
    columns = max(1, int(np.ceil(np.sqrt(n_shapes))))
    rows = max(1, int(np.ceil(n_shapes / columns)))
    across, down = (k % columns + 0.5) / columns, (k // columns + 0.5) / rows
    if layout == "label":
        return np.stack([across, 0.5 + 0.48 * down], axis=1)
    if layout == "scatter":
        down = (down + 0.25 * across) % 1.0
    return np.stack([0.06 + 0.88 * across, 0.06 + 0.88 * down], axis=1)


def star(*, n_points: int, depth: float, turn: float) -> Float[np.ndarray, "V 2"]:
    """Corners of a star of radius 1 around 0; depth 0 is the plain polygon, towards 1 the spikes get thin."""
    if depth == 0.0:
        angle = turn + 2 * np.pi * np.arange(n_points) / n_points
        return np.stack([np.cos(angle), np.sin(angle)], axis=1)
    angle = turn + np.pi * np.arange(2 * n_points) / n_points
    radius = np.where(np.arange(2 * n_points) % 2 == 0, 1.0, 1.0 - depth)
    return np.stack([radius * np.cos(angle), radius * np.sin(angle)], axis=1)


def _draw_disc(
    pen: ImageDraw.ImageDraw,
    *,
    centre: tuple[float, float],
    radius: float,
    fill: tuple[int, int, int, int],
    has_ring: bool,
) -> None:
    x, y = centre
    box = (x - radius, y - radius, x + radius, y + radius)
    if has_ring:
        pen.ellipse(box, outline=fill, width=max(1, round(0.3 * radius)))
        return
    pen.ellipse(box, fill=fill)


def _draw_rays(pen: ImageDraw.ImageDraw, *, side: int, palette: Palette, n_rays: int) -> None:
    edges = side * (0.5 + 0.8 * star(n_points=2 * n_rays, depth=0.0, turn=0.0))
    for ray in range(n_rays):
        wedge = [(0.5 * side, 0.5 * side), tuple(edges[2 * ray]), tuple(edges[2 * ray + 1])]
        pen.polygon(wedge, fill=(*palette.far_ground, 150))


def _draw_hills(pen: ImageDraw.ImageDraw, *, side: int, palette: Palette, chance: Float[np.ndarray, "40 6"]) -> None:
    x = np.linspace(0.0, 1.0, 25)
    for hill in range(3):
        height, phase, waves, *_ = chance[-1 - hill]
        ridge = 0.60 + 0.12 * hill + (0.03 + 0.04 * height) * np.sin(2 * np.pi * ((0.6 + waves) * x + phase))
        outline = [(side * a, side * b) for a, b in zip(x, ridge, strict=True)]
        pen.polygon([(0, side), *outline, (side, side)], fill=(*palette.shapes[(2 * hill) % 5], 235))
