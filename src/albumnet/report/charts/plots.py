"""The report's charts as SVG. Colours and fonts are the style sheet's, so that they follow dark mode and paper."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup

from albumnet.metrics import Estimate
from albumnet.models.run import Epoch
from albumnet.report.charts.svg import Scale, bar, dot, drawing, line, nice_scale, polyline, text
from albumnet.report.findings import Collapse, Predictor, Reliability
from albumnet.report.wording import estimate_in_words, number_in_words

# Narrow enough that texts are legible when a phone shrinks the drawing to its width.
WIDTH = 440
_ROW = 42
# Narrower bars could not be told apart on a phone.
_MAX_BARS = 40
_PANEL_WIDTH, _PANEL_HEIGHT = 260, 180


def draw_forest(predictors: Sequence[Predictor], metric: str, *, title: str, chance: float) -> Markup:
    """Every predictor's value and interval on one scale, and a line where guessing lies."""
    found = [(row.title, row.scores.get(metric, Estimate(math.nan))) for row in predictors]
    ends = [end for _, e in found for end in (e.value, e.low, e.high)]
    scale, ticks = nice_scale([*ends, chance], start=8, end=WIDTH - 8)
    bottom = _ROW * len(found) + 8
    parts = [line(scale(tick), 4, scale(tick), bottom, style="grid") for tick in ticks]
    parts += [text(scale(tick), bottom + 17, f"{tick:g}", anchor=_anchor(tick, ticks), style="tick") for tick in ticks]
    parts.append(line(scale(chance), 4, scale(chance), bottom, style="reference"))
    for n, (name, estimate) in enumerate(found):
        parts += _forest_row(name, estimate, scale, y=_ROW * n + 20, style="model" if n == 0 else "other")
    return drawing(parts, width=WIDTH, height=bottom + 24, title=title)


def _forest_row(name: str, estimate: Estimate, scale: Scale, *, y: float, style: str) -> list[Markup]:
    said = estimate_in_words(estimate)
    parts = [
        text(8, y, name, style=f"label {style}"),
        text(WIDTH - 8, y, said, anchor="end", style=f"value {style}"),
    ]
    if estimate.has_interval:
        parts.append(line(scale(estimate.low), y + 12, scale(estimate.high), y + 12, style=f"whisker {style}"))
    if estimate.is_defined:
        parts.append(dot(scale(estimate.value), y + 12, 4.5, style=style, title=f"{name}: {said}"))
    return parts


def draw_whisker(estimate: Estimate, *, chance: float = 0.5) -> Markup:
    """A value in [0, 1] with its interval, as small as a word; it repeats numbers that stand beside it."""
    parts = [line(2, 6, 78, 6, style="grid"), line(2 + 76 * chance, 1, 2 + 76 * chance, 11, style="reference")]
    if estimate.has_interval:
        low, high = (2 + 76 * min(max(end, 0), 1) for end in (estimate.low, estimate.high))
        parts.append(line(low, 6, high, 6, style="whisker model"))
    if estimate.is_defined:
        parts.append(bar(2 + 76 * estimate.value - 1.5, 2, 3, 8, style="model"))
    return Markup('<svg class="word" viewBox="0 0 80 12" aria-hidden="true">{}</svg>').format(Markup("").join(parts))


@dataclass(frozen=True)
class LossPanel:
    """Losses of one training: its penalty, whether its weights were kept, and from which epoch."""

    strength: float
    is_kept: bool
    best: Epoch
    drawn: Markup


def draw_losses(history: Sequence[Epoch], *, kept_strength: float) -> tuple[LossPanel, ...]:
    """A panel per penalty that was tried (with one smoothing), all on one scale of losses."""
    losses = [loss for epoch in history for loss in (epoch.train_loss, epoch.valid_loss)]
    scale, ticks = nice_scale(losses, start=_PANEL_HEIGHT - 30, end=10, n_ticks=4)
    last = max((epoch.epoch for epoch in history), default=1)
    panels = []
    for strength in dict.fromkeys(epoch.strength for epoch in history):
        epochs = [epoch for epoch in history if epoch.strength == strength]
        best = min(epochs, key=lambda epoch: epoch.valid_loss)
        is_kept = strength == kept_strength
        drawn = _draw_loss_panel(epochs, scale, ticks, last=last, best=best, is_kept=is_kept)
        panels.append(LossPanel(strength, is_kept, best, drawn))
    return tuple(panels)


def _draw_loss_panel(
    epochs: Sequence[Epoch], scale: Scale, ticks: Sequence[float], *, last: int, best: Epoch, is_kept: bool
) -> Markup:
    right = _PANEL_WIDTH - 8
    across = Scale(1, max(last, 2), 40, right)
    parts = [line(40, scale(tick), right, scale(tick), style="grid") for tick in ticks]
    parts += [text(34, scale(tick) + 4, f"{tick:g}", anchor="end", style="tick") for tick in ticks]
    parts += [
        text(40, _PANEL_HEIGHT - 12, "epoch 1", style="tick"),
        text(right, _PANEL_HEIGHT - 12, str(last), anchor="end", style="tick"),
        polyline([(across(e.epoch), scale(e.train_loss)) for e in epochs], style="curve other"),
        polyline([(across(e.epoch), scale(e.valid_loss)) for e in epochs], style="curve model"),
    ]
    said = f"epoch {best.epoch}: validation loss {number_in_words(best.valid_loss)}"
    if is_kept:
        parts.append(dot(across(best.epoch), scale(best.valid_loss), 4.5, style="model", title=f"kept, {said}"))
    title = f"Loss of {len(epochs)} epochs at penalty {best.strength:g}; lowest at {said}"
    return drawing(parts, width=_PANEL_WIDTH, height=_PANEL_HEIGHT, title=title)


def draw_reliability(reliability: Reliability) -> Markup:
    """Predicted probability against the share that came true, a point per bin; perfect calibration is the diagonal."""
    height, left, top, bottom = 384, 46, 26, 336
    ends = [0.0, *(value for predicted, observed, _ in reliability.bins for value in (predicted, observed))]
    across, ticks = nice_scale(ends, start=left, end=WIDTH - 12)
    up = Scale(across.low, across.high, bottom, top)
    parts = [line(left, up(tick), WIDTH - 12, up(tick), style="grid") for tick in ticks]
    parts += [text(left - 7, up(tick) + 4, f"{tick:g}", anchor="end", style="tick") for tick in ticks]
    parts += [text(across(tick), bottom + 18, f"{tick:g}", anchor="middle", style="tick") for tick in ticks]
    parts += [
        text(WIDTH - 12, bottom + 40, "predicted probability", anchor="end", style="axis"),
        text(0, 12, "share of albums that have the mood", style="axis"),
        line(left, bottom, WIDTH - 12, top, style="reference"),
        polyline(
            [(across(predicted), up(observed)) for predicted, observed, _ in reliability.bins], style="curve model"
        ),
    ]
    parts += [
        dot(
            across(predicted), up(observed), 4, style="model",
            title=f"predicted {predicted:.3f}, observed {observed:.3f}, {count:,} pairs",
        )
        for predicted, observed, count in reliability.bins
    ]  # fmt: skip
    title = f"Reliability curve of {len(reliability.bins)} bins"
    return drawing(parts, width=WIDTH, height=height, title=title)


def draw_set_sizes(sizes: Sequence[int], *, prior_size: int) -> Markup:
    """How many albums need how long a list of moods, and the one length that it takes without looking.

    Args:
        sizes: Moods listed, per album.
        prior_size: Moods listed without looking.
    """
    top, bottom = 52, 208
    longest = max([*sizes, prior_size])
    per_bar = math.ceil((longest + 1) / _MAX_BARS)
    counts = [0] * (longest // per_bar + 1)
    for size in sizes:
        counts[size // per_bar] += 1
    # A length stands in the middle of its bar.
    across = Scale(-0.5, per_bar * len(counts) - 0.5, 8, WIDTH - 8)
    high, unit = max([*counts, 1]), (WIDTH - 16) / len(counts)
    heights = [(bottom - top) * count / high for count in counts]
    bars = [bar(8 + unit * n + 1, bottom - height, unit - 2, height, style="model") for n, height in enumerate(heights)]
    tallest = 8 + unit * (counts.index(max(counts)) + 0.5)
    ticks = [tick for tick in nice_scale([0, longest], start=0, end=1)[1] if tick <= longest and tick == int(tick)]
    is_right = prior_size > longest / 2
    parts = [
        line(8, bottom, WIDTH - 8, bottom, style="grid"),
        *bars,
        line(across(prior_size), 22, across(prior_size), bottom, style="reference"),
        text(
            across(prior_size),
            14,
            f"without looking: {prior_size}",
            anchor="end" if is_right else "start",
            style="axis",
        ),
        text(tallest, top - 6, f"{high:,} albums" if high > 1 else "1 album", anchor="middle", style="tick"),
        *(text(across(tick), bottom + 17, f"{tick:g}", anchor="middle", style="tick") for tick in ticks),
        text(WIDTH - 8, bottom + 38, "moods listed", anchor="end", style="axis"),
    ]
    title = f"Lengths of the lists of {len(sizes):,} albums; without looking it takes {prior_size} moods"
    return drawing(parts, width=WIDTH, height=bottom + 46, title=title)


def draw_collapse(collapse: Collapse) -> Markup:
    """The spread of the predicted mood vectors as a part of that of the true ones."""
    ratio = collapse.spread_ratio
    scale = Scale(0, max(1.0, ratio if math.isfinite(ratio) else 1.0), 8, WIDTH - 8)
    said = "undefined" if math.isnan(ratio) else f"{100 * ratio:.0f} % of the true spread"
    parts = [
        bar(8, 32, scale(1) - 8, 18, style="trough"),
        text(8, 20, said, style="label model"),
        text(8, 70, "0: one point for all albums", style="tick"),
        line(scale(1), 26, scale(1), 56, style="reference"),
        text(scale(1), 70, "1: as wide as the truth", anchor="end", style="tick"),
    ]
    if math.isfinite(ratio):
        parts.insert(1, bar(8, 32, scale(ratio) - 8, 18, style="model"))
    return drawing(parts, width=WIDTH, height=78, title=f"Spread of the predicted mood vectors: {said}")


def _anchor(tick: float, ticks: Sequence[float]) -> str:
    """Ticks at the ends stay inside the drawing."""
    return "start" if tick == ticks[0] else "end" if tick == ticks[-1] else "middle"
