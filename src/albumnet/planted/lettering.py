"""Lettering: an artist's name and a title, set on a cover in Pillow's own typeface, so no system font is needed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal, cast

from PIL import Image, ImageDraw, ImageFilter, ImageFont

from albumnet.planted.palette import Colour, Palette, luminance
from albumnet.planted.rule import Layout

Align = Literal["left", "centre"]


@dataclass(frozen=True, slots=True)
class TextPlace:
    """Limits of a layout's text in shares of the cover's side, and the edge (top when it grows down) it starts at."""

    top: float
    bottom: float
    left: float
    right: float
    align: Align
    grows: Literal["down", "up"]


TEXT_PLACES: Mapping[Layout, TextPlace] = {
    "scatter": TextPlace(0.20, 0.94, 0.07, 0.93, "left", "up"),
    "grid": TextPlace(0.06, 0.80, 0.07, 0.93, "left", "down"),
    "panel": TextPlace(0.05, 0.30, 0.06, 0.94, "left", "down"),
    "vignette": TextPlace(0.745, 0.95, 0.06, 0.94, "centre", "up"),
    "sunburst": TextPlace(0.20, 0.93, 0.08, 0.92, "centre", "up"),
    "horizon": TextPlace(0.07, 0.60, 0.08, 0.92, "centre", "down"),
    "label": TextPlace(0.12, 0.40, 0.17, 0.83, "centre", "down"),
}


def draw_lettering(
    picture: Image.Image,
    *,
    artist: str,
    title: str,
    place: TextPlace,
    dial: Mapping[str, float],
    palette: Palette,
    sits_on: Colour | None,
) -> None:
    """Set the artist's name and the title on a square RGB picture, in place.

    Args:
        picture: The cover so far.
        artist: Set small.
        title: Set large, in at most three lines; made smaller until it fits.
        place: Where the layout wants text.
        dial: Dials in [0, 1]: letter_size, upper_case, letter_weight, slant, spacing.
        palette: Gives the two inks.
        sits_on: Colour of a panel under the text; None when the text stands on the picture itself.
    """
    if dial["upper_case"] > 0.5:
        artist, title = artist.upper(), title.upper()
    side = picture.width
    width = round((place.right - place.left) * side)
    height = round((place.bottom - place.top) * side)
    spacing = 0.34 * max(0.0, dial["spacing"] - 0.15)
    title_size = max(8, round(side * (0.07 + 0.11 * dial["letter_size"])))
    lines = _wrap(title, size=title_size, width=width, spacing=spacing)
    artist_size = max(8, round(side * (0.045 + 0.02 * dial["letter_size"])))
    while title_size > 8 and not _fits(lines, artist_size, title_size, width=width, height=height, spacing=spacing):
        title_size = max(8, int(0.9 * title_size))
        lines = _wrap(title, size=title_size, width=width, spacing=spacing)

    stroke = round(0.045 * title_size * max(0.0, dial["letter_weight"] - 0.3) / 0.7)
    block_height = round(1.15 * title_size * len(lines) + 1.5 * artist_size)
    # Room around the text, into which thick and slanted letters and the halo reach.
    margin = side // 16
    block = Image.new("L", (width + 2 * margin, block_height + 2 * margin))
    pen = ImageDraw.Draw(block)
    span = (margin, margin + width)
    _set_line(pen, artist, y=margin, size=artist_size, stroke=0, spacing=spacing, align=place.align, span=span)
    for row, line in enumerate(lines):
        y = margin + round(1.4 * artist_size + 1.15 * title_size * row)
        _set_line(pen, line, y=y, size=title_size, stroke=stroke, spacing=spacing, align=place.align, span=span)

    block = _slant(block, slant=0.26 * max(0.0, dial["slant"] - 0.2) / 0.8)
    x = round(place.left * side)
    y = round(place.top * side) if place.grows == "down" else round(place.bottom * side) - block_height
    behind = sits_on or _mean_colour(picture.crop((x, y, x + width, y + block_height)))
    is_dark_ink = luminance(behind) > 135
    corner = (x - margin, y - margin)
    if sits_on is None:
        picture.paste(palette.light if is_dark_ink else palette.dark, corner, _halo(block, radius=side / 100))
    picture.paste(palette.dark if is_dark_ink else palette.light, corner, block)


def _slant(block: Image.Image, *, slant: float) -> Image.Image:
    if slant < 0.02:
        return block
    shear = (1, slant, -0.5 * slant * block.height, 0, 1, 0)
    return block.transform(block.size, Image.Transform.AFFINE, shear, Image.Resampling.BILINEAR)


def _halo(block: Image.Image, *, radius: float) -> Image.Image:
    """A soft glow around letters, which keeps them readable on a busy picture."""
    glow = block.reduce(2).filter(ImageFilter.BoxBlur(radius))
    return glow.resize(block.size, Image.Resampling.BILINEAR).point([min(170, int(1.5 * v)) for v in range(256)])


def _mean_colour(picture: Image.Image) -> Colour:
    return cast(Colour, picture.resize((1, 1), Image.Resampling.BOX).getpixel((0, 0)))


def _fits(lines: list[str], artist_size: int, title_size: int, *, width: int, height: int, spacing: float) -> bool:
    is_narrow = all(_line_width(line, size=title_size, spacing=spacing) <= width for line in lines)
    return len(lines) <= 3 and is_narrow and 1.15 * title_size * len(lines) + 1.5 * artist_size <= height


def _wrap(text: str, *, size: int, width: int, spacing: float) -> list[str]:
    """Words broken into lines no wider than `width` pixels, but for single words that are wider alone."""
    lines: list[str] = []
    for word in text.split():
        longer = f"{lines[-1]} {word}" if lines else word
        if lines and _line_width(longer, size=size, spacing=spacing) <= width:
            lines[-1] = longer
        else:
            lines.append(word)
    return lines


def _line_width(text: str, *, size: int, spacing: float) -> float:
    return sum(_letter_width(letter, size) for letter in text) + spacing * size * (len(text) - 1)


def _set_line(
    pen: ImageDraw.ImageDraw,
    text: str,
    *,
    y: int,
    size: int,
    stroke: int,
    spacing: float,
    align: Align,
    span: tuple[int, int],
) -> None:
    left, width = span[0], span[1] - span[0]
    length = _line_width(text, size=size, spacing=spacing)
    # A name too long for its place is set tighter rather than cut.
    squeeze = min(0.0, (width - length) / max(1, len(text)))
    x = left + (0.0 if align == "left" else max(0.0, 0.5 * (width - length)))
    font = _font(size)
    for letter in text:
        if letter != " ":
            pen.text((x, y), letter, fill=255, font=font, stroke_width=stroke)
        x += _letter_width(letter, size) + spacing * size + squeeze


@lru_cache(maxsize=64)
def _font(size: int) -> ImageFont.FreeTypeFont:
    return cast(ImageFont.FreeTypeFont, ImageFont.load_default(size=size))


@lru_cache(maxsize=8192)
def _letter_width(letter: str, size: int) -> float:
    return _font(size).getlength(letter)
