"""Colours of one cover: a few harmonious ones, chosen in OKLCh, where equal steps look equal."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from albumnet.planted.rule import DIALS

if TYPE_CHECKING:
    from jaxtyping import Float

Colour = tuple[int, int, int]

N_SHAPE_COLOURS = 5


@dataclass(frozen=True, slots=True)
class Palette:
    """The colours of one cover, sRGB in [0, 255].

    Attributes:
        ground, far_ground: The two ends of the background's gradient.
        shapes: `N_SHAPE_COLOURS` colours that stand out from the ground.
        emblem: The artist's colour.
        paper: Of borders and label panels.
        dark, light: The two inks; lettering takes the one that can be read.
    """

    ground: Colour
    far_ground: Colour
    shapes: tuple[Colour, ...]
    emblem: Colour
    paper: Colour
    dark: Colour
    light: Colour


def mix_palette(logits: Float[np.ndarray, " P"], *, dial: Mapping[str, float], emblem_hue: float) -> Palette:
    """The palette that a cover's dials ask for.

    Args:
        logits: (P,) pushes on the dials, of which the two hue coordinates are read.
        dial: The same dials by name, each in [0, 1].
        emblem_hue: The artist's hue in [0, 1), a share of the full circle.
    """
    hue = float(np.arctan2(logits[DIALS.index("hue_yellow")], logits[DIALS.index("hue_red")]))
    lightness = 0.13 + 0.80 * dial["lightness"]
    chroma = 0.012 + 0.150 * dial["chroma"]
    spread = 0.25 + 2.3 * dial["hue_spread"]
    away = 1.0 if lightness < 0.56 else -1.0
    contrast = 0.14 + 0.42 * dial["contrast"]

    steps = np.array([0.5, 1.0, 0.75, 1.2, 0.3])
    shape_lightness = lightness + away * contrast * steps
    shape_hue = hue + spread * np.array([-0.25, 0.5, -1.0, 0.15, 1.0])
    shapes = [(step, 1.15 * chroma, turn) for step, turn in zip(shape_lightness, shape_hue, strict=True)]
    far = (lightness - 0.05 - 0.20 * dial["gradient"] * away, 1.2 * chroma, hue + 0.6 * spread * dial["gradient"])
    emblem = (lightness + away * 0.42, 0.13, 2 * np.pi * emblem_hue)
    paper, dark, light = (0.93, 0.022, 1.4), (0.20, 0.02 + 0.3 * chroma, hue), (0.97, 0.012, hue)
    rgb = _oklch_to_srgb(np.array([(lightness, chroma, hue), far, emblem, paper, dark, light, *shapes]))
    ground, far_ground, emblem_rgb, paper_rgb, dark_rgb, light_rgb, *shape_rgbs = (
        (int(red), int(green), int(blue)) for red, green, blue in rgb
    )
    return Palette(ground, far_ground, tuple(shape_rgbs), emblem_rgb, paper_rgb, dark_rgb, light_rgb)


def luminance(colour: tuple[float, ...]) -> float:
    """Perceived brightness of an sRGB colour, in [0, 255]."""
    return 0.299 * colour[0] + 0.587 * colour[1] + 0.114 * colour[2]


def _oklch_to_srgb(colours: Float[np.ndarray, "K 3"]) -> np.ndarray:
    """(K, 3) OKLCh to whole sRGB values in [0, 255]; what no screen can show is clipped.

    Source:
        Ottosson (2020), "A perceptual color space for image processing".
    """
    lightness, chroma, hue = np.clip(colours[:, 0], 0.05, 0.98), colours[:, 1], colours[:, 2]
    lab = np.stack([lightness, chroma * np.cos(hue), chroma * np.sin(hue)], axis=1)
    cones = (lab @ _LAB_TO_CONES.T) ** 3
    linear = np.clip(cones @ _CONES_TO_RGB.T, 0.0, 1.0)
    encoded = np.where(linear <= 0.0031308, 12.92 * linear, 1.055 * linear ** (1 / 2.4) - 0.055)
    rgb: np.ndarray = np.rint(255 * encoded)
    return rgb


_LAB_TO_CONES = np.array(
    [[1.0, 0.3963377774, 0.2158037573], [1.0, -0.1055613458, -0.0638541728], [1.0, -0.0894841775, -1.2914855480]]
)
_CONES_TO_RGB = np.array(
    [
        [4.0767416621, -3.3077115913, 0.2309699292],
        [-1.2684380046, 2.6097574011, -0.3413193965],
        [-0.0041960863, -0.7034186147, 1.7076147010],
    ]
)
