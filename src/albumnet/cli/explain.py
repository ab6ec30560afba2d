"""Commands that show why: what a backbone sees, what its filters look for, and where a model looks for a mood."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from albumnet.cli.models import Json, Run, Weights
from albumnet.cli.output import ProgressPrinter, command, list_failures, note, print_table

if TYPE_CHECKING:
    from albumnet.models.prediction import MoodModel
    from albumnet.pipeline.explaining.covers import CoverExplanation

Covers = Annotated[list[Path] | None, typer.Argument(metavar="COVER…", help="Picture files.")]
Moods = Annotated[list[str] | None, typer.Option("--mood", help="May be repeated; the likeliest if not given.")]
Genres = Annotated[list[str] | None, typer.Option("--genre", help="May be repeated.")]
Year = Annotated[int | None, typer.Option("--year", min=1000, max=2999)]
MethodName = Annotated[
    str | None, typer.Option("--method", help="How; if not given, the method that did best on planted covers.")
]
Picture = Annotated[Path, typer.Option("--out", metavar="FILE.png", help="Contact sheet; raw maps go beside it.")]


@command
def explain(
    covers: Covers,
    model: Run,
    out: Picture,
    mood: Moods = None,
    method: MethodName = None,
    genre: Genres = None,
    year: Year = None,
    check: Annotated[
        bool, typer.Option("--check/--no-check", help="Hold every map against that of a network that forgot.")
    ] = True,
    weights: Weights = None,
    json: Json = False,
) -> None:
    """Show where a model looks for a mood, and how much came from the cover, the genre and the year."""
    from albumnet import pipeline
    from albumnet.models.prediction import load_model

    loaded = load_model(model, weights=weights)
    explained = pipeline.explain_covers(
        loaded, covers or [], moods=mood or (), method=method, genres=genre or (), year=year, is_checked=check,
        progress=ProgressPrinter(),
    )  # fmt: skip
    _show(explained, loaded, out=out, method=method, is_json=json)
    list_failures([(one.cover, one.error) for one in explained if one.error is not None], what="covers")


def _show(explained: list[CoverExplanation], model: MoodModel, *, out: Path, method: str | None, is_json: bool) -> None:
    from albumnet import pipeline

    usable = [one for one in explained if one.error is None]
    if not usable:
        return
    parts = ("cover", "genre", "year") if model.kind.uses_metadata else ("cover",)
    paths = pipeline.write_explanation(usable, out, method=pipeline.method_title(method), parts=parts)
    if is_json:
        _print_json(pipeline.describe(usable))
    else:
        _print_maps(usable, parts)
    for one in (one for cover in usable for one in cover.maps if one.is_refused):
        note(
            f"albumnet: warning: the map of {one.title} is refused: a network that forgot everything gives much the "
            f"same (rank correlation {one.likeness:.2f})"
        )
    note(f"picture {paths[0]}, raw maps {paths[1]}, what they are {paths[2]}")


def _print_maps(usable: list[CoverExplanation], parts: tuple[str, ...]) -> None:
    rows = [
        (
            f"{Path(cover.cover).name}: {one.title}",
            f"{one.probability:.3f}",
            *(f"{one.shares[part]:+.2f}" for part in parts),
            "" if one.likeness is None else f"{one.likeness:.2f}",
        )
        for cover in usable
        for one in cover.maps
    ]
    print_table(("", "probability", *(f"from {part}" for part in parts), "likeness after forgetting"), rows)


def _print_json(content: object) -> None:
    import json

    print(json.dumps(content, ensure_ascii=False, indent=1))
