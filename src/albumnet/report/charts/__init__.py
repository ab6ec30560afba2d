"""Charts as inline SVG: numbers in, safe markup out."""

from albumnet.report.charts.plots import (
    LossPanel,
    draw_collapse,
    draw_forest,
    draw_losses,
    draw_reliability,
    draw_set_sizes,
    draw_whisker,
)

__all__ = [
    "LossPanel",
    "draw_collapse",
    "draw_forest",
    "draw_losses",
    "draw_reliability",
    "draw_set_sizes",
    "draw_whisker",
]
