"""The whole page: what is shown is gathered here, how it looks is the template's."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from importlib.resources import files
from typing import TYPE_CHECKING

import numpy as np
from jinja2 import Environment, StrictUndefined
from markupsafe import Markup

from albumnet.metrics import Estimate
from albumnet.models.presets import get_model
from albumnet.models.run import Epoch, RunConfig
from albumnet.records import Album
from albumnet.report import charts, wording
from albumnet.report.confusions import Confusions, find_confusions
from albumnet.report.facts import gather_facts, list_commands
from albumnet.report.findings import Alarm, Difference, Findings
from albumnet.report.mood_lines import Predicted, make_mood_lines
from albumnet.report.thumbnails import Thumbnails, Tile

if TYPE_CHECKING:
    from jaxtyping import Float

SCHEMA_VERSION = 1
HEADLINE_METRIC = "macro_roc_auc"
N_PAIRS = 8


@dataclass(frozen=True)
class ReportSource:
    """All that a report is made from; what is missing is None or empty, and `absent` says why.

    Attributes:
        run_name: Name of the run's folder.
        config: Of the run.
        findings: Of its evaluation.
        history: Losses, epoch by epoch.
        albums: Of the set that was evaluated on, by id.
        predicted: The albums that were asked about, with what the model said.
        label_vectors: (M, E) unit vectors of the model's moods.
        read_cover: The bytes of a cover by its sha256.
        absent: "albums" | "predictions" | "history" | "label vectors" -> why there are none, as a clause.
        trained_on: Albums of the set that was trained on, by id; None where that is the same set.
        other_set: Name of the set that was evaluated on; "" where it is the one that was trained on.
        evaluation_name: Of the evaluation's file in the run's folder.
    """

    run_name: str
    config: RunConfig
    findings: Findings
    history: Sequence[Epoch] = ()
    albums: Mapping[str, Album] = field(default_factory=dict)
    predicted: Predicted | None = None
    label_vectors: Float[np.ndarray, "M E"] | None = None
    read_cover: Callable[[str], bytes] | None = None
    absent: Mapping[str, str] = field(default_factory=dict)
    trained_on: Mapping[str, Album] | None = None
    other_set: str = ""
    evaluation_name: str = "evaluation.json"


@dataclass(frozen=True)
class _DifferenceLine:
    title: str
    of_metric: Mapping[str, Difference]


@dataclass(frozen=True)
class _PairLine:
    held_out: Tile
    reference: Tile
    closeness: float


@dataclass(frozen=True)
class _AlarmLine:
    alarm: Alarm
    pairs: tuple[_PairLine, ...]


def render_report(source: ReportSource, *, rng: np.random.Generator) -> str:
    """The report as one HTML file that needs nothing but itself.

    Args:
        source: What it is about.
        rng: Deals lists of moods at random, to tell what confusions chance makes.
    """
    findings, thumbnails = source.findings, Thumbnails(source.read_cover)
    mood_lines = make_mood_lines(findings.moods, predicted=source.predicted, thumbnails=thumbnails)
    alarm_lines = tuple(_make_alarm_line(alarm, source, thumbnails) for alarm in findings.alarms)
    metrics = tuple(dict.fromkeys(metric for row in findings.predictors for metric in row.scores))
    script = _read("report.js")
    template = _environment().from_string(_read("report.html.j2"))
    return template.render(
        schema_version=SCHEMA_VERSION,
        source=source,
        config=source.config,
        kind=get_model(source.config.model),
        findings=findings,
        absent=source.absent,
        facts=gather_facts(source.config, findings, source.history, other_set=source.other_set),
        metrics=metrics,
        unknown=Estimate(np.nan),
        forest=charts.draw_forest(
            findings.predictors, HEADLINE_METRIC, title="Macro ROC-AUC of the model and its baselines", chance=0.5
        ),
        tested_metrics=_tested_metrics(findings.differences),
        differences=_gather_differences(findings),
        loss_panels=charts.draw_losses(
            [epoch for epoch in source.history if epoch.smoothing == source.config.smoothing],
            kept_strength=source.config.strength,
        ),
        moods=mood_lines,
        n_covers_failed=thumbnails.n_failed,
        set_sizes=_draw_set_sizes(source),
        reliability=charts.draw_reliability(findings.reliability),
        collapse=None if findings.collapse is None else charts.draw_collapse(findings.collapse),
        confusions=_find_confusions(source, rng=rng),
        alarms=alarm_lines,
        commands=list_commands(source.config, findings, run_name=source.run_name, other_set=source.other_set),
        # The three below are our own files and base64: no text of an outsider is in them.
        css=Markup(_read("report.css")),
        thumbnail_css=Markup(thumbnails.styles),
        script=Markup(script),
        script_hash=base64.b64encode(hashlib.sha256(script.encode()).digest()).decode(),
    )


def _environment() -> Environment:
    environment = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    environment.filters.update(
        number=wording.number_in_words,
        digits=wording.digits_worth_showing,
        percent=wording.percent_in_words,
        unbroken=wording.unbroken,
        interval=wording.interval_in_words,
        p_value=wording.p_in_words,
        sortable=wording.sortable,
        metric=wording.describe_metric,
        whisker=charts.draw_whisker,
    )
    return environment


def _read(name: str) -> str:
    return files("albumnet.report").joinpath("data", name).read_text("utf-8")


def _tested_metrics(differences: Sequence[Difference]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(d.metric for d in differences if not np.isnan(d.p_holm)))


def _gather_differences(findings: Findings) -> tuple[_DifferenceLine, ...]:
    of_predictor: dict[str, dict[str, Difference]] = {}
    for difference in findings.differences:
        of_predictor.setdefault(difference.second, {})[difference.metric] = difference
    titles = {row.name: row.title for row in findings.predictors}
    return tuple(_DifferenceLine(titles.get(name, name), found) for name, found in of_predictor.items())


def _make_alarm_line(alarm: Alarm, source: ReportSource, thumbnails: Thumbnails) -> _AlarmLine:
    trained_on = source.albums if source.trained_on is None else source.trained_on

    def tile(album_id: str, albums: Mapping[str, Album]) -> Tile:
        return thumbnails.tile(albums.get(album_id) or Album(album_id))

    pairs = (
        _PairLine(tile(held_out, source.albums), tile(reference, trained_on), closeness)
        for held_out, reference, closeness in alarm.pairs[:N_PAIRS]
    )
    return _AlarmLine(alarm, tuple(pairs))


def _draw_set_sizes(source: ReportSource) -> Markup | None:
    sets, predicted = source.config.mood_sets, source.predicted
    if sets is None or predicted is None:
        return None
    return charts.draw_set_sizes([sets.size(row) for row in predicted.probabilities], prior_size=sets.prior_size)


def _find_confusions(source: ReportSource, *, rng: np.random.Generator) -> Confusions | None:
    predicted = source.predicted
    if predicted is None or source.label_vectors is None:
        return None
    return find_confusions(
        predicted.moods,
        target=predicted.target,
        probabilities=predicted.probabilities,
        label_vectors=source.label_vectors,
        rng=rng,
    )
