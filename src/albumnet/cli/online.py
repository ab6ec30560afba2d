"""Commands that ask the network: importing from MusicBrainz."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from albumnet.cli.output import ProgressPrinter, Seed, command, note, one_of
from albumnet.cli.sets import Force, Out, report_import

_SHOWN_TAGS = 8
# What MusicBrainz asks of everyone.
_LEAST_DELAY_S = 1.0


@command
def import_musicbrainz(
    out: Out,
    contact: Annotated[str, typer.Option("--contact", help="Your mail or web address; MusicBrainz asks for one.")],
    query: Annotated[str, typer.Option("--query", help="In MusicBrainz's search language.")] = "",
    artist: Annotated[str, typer.Option("--artist", help="Id or name.")] = "",
    mbids: Annotated[Path | None, typer.Option("--mbids", help="File with an id of a release group a line.")] = None,
    collection: Annotated[str, typer.Option("--collection", help="Id of a collection of release groups.")] = "",
    most: Annotated[int | None, typer.Option("--most", min=1, help="Release groups at most.")] = None,
    size: Annotated[str, typer.Option("--size", callback=one_of("250", "500", "1200"), help="Of covers.")] = "500",
    moods: Annotated[Path | None, typer.Option("--moods", help="CSV (variant,mood): which tag is which mood.")] = None,
    delay: Annotated[
        float, typer.Option("--delay", min=0, help="Seconds from request to request; below 1 for mirrors.")
    ] = 1.0,
    api: Annotated[str, typer.Option("--api", help="Of a mirror of MusicBrainz.")] = "",
    cover_api: Annotated[str, typer.Option("--cover-api", help="Of a mirror of the Cover Art Archive.")] = "",
    seed: Seed = 0,
    force: Force = False,
) -> None:
    """Import release groups, their tags as moods, and their covers."""
    from albumnet.records import read_aliases
    from albumnet.sources.musicbrainz import Addresses, Wanted, import_musicbrainz, make_client

    if sum(map(bool, (query, artist, mbids, collection))) != 1:
        raise typer.BadParameter("give exactly one of --query, --artist, --mbids and --collection")
    if delay < _LEAST_DELAY_S and not (api and cover_api):
        raise typer.BadParameter("at least 1 second, unless both services are mirrors", param_hint="--delay")
    lines = mbids.read_text("utf-8").split() if mbids else ()
    public = Addresses()
    imported = import_musicbrainz(
        Wanted(query, artist, tuple(lines), collection, most),
        out=out, client=make_client(out, contact=contact, delay_s=delay), cover_size=int(size),
        mood_tags=read_aliases(moods) if moods else None,
        addresses=Addresses(api or public.api, cover_api or public.covers), seed=seed, force=force,
        progress=ProgressPrinter(),
    )  # fmt: skip
    unmapped = imported.unmapped_tags.most_common(_SHOWN_TAGS)
    if unmapped:
        said = ", ".join(f"{tag} ({n})" for tag, n in unmapped)
        note(f"tags of no known mood: {said}; see {out / 'unmapped_tags.csv'}")
    note(f"{imported.without_cover} release groups have no front cover in the archive")
    report_import(imported.result)
