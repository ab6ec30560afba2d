"""The command that cleans a set, and says what it said about an album."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Annotated

import typer

from albumnet.cli.output import ProgressPrinter, Seed, command, note, print_table


@command
def clean(
    path: Annotated[Path, typer.Argument(metavar="SET", help="The set to clean; with --explain, a cleaned one.")],
    out: Annotated[Path | None, typer.Option("--out", help="Folder of the cleaned set.")] = None,
    explain: Annotated[
        str | None, typer.Option("--explain", metavar="ALBUM", help="Say what the rules said about it (id or title).")
    ] = None,
    min_side: Annotated[int, typer.Option("--min-side", min=1, help="Pixels of a cover's shorter side.")] = 64,
    min_moods: Annotated[int, typer.Option("--min-moods", min=0, help="Moods an album has at least.")] = 1,
    min_albums_per_mood: Annotated[
        int, typer.Option("--min-albums-per-mood", min=1, help="Albums a mood is on at least.")
    ] = 15,
    placeholder_artists: Annotated[
        int, typer.Option("--placeholder-artists", min=2, help="Artists with one picture that make it a placeholder.")
    ] = 4,
    first_year: Annotated[int, typer.Option("--first-year", help="Earlier years count as unknown.")] = 1900,
    last_year: Annotated[int | None, typer.Option("--last-year", help="Later ones too; next year by default.")] = None,
    keep: Annotated[
        list[str] | None, typer.Option("--keep", metavar="RULE", help="Flag only what this rule finds.")
    ] = None,
    leave_out: Annotated[
        list[str] | None, typer.Option("--leave-out", metavar="RULE", help="Leave out what this rule finds.")
    ] = None,
    merge_moods: Annotated[
        Path | None, typer.Option("--merge-moods", help="CSV (variant,mood) of moods to merge, e.g. synonyms.csv.")
    ] = None,
    seed: Seed = 0,
    force: Annotated[bool, typer.Option("--force", help="Replace what is there.")] = False,
) -> None:
    """Flag albums by rules that say why.

    What is left is written as another set.
    """
    from albumnet.cleaning import CleaningOptions, clean_set, explain_album, read_flags
    from albumnet.dataset import AlbumSet
    from albumnet.records import MoodAliases, read_aliases

    if explain is not None:
        print("\n".join(explain_album(out or path, explain)))
        return
    if out is None:
        raise typer.BadParameter("say where to write the cleaned set", param_hint="--out")
    years = {"first_year": first_year} | ({} if last_year is None else {"last_year": last_year})
    options = CleaningOptions(
        min_side=min_side, min_moods=min_moods, min_albums_per_mood=min_albums_per_mood,
        min_artists_of_placeholder=placeholder_artists, keep=_rules(keep, "--keep"),
        leave_out=_rules(leave_out, "--leave-out"), aliases=read_aliases(merge_moods) if merge_moods else MoodAliases(),
        **years,
    )  # fmt: skip
    cleaned = clean_set(AlbumSet(path), out=out, options=options, seed=seed, force=force, progress=ProgressPrinter())
    counts = Counter((flag.rule, flag.action) for flag in read_flags(out))
    print_table(("rule: what came of it", "albums"), [(f"{r}: {a}", f"{n:,}") for (r, a), n in counts.items()])
    state = "is there already" if cleaned.was_there_already else "written"
    albums, vocabulary = cleaned.album_set.albums, cleaned.album_set.vocabulary
    note(f"{out} {state}: {len(albums):,} albums, {len(vocabulary)} moods; see {out / 'cleaning.md'}")


def _rules(given: list[str] | None, option: str) -> tuple[str, ...]:
    from albumnet.cleaning import list_rules

    for name in given or ():
        if name not in list_rules():
            raise typer.BadParameter(f"{name!r} is not one of {', '.join(list_rules())}", param_hint=option)
    return tuple(given or ())
