"""The little that our charts need of SVG: scales, ticks, and elements whose texts are escaped."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from markupsafe import Markup, escape


@dataclass(frozen=True, slots=True)
class Scale:
    """Maps [low, high] to drawing units from `start` to `end`."""

    low: float
    high: float
    start: float
    end: float

    def __call__(self, value: float) -> float:
        """Where a value lies."""
        return self.start + (value - self.low) / (self.high - self.low) * (self.end - self.start)


def nice_scale(values: Iterable[float], *, start: float, end: float, n_ticks: int = 5) -> tuple[Scale, list[float]]:
    """A scale over all finite values with ends at round numbers, and its ticks."""
    finite = [value for value in values if math.isfinite(value)] or [0.0, 1.0]
    low, high = min(finite), max(finite)
    if high - low < 1e-9 * max(abs(low), abs(high), 1e-9):
        low, high = low - 0.5, high + 0.5
    rough = (high - low) / n_ticks
    power = 10 ** math.floor(math.log10(rough))
    step = next(factor * power for factor in (1, 2, 2.5, 5, 10) if factor * power >= rough * (1 - 1e-9))
    first, last = math.floor(low / step + 1e-9), math.ceil(high / step - 1e-9)
    ticks = [round(n * step, 12) for n in range(first, last + 1)]
    return Scale(ticks[0], ticks[-1], start, end), ticks


def drawing(parts: Iterable[Markup], *, width: float, height: float, title: str, style: str = "chart") -> Markup:
    """A whole drawing, with a title for those who do not see it."""
    start = Markup('<svg class="{}" viewBox="0 0 {} {}" role="img"><title>{}</title>').format(
        style, _shown(width), _shown(height), title
    )
    return start + Markup("").join(parts) + Markup("</svg>")


def line(x1: float, y1: float, x2: float, y2: float, *, style: str) -> Markup:
    """A straight line."""
    return _element("line", style, x1=x1, y1=y1, x2=x2, y2=y2)


def polyline(points: Sequence[tuple[float, float]], *, style: str) -> Markup:
    """A line through points."""
    joined = " ".join(f"{_shown(x)},{_shown(y)}" for x, y in points)
    return Markup('<polyline class="{}" points="{}"/>').format(style, joined)


def bar(x: float, y: float, width: float, height: float, *, style: str) -> Markup:
    """A rectangle."""
    return _element("rect", style, x=x, y=y, width=max(width, 0.0), height=height)


def dot(x: float, y: float, radius: float, *, style: str, title: str) -> Markup:
    """A point that says what it stands for."""
    return Markup('<circle class="{}" cx="{}" cy="{}" r="{}"><title>{}</title></circle>').format(
        style, _shown(x), _shown(y), _shown(radius), title
    )


def text(x: float, y: float, content: str, *, anchor: str = "start", style: str = "") -> Markup:
    """A line of text."""
    return Markup('<text class="{}" x="{}" y="{}" text-anchor="{}">{}</text>').format(
        style, _shown(x), _shown(y), anchor, content
    )


def _element(name: str, style: str, **numbers: float) -> Markup:
    attributes = "".join(f' {key}="{_shown(value)}"' for key, value in numbers.items())
    return Markup(f'<{name} class="{escape(style)}"{attributes}/>')


def _shown(value: float) -> str:
    return f"{value:.2f}".rstrip("0").rstrip(".")
