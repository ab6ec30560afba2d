"""Charts hold the numbers they were given, where they belong."""

import math
import re

import numpy as np
import pytest

from albumnet.metrics import Estimate
from albumnet.models.run import Epoch
from albumnet.report import charts
from albumnet.report.charts.svg import nice_scale
from albumnet.report.findings import Collapse, Predictor, Reliability

NAN = math.nan


def circles(drawn):
    return [(float(x), float(y)) for x, y in re.findall(r'<circle class="\w+" cx="([\d.]+)" cy="([\d.]+)"', drawn)]


def test_the_forest_has_a_point_and_a_whisker_per_predictor_in_order_of_value():
    rows = [
        Predictor(name, name, {"macro_roc_auc": Estimate(value, value - 0.02, value + 0.02)})
        for name, value in (("model", 0.7), ("prior", 0.5), ("colours", 0.6))
    ]
    drawn = charts.draw_forest(rows, "macro_roc_auc", title="t", chance=0.5)
    model, prior, colours = (x for x, _ in circles(drawn))
    assert prior < colours < model
    assert colours == pytest.approx((prior + model) / 2, abs=0.1)
    assert drawn.count('class="whisker') == 3
    assert "model: 0.700 [0.680, 0.720]" in drawn


def test_lengths_of_lists_are_bars_and_the_prior_a_line():
    drawn = charts.draw_set_sizes([1, 3, 3, 3], prior_size=4)
    bars = [
        tuple(map(float, found))
        for found in re.findall(r'<rect class="model" x="(.*?)" y=".*?" width=".*?" height="(.*?)"', drawn)
    ]
    assert [height for _, height in bars] == [0, pytest.approx(52), 0, pytest.approx(156), 0]
    assert "without looking: 4" in drawn
    assert "3 albums" in drawn
    (line,) = re.findall(r'class="reference" x1="(.*?)"', drawn)
    assert bars[4][0] < float(line)


@pytest.mark.parametrize(("sizes", "prior_size"), [([], 0), ([0], 0), ([300] * 5, 167), (list(range(168)), 60)])
def test_lengths_of_lists_can_be_anything(sizes, prior_size):
    drawn = charts.draw_set_sizes(sizes, prior_size=prior_size)
    assert "nan" not in drawn
    assert drawn.count('<rect class="model"') <= 40


def test_the_forest_names_a_predictor_whose_score_is_undefined():
    rows = [Predictor("model", "model", {}), Predictor("prior", "prior", {"m": Estimate(0.5, NAN, NAN)})]
    drawn = charts.draw_forest(rows, "m", title="t", chance=0.5)
    assert ">undefined</text>" in drawn
    assert len(circles(drawn)) == 1
    assert "nan" not in drawn


def test_losses_have_a_panel_per_penalty_with_a_point_per_epoch_and_the_kept_one_marked():
    history = [
        Epoch(0.0, strength, epoch, 2 / epoch, 1 + abs(epoch - 3) / 10, 0.0)
        for strength in (0.1, 0.2)
        for epoch in range(1, 6)
    ]
    first, second = charts.draw_losses(history, kept_strength=0.2)
    assert (first.is_kept, second.is_kept) == (False, True)
    assert (second.strength, second.best.epoch) == (0.2, 3)
    for panel in (first, second):
        lines = re.findall(r'points="([^"]+)"', panel.drawn)
        assert [len(points.split()) for points in lines] == [5, 5]
    assert not circles(first.drawn)
    (kept,) = circles(second.drawn)
    valid = re.findall(r'class="curve model" points="([^"]+)"', second.drawn)[0].split()
    assert kept == tuple(map(float, valid[2].split(",")))


def test_no_losses_are_no_panels():
    assert charts.draw_losses([], kept_strength=0.1) == ()


def test_the_reliability_curve_has_a_point_per_bin_and_the_diagonal():
    bins = ((0.1, 0.1, 50), (0.2, 0.2, 50), (0.4, 0.4, 40))
    drawn = charts.draw_reliability(Reliability(0.0, 0.1, 0.1, NAN, NAN, bins))
    (x1, y1), (x2, y2), (x3, y3) = circles(drawn)
    assert (x3 - x2) / (x2 - x1) == pytest.approx(2, abs=0.05)
    assert (y2 - y3) / (y1 - y2) == pytest.approx(2, abs=0.05)
    assert "predicted 0.400, observed 0.400, 40 pairs" in drawn
    assert 'class="reference"' in drawn


@pytest.mark.parametrize(("ratio", "said"), [(0.2, "20 % of the true spread"), (1.3, "130 %"), (NAN, "undefined")])
def test_the_collapse_meter_says_how_much_spread_is_left(ratio, said):
    drawn = charts.draw_collapse(Collapse(0.1, 0.5, ratio, 1.0, 1.0, 0.5, 0.5))
    assert said in drawn
    assert "nan" not in drawn
    widths = [float(width) for width in re.findall(r'width="([\d.]+)"', drawn)]
    assert len(widths) == (1 if math.isnan(ratio) else 2)
    if ratio == 0.2:
        assert widths[1] == pytest.approx(0.2 * widths[0], rel=0.01)


def test_a_whisker_outside_its_range_is_cut_there():
    drawn = charts.draw_whisker(Estimate(0.98, 0.9, 1.04))
    assert 'x2="78"' in drawn


def test_texts_in_drawings_are_escaped():
    rows = [Predictor("x", "<script>", {"m": Estimate(0.5, 0.4, 0.6)})]
    assert "<script>" not in charts.draw_forest(rows, "m", title="<script>", chance=0.5)


@pytest.mark.parametrize("values", [[0.31, 0.72], [5.0], [], [NAN, 1.0, 2.0], [-3e-7, 4e-7], [1e6, 3e6]])
def test_scales_cover_their_values_with_few_round_ticks(values):
    scale, ticks = nice_scale(values, start=0, end=100)
    finite = [value for value in values if math.isfinite(value)]
    assert all(scale.low <= value <= scale.high for value in finite)
    assert 2 <= len(ticks) <= 9
    assert np.diff([scale(tick) for tick in ticks]) == pytest.approx(100 / (len(ticks) - 1))
