"""`albumnet demo`: the whole of AlbumNet on a planted world, offline, in minutes."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from albumnet.cli.models import print_scores
from albumnet.cli.output import ProgressPrinter, Seed, command, note, print_table


@command
def run_demo(
    directory: Annotated[Path, typer.Argument(metavar="DIR", help="Where everything is written.")] = Path(
        "albumnet-demo"
    ),
    seed: Seed = 0,
) -> None:
    """Run every stage on planted albums, offline.

    Draws an album set, imports it, computes features, trains four models, scores them, writes a report.
    """
    from albumnet import pipeline

    result = pipeline.demo(directory, seed=seed, progress=ProgressPrinter())
    print(f"Scores on the {result.n_test} test albums of a planted world (no artist on two sides):")
    print_scores(result.rows)
    print(f"\nMoods of {result.cover}, a cover no model was trained on:")
    print_table(
        ("mood", "probability", "base rate", "tagged"),
        (
            (m.mood, f"{m.probability:.3f}", f"{m.base_rate:.3f}", "yes" if m.mood in result.true_moods else "")
            for m in result.moods
        ),
    )
    print()
    for what, where in (
        ("album set", result.album_set),
        ("card", result.album_set / "card.md"),
        ("models", ", ".join(str(run) for run in result.runs)),
        ("report", result.report),
        ("your turn", f"albumnet predict YOUR_COVER.jpg --model {result.runs[1]} --genre Rock --year 1977"),
    ):
        print(f"{what:12}{where}")
    note("The planted world's moods follow its covers by a rule of ours; real covers say far less.")
