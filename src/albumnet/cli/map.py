"""`albumnet map`: the albums of a set on a plane."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from albumnet.cli.options import Force, Run, Set, Weights, resolve_run
from albumnet.cli.output import ProgressPrinter, Seed, command, note, one_of, print_table

if TYPE_CHECKING:
    from albumnet.moodmap import MoodMap

_N_SHOWN = 10


@command
def make_map(
    path: Set,
    model: Run,
    out: Annotated[Path, typer.Option("--out", metavar="MAP", help="Folder of the map.")],
    of: Annotated[
        str,
        typer.Option(
            "--of", callback=one_of("moods", "features"), help="What is laid out: moods as predicted, or the features."
        ),
    ] = "moods",
    perplexity: Annotated[
        float, typer.Option("--perplexity", min=2, help="About how many neighbours of an album count.")
    ] = 30.0,
    figure: Annotated[
        list[str] | None,
        typer.Option("--figure", metavar="ALBUM_ID", help="Draw the album among the mood words; may be repeated."),
    ] = None,
    compare_with: Annotated[
        Path | None,
        typer.Option(
            "--compare-with",
            metavar="RUN",
            callback=resolve_run,
            help="Draw this run's predictions beside the model's.",
        ),
    ] = None,
    atlas: Annotated[bool, typer.Option("--atlas", help="Write MAP/atlas.parquet for embedding-atlas.")] = False,
    seed: Seed = 0,
    weights: Weights = None,
    force: Force = False,
) -> None:
    """Lay a set's albums out on a plane, with their moods.

    Near albums lie near each other; mood names are placed among them.
    """
    from albumnet import pipeline
    from albumnet.dataset import AlbumSet

    album_set, progress = AlbumSet(path), ProgressPrinter()
    mood_map, is_new = pipeline.find_or_make_map(
        album_set, model, out=out, of=of, perplexity=perplexity, seed=seed, weights=weights, force=force,
        progress=progress,
    )  # fmt: skip
    _print(mood_map)
    note(f"{out}: {'laid out' if is_new else 'lies there already'}")
    files = pipeline.draw_figures(
        album_set, model, figure or (), compare_with=compare_with, out=out / "figures", seed=seed, weights=weights
    )
    if atlas:
        files += (pipeline.write_atlas_of(album_set, mood_map, out=out, progress=progress),)
    for file in files:
        note(str(file))


def _print(mood_map: MoodMap) -> None:
    config = mood_map.config
    left_out = f" ({config.left_out:,} left out, without a usable cover)" if config.left_out else ""
    print(f"{config.n_albums:,} albums by their {config.of}, {config.embedding_size} numbers each{left_out}")
    k, about = config.n_neighbours, f"on {config.n_sampled:,} albums"
    print(f"trustworthiness at {k}: {config.trustworthiness:.3f}, {k} nearest kept: ", end="")
    print(f"{config.neighbour_preservation:.1%} ({about})\n")
    print_table(
        ("mood", "albums", "x", "y"),
        ((m.name, f"{m.n_albums:,}", f"{m.x:.2f}", f"{m.y:.2f}") for m in mood_map.moods[:_N_SHOWN]),
    )
