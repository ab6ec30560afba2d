"""Maps as pictures: overlays on one fixed scale, bars of shares, and contact sheets, drawn with Pillow alone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, cast

import numpy as np
from PIL import Image, ImageDraw, ImageFont

if TYPE_CHECKING:
    from jaxtyping import Float, UInt8

# The scale is the same on every picture: full colour where a pixel has this many times the cover's mean attribution.
FULL_COLOUR = 5.0
SCALE_TEXT = f"colour: attribution per pixel over its mean on the cover, from 0 to {FULL_COLOUR:g} times and more"
FOR_COLOUR, AGAINST_COLOUR = (255, 60, 20), (40, 110, 255)
_FOR, _AGAINST = np.array(FOR_COLOUR, dtype=np.float64), np.array(AGAINST_COLOUR, dtype=np.float64)
_INK, _PAPER, _FAINT = (30, 30, 34), (250, 250, 248), (150, 150, 155)
_MARGIN = 10
_TEXT_SIZE = 13
_LINE = 17


@dataclass(frozen=True)
class Panel:
    """One picture of a contact sheet, with lines of text under it."""

    picture: UInt8[np.ndarray, "H W 3"]
    caption: tuple[str, ...]


def density(values: Float[np.ndarray, "H W"]) -> Float[np.ndarray, "H W"]:
    """A map in multiples of its mean absolute value, so that maps of all methods have one scale; flat maps stay 0."""
    mean = np.abs(values).mean()
    return np.asarray(values / mean) if mean > 0 else np.zeros_like(values)


def overlay(
    cover: UInt8[np.ndarray, "H W 3"], values: Float[np.ndarray, "H W"], *, opacity: float = 0.85
) -> UInt8[np.ndarray, "H W 3"]:
    """A map over its cover: red where it speaks for the mood, blue where against, grey where it says nothing."""
    strength = _strength(values)[..., None]
    grey = cover.astype(np.float64).mean(axis=2, keepdims=True)
    ground = 0.6 * (0.7 * grey + 0.3 * cover) + 50
    colour = np.where(strength > 0, _FOR, _AGAINST)
    amount = opacity * np.abs(strength)
    return np.asarray(np.clip(ground * (1 - amount) + colour * amount, 0, 255).astype(np.uint8))


def layer(values: Float[np.ndarray, "H W"]) -> UInt8[np.ndarray, "H W 4"]:
    """A map in the colours of `overlay`, to be laid over its cover: the more opaque the stronger it is."""
    strength = _strength(values)
    colour = np.where(strength[..., None] > 0, _FOR, _AGAINST)
    return np.concatenate([colour, 255 * np.abs(strength[..., None])], axis=2).round().astype(np.uint8)


def _strength(values: np.ndarray) -> np.ndarray:
    """In [-1, 1]; 1 where a pixel has full colour."""
    strength: np.ndarray = np.clip(density(values) / FULL_COLOUR, -1, 1)
    return strength


def bars(parts: Sequence[tuple[str, float]], *, side: int, reach: float) -> UInt8[np.ndarray, "side side 3"]:
    """Horizontal bars from a middle line, named and numbered: right raises the mood, left lowers it.

    Args:
        parts: Name and value of each bar.
        side: Of the picture.
        reach: The value at which a bar touches the edge.
    """
    picture = Image.new("RGB", (side, side), _PAPER)
    pen = ImageDraw.Draw(picture)
    middle, step = side / 2, side / (len(parts) + 1)
    pen.line((middle, step * 0.3, middle, side - step * 0.3), fill=_FAINT)
    for n, (name, value) in enumerate(parts):
        y = step * (n + 0.55)
        end = middle + (side / 2 - 4) * float(np.clip(value / reach, -1, 1)) if reach > 0 else middle
        colour = tuple(int(v) for v in (_FOR if value > 0 else _AGAINST))
        pen.rectangle((min(middle, end), y + _LINE, max(middle, end), y + _LINE + step * 0.3), fill=colour)
        pen.text((4, y - 2), f"{name} {value:+.2f}", fill=_INK, font=_font(_TEXT_SIZE))
    return np.asarray(picture)


def contact_sheet(
    rows: Sequence[Sequence[Panel]], *, title: str = "", footer: Sequence[str] = (), has_scale: bool = False
) -> Image.Image:
    """Panels in rows, captions under them, a title above, and a footer that states the scale of maps below.

    Args:
        rows: Panels of one size; rows may differ in length.
        title: One line.
        footer: Lines under the last row.
        has_scale: Whether to draw the scale of maps.
    """
    height, width = rows[0][0].picture.shape[:2]
    n_lines = max(len(panel.caption) for row in rows for panel in row)
    cell = (width + _MARGIN, height + _MARGIN + n_lines * _LINE)
    top = _MARGIN + (_LINE + 6 if title else 0)
    n_footer = len(footer) + (2 if has_scale else 0)
    n_columns = max(len(row) for row in rows)
    needed = max([_text_width(line) for line in (title, *footer, SCALE_TEXT if has_scale else "")])
    total_width = max(_MARGIN + n_columns * cell[0], 2 * _MARGIN + needed)
    sheet = Image.new("RGB", (total_width, top + len(rows) * cell[1] + n_footer * _LINE + _MARGIN), _PAPER)
    pen = ImageDraw.Draw(sheet)
    if title:
        pen.text((_MARGIN, _MARGIN - 2), title, fill=_INK, font=_font(_TEXT_SIZE + 1))
    for r, row in enumerate(rows):
        for c, panel in enumerate(row):
            x, y = _MARGIN + c * cell[0], top + r * cell[1]
            sheet.paste(Image.fromarray(panel.picture), (x, y))
            for n, line in enumerate(panel.caption):
                pen.text((x, y + height + 1 + n * _LINE), _fit(line, width), fill=_INK, font=_font(_TEXT_SIZE))
    y = top + len(rows) * cell[1]
    if has_scale:
        _draw_scale(sheet, x=_MARGIN, y=y)
        y += 2 * _LINE
    for line in footer:
        pen.text((_MARGIN, y), line, fill=_INK, font=_font(_TEXT_SIZE))
        y += _LINE
    return sheet


def in_rows(panels: Sequence[Panel], *, n_columns: int) -> list[list[Panel]]:
    """Panels dealt into rows."""
    return [list(panels[start : start + n_columns]) for start in range(0, len(panels), n_columns)]


def _draw_scale(sheet: Image.Image, *, x: int, y: int) -> None:
    steps = np.linspace(-FULL_COLOUR, FULL_COLOUR, 240)
    strength = steps / FULL_COLOUR
    colour = np.where(strength[:, None] > 0, _FOR, _AGAINST)
    amount = 0.85 * np.abs(strength)[:, None]
    strip = (110 * (1 - amount) + colour * amount).astype(np.uint8)
    sheet.paste(Image.fromarray(np.broadcast_to(strip, (10, *strip.shape)).copy()), (x, y + 2))
    pen = ImageDraw.Draw(sheet)
    pen.text(
        (x + 248, y - 1), f"-{FULL_COLOUR:g} against … 0 … +{FULL_COLOUR:g} for", fill=_INK, font=_font(_TEXT_SIZE)
    )
    pen.text((x, y + _LINE - 1), SCALE_TEXT, fill=_INK, font=_font(_TEXT_SIZE))


def _fit(line: str, width: int) -> str:
    """The line, cut with an ellipsis where it is wider than its picture."""
    if _text_width(line) <= width:
        return line
    while line and _text_width(line + "…") > width:
        line = line[:-1]
    return line + "…"


def _text_width(line: str) -> int:
    return int(np.ceil(_font(_TEXT_SIZE + 1).getlength(line)))


@lru_cache(maxsize=4)
def _font(size: int) -> ImageFont.FreeTypeFont:
    return cast(ImageFont.FreeTypeFont, ImageFont.load_default(size=size))
