"""The study's report as one HTML file that needs nothing but itself."""

from __future__ import annotations

import base64
import io
import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

import numpy as np
from jinja2 import Environment, StrictUndefined
from markupsafe import Markup

from albumnet.metrics.agreement import kappa_in_words
from albumnet.study.analysis import Estimate, Findings, Party
from albumnet.study.folder import Key, Study

_THUMBNAIL = 160
_WIDTH, _ROW = 640, 30
_LEFT, _RIGHT = 230, 470


@dataclass(frozen=True)
class CoverLine:
    """One cover with what everyone said of it."""

    name: str
    picture: str
    disagreement: float
    said: tuple[tuple[str, str, tuple[str, ...] | None], ...]


def render_study(
    study: Study, key: Key, findings: Findings, *, raters: Sequence[Party], others: Sequence[Party]
) -> str:
    """The page.

    Args:
        study: What was rated.
        key: Which albums the covers are of.
        findings: All numbers.
        raters: Who rated.
        others: The set, and models.
    """
    return _environment().from_string(_read("study.html.j2")).render(
        study=study,
        findings=findings,
        others=others,
        css=Markup(_read("study.css")),  # our own file
        forest=_draw_forest(findings),
        covers=_cover_lines(study, key, findings, [*raters, *others]),
        is_simulated=any(rater.is_simulated for rater in findings.raters),
        all_simulated=all(rater.is_simulated for rater in findings.raters),
    )  # fmt: skip


def in_words(estimate: Estimate, digits: int = 2) -> str:
    """Number, interval, and Landis and Koch's words for all that the interval holds."""
    if not estimate.is_defined:
        return "undefined"
    ends = interval_in_words(estimate, digits)
    return " ".join(part for part in (number(estimate.value, digits), ends, words_of(estimate)) if part)


def words_of(estimate: Estimate) -> str:
    """Landis and Koch's words; "" without an interval."""
    return kappa_in_words(estimate.low, estimate.high)


def interval_in_words(estimate: Estimate, digits: int = 2) -> str:
    """The ends in brackets; "" where undefined."""
    if math.isnan(estimate.low):
        return ""
    return f"[{number(estimate.low, digits)}, {number(estimate.high, digits)}]"


def number(value: float, digits: int = 2) -> str:
    """With a true minus sign, or "undefined"."""
    if math.isnan(value):
        return "undefined"
    shown = f"{value:.{digits}f}"
    return shown.lstrip("-") if float(shown) == 0 else shown.replace("-", "\N{MINUS SIGN}")


def _draw_forest(findings: Findings) -> Markup:
    """Every pair's pooled kappa and interval on one scale; chance is a dashed line at 0."""
    pairs = [pair for pair in findings.pairs if pair.pooled.is_defined]
    ends = [0.0, *(end for p in pairs for end in (p.pooled.value, p.pooled.low, p.pooled.high) if not math.isnan(end))]
    low, high = math.floor(min(ends) * 10) / 10, math.ceil(max(*ends, 0.2) * 10) / 10
    step = 0.1 if high - low <= 0.8 else 0.2

    def across(value: float) -> float:
        return _LEFT + (value - low) / (high - low) * (_RIGHT - _LEFT)

    parts: list[Markup] = []
    kinds = list(dict.fromkeys(pair.kind for pair in pairs))
    height = _ROW * (len(pairs) + len(kinds)) + 34
    ticks = [round(low + n * step, 3) for n in range(int((high - low) / step + 1.5)) if low + n * step <= high + 1e-9]
    for tick in ticks:
        x = across(tick)
        style = "reference" if abs(tick) < 1e-9 else "grid"
        parts.append(
            Markup('<line class="{}" x1="{:.1f}" x2="{:.1f}" y1="4" y2="{}"/>').format(style, x, x, height - 26)
        )
        parts.append(Markup('<text class="tick" x="{:.1f}" y="{}" text-anchor="middle">{}</text>').format(
            x, height - 8, number(tick, 1)))  # fmt: skip
    y = 20
    for kind in kinds:
        parts.append(Markup('<text class="kind" x="4" y="{}">{}</text>').format(y, kind))
        y += _ROW
        for pair in (p for p in pairs if p.kind == kind):
            said, style = in_words(pair.pooled), "people" if kind == "rater–rater" else "other"
            # Long names are cut off by the drawing's title, which has them whole.
            parts.append(Markup('<text x="16" y="{}">{}</text>').format(y, _short(f"{pair.first} – {pair.second}")))
            if not math.isnan(pair.pooled.low):
                parts.append(
                    Markup('<line class="whisker {}" x1="{:.1f}" x2="{:.1f}" y1="{}" y2="{}"/>').format(
                        style, across(pair.pooled.low), across(pair.pooled.high), y - 4, y - 4
                    )
                )
            parts.append(
                Markup('<circle class="{}" cx="{:.1f}" cy="{}" r="4.5"><title>{}</title></circle>').format(
                    style, across(pair.pooled.value), y - 4, f"{pair.first} – {pair.second}: {said}"
                )
            )
            shown = f"{number(pair.pooled.value)} {interval_in_words(pair.pooled)}"
            parts.append(
                Markup('<text class="value" x="{}" y="{}" text-anchor="end">{}</text>').format(_WIDTH - 4, y, shown)
            )
            y += _ROW
    title = f"Pooled kappa of {len(pairs)} pairs with 95 % intervals; chance is 0"
    return Markup('<svg class="forest" viewBox="0 0 {} {}" role="img"><title>{}</title>{}</svg>').format(
        _WIDTH, height, title, Markup("").join(parts)
    )


def _short(name: str, most: int = 30) -> str:
    return name if len(name) <= most else f"{name[: most - 1]}…"


def _cover_lines(study: Study, key: Key, findings: Findings, parties: Sequence[Party]) -> list[CoverLine]:
    """Most disputed first."""
    order = np.argsort(-np.nan_to_num(findings.disagreement, nan=-1), kind="stable")
    lines = []
    for n in order.tolist():
        item = study.items[n]
        album = key.items[item]
        said = tuple((p.name, p.kind, p.moods_on(n, study.moods) if p.is_known[n] else None) for p in parties)
        name = " – ".join(part for part in (album.artist, album.title) if part) or album.album_id
        lines.append(CoverLine(name, _thumbnail(study, item), float(findings.disagreement[n]), said))
    return lines


def _thumbnail(study: Study, item: str) -> str:
    """A picture as a data URI; "" where the copy of the study lacks it."""
    from PIL import Image

    path = study.picture(item)
    if not path.is_file():
        return ""
    with Image.open(path) as image:
        file = io.BytesIO()
        image.resize((_THUMBNAIL, _THUMBNAIL)).save(file, "JPEG", quality=72)
    return f"data:image/jpeg;base64,{base64.b64encode(file.getvalue()).decode()}"


def _read(name: str) -> str:
    return (files("albumnet.study") / "data" / name).read_text("utf-8")


@cache
def _environment() -> Environment:
    environment = Environment(autoescape=True, trim_blocks=True, lstrip_blocks=True, undefined=StrictUndefined)
    environment.filters.update(number=number, ends=interval_in_words, words=words_of)
    return environment
