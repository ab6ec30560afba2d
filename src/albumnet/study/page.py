"""The study's report as one HTML file that needs nothing but itself."""

from __future__ import annotations

import base64
import io
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

import numpy as np
from jinja2 import Environment, StrictUndefined
from markupsafe import Markup

from albumnet.metrics import Estimate
from albumnet.metrics.agreement import kappa_in_words
from albumnet.study.analysis import Findings, PairFindings, Party
from albumnet.study.analysis.findings import PAIR_KINDS
from albumnet.study.folder import Key, Study

_THUMBNAIL = 160
_WIDTH, _ROW, _HEAD = 440, 38, 28


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
        kinds=[kind for kind in PAIR_KINDS if any(pair.kind == kind for pair in findings.pairs)],
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
    step = 0.1 if max(ends) - min(ends) <= 0.7 else 0.2
    low, high = math.floor(min(ends) / step) * step, math.ceil(max(*ends, 0.2) / step) * step

    def across(value: float) -> float:
        return 12 + (value - low) / (high - low) * (_WIDTH - 24)

    kinds = list(dict.fromkeys(pair.kind for pair in pairs))
    height = _ROW * len(pairs) + _HEAD * len(kinds) + 34
    parts: list[Markup] = []
    for n in range(round((high - low) / step) + 1):
        tick = round(low + n * step, 3)
        parts += _draw_tick(tick, across(tick), height=height)
    y = 0
    for kind in kinds:
        y += _HEAD
        parts.append(Markup('<text class="kind" x="4" y="{}">{}</text>').format(y - 6, kind))
        for pair in (p for p in pairs if p.kind == kind):
            parts += _draw_pair(pair, across, y=y + 14)
            y += _ROW
    title = f"Pooled kappa of {len(pairs)} pairs with 95 % intervals; chance is 0"
    return Markup('<svg class="forest" viewBox="0 0 {} {}" role="img"><title>{}</title>{}</svg>').format(
        _WIDTH, height, title, Markup("").join(parts)
    )


def _draw_tick(tick: float, x: float, *, height: int) -> list[Markup]:
    style = "reference" if abs(tick) < 1e-9 else "grid"
    return [
        Markup('<line class="{}" x1="{:.1f}" x2="{:.1f}" y1="4" y2="{}"/>').format(style, x, x, height - 26),
        Markup('<text class="tick" x="{:.1f}" y="{}" text-anchor="middle">{}</text>').format(
            x, height - 8, number(tick, 1)
        ),
    ]


def _draw_pair(pair: PairFindings, across: Callable[[float], float], *, y: int) -> list[Markup]:
    name, found = f"{pair.first} – {pair.second}", pair.pooled
    style = "people" if pair.kind == "rater–rater" else "other"
    shown = f"{number(found.value)} {interval_in_words(found)}"
    # A long name is cut; the dot's title has it whole.
    parts = [
        Markup('<text x="12" y="{}">{}</text>').format(y, _short(name)),
        Markup('<text class="value" x="{}" y="{}" text-anchor="end">{}</text>').format(_WIDTH - 4, y, shown),
    ]
    if not math.isnan(found.low):
        parts.append(
            Markup('<line class="whisker {}" x1="{:.1f}" x2="{:.1f}" y1="{}" y2="{}"/>').format(
                style, across(found.low), across(found.high), y + 12, y + 12
            )
        )
    parts.append(
        Markup('<circle class="{}" cx="{:.1f}" cy="{}" r="4.5"><title>{}</title></circle>').format(
            style, across(found.value), y + 12, f"{name}: {in_words(found)}"
        )
    )
    return parts


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
