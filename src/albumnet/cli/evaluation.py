"""`albumnet evaluate`: what a model is worth, beside its baselines and with intervals."""

from __future__ import annotations

import math
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from albumnet.cli.output import ProgressPrinter, Seed, command, estimate_cell, folder_or_url, note, p_cell, print_table

if TYPE_CHECKING:
    from albumnet.evaluation import Evaluation

RunFolder = Annotated[Path, typer.Argument(metavar="RUN", parser=folder_or_url, help="Folder of a trained model.")]
OnSet = Annotated[
    Path | None,
    typer.Option(
        "--on", metavar="SET", parser=folder_or_url, help="Another album set; the test side of its own if not given."
    ),
]
COLUMNS = ("macro_roc_auc", "macro_ap", "micro_ap", "ndcg_at_5", "semantic_precision_at_5")


@command
def evaluate(
    run: RunFolder,
    on: OnSet = None,
    resamples: Annotated[int, typer.Option("--resamples", min=2, help="Of artists, for the intervals.")] = 1000,
    seeds: Annotated[int, typer.Option("--seeds", min=1, help="Trainings of the model, to see chance in them.")] = 3,
    seed: Seed = 0,
    json: Annotated[bool, typer.Option("--json", help="Print evaluation.json.")] = False,
) -> None:
    """Score a model beside its baselines.

    With intervals over artists, leak alarms and a conclusion in words.
    """
    from albumnet import pipeline

    evaluation, path = pipeline.evaluate(
        run, on=on, n_resamples=resamples, n_seeds=seeds, seed=seed, progress=ProgressPrinter()
    )
    if json:
        print(path.read_text("utf-8"), end="")
    else:
        _print(evaluation)
    note(f"all metrics, moods and comparisons: {path}")


def _print(evaluation: Evaluation) -> None:
    from albumnet.evaluation import metric_titles

    table = evaluation.table
    print(
        f"{evaluation.title}, on {evaluation.evaluated_on}: {table.n_albums:,} albums, {table.n_artists:,} artists, "
        f"{table.n_moods} moods. 95 % intervals from {table.n_resamples:,} resamples of artists."
    )
    shown = [column for column in COLUMNS if column in table.rows[0].scores]
    titles = metric_titles(shown)
    print_table(
        ("", *(titles[column] for column in shown)),
        ((row.title, *(estimate_cell(row.scores[column]) for column in shown)) for row in table.rows),
    )
    print("\nThe model less each other row (p corrected for all of them by Holm's method):")
    rows = [d for d in table.differences if d.metric == "macro_roc_auc"]
    print_table(
        ("macro ROC-AUC", "difference", "p"),
        ((table.row(d.second).title, estimate_cell(d.difference, sign="+"), p_cell(d.p_holm)) for d in rows),
    )
    _print_remarks(evaluation)


def _print_remarks(evaluation: Evaluation) -> None:
    table, seeds = evaluation.table, evaluation.seeds["macro_roc_auc"]
    print()
    if len(seeds) > 1:
        print(f"Macro ROC-AUC under {len(seeds)} seeds: {', '.join(f'{value:.3f}' for value in seeds)}")
    found = evaluation.reliability
    # In the mood space there is no probability before calibration.
    is_known = not math.isnan(found.uncalibrated_error)
    before = [f" (before calibration {found.uncalibrated_error:.4f})", f"before {found.uncalibrated_brier:.4f}, "]
    of_error, of_brier = before if is_known else ("", "")
    print(
        f"Calibration error {found.calibration_error:.4f}{of_error}; "
        f"Brier score {found.brier:.4f} ({of_brier}the prior's {found.prior_brier:.4f})"
    )
    if (sets := evaluation.coverage) is not None:
        print(
            f"Sets that promise {sets.stated:.0%} of an album's moods hold {sets.reached:.0%}, in {sets.mean_size:.1f} "
            f"moods on average ({sets.prior_size} without looking); can't tell from {sets.cannot_tell:.0%} of albums"
        )
    if table.left_out_moods:
        print(f"Not scored, for want of an album with or without them: {', '.join(table.left_out_moods)}")
    if lacking := evaluation.moods_without_vectors:
        print(f"Nearness of moods not scored, for want of a word vector of {', '.join(lacking)}")
    if evaluation.n_passed_over:
        print(f"{evaluation.n_passed_over:,} albums passed over, whose artist or cover was trained on")
    print()
    for sentence in evaluation.conclusion:
        print(sentence)
