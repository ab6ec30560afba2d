"""Commands that ask the network: importing from MusicBrainz, crawling AllMusic."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from albumnet.cli.output import ProgressPrinter, Seed, command, note, one_of
from albumnet.cli.sets import Aliases, Force, Out, report_import

crawl_app = typer.Typer(no_args_is_help=True, rich_markup_mode=None)

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


@crawl_app.callback()
def crawl() -> None:
    """Fetch albums page by page from a site that allows you to."""


@crawl_app.command("allmusic")
@command
def crawl_allmusic(
    start: Annotated[
        list[str], typer.Option("--start", metavar="URL", help="Sitemap, listing, album, or a file of addresses.")
    ],
    out: Out,
    may_crawl: Annotated[
        bool, typer.Option("--i-may-crawl", help="You state that the site allows you to crawl it.")
    ] = False,
    contact: Annotated[str, typer.Option("--contact", help="Your mail or web address; the site is told.")] = "",
    delay: Annotated[float, typer.Option("--delay", min=0, help="Seconds from request to request, at least.")] = 1.0,
    cover_host: Annotated[
        list[str] | None, typer.Option("--cover-host", help="Host of covers; else that of the first cover.")
    ] = None,
    aliases: Aliases = None,
    seed: Seed = 0,
    force: Force = False,
) -> None:
    """Crawl albums that have an official review; end it at any time and run it again to go on."""
    from albumnet.records import MoodAliases, read_aliases
    from albumnet.sources.allmusic import crawl_allmusic, plan_crawl

    if not may_crawl:
        raise typer.BadParameter(
            "the site's terms restrict automated access; pass it if you have the site's permission, and only then",
            param_hint="--i-may-crawl",
        )
    starts, options = plan_crawl(
        tuple(start), out=out, contact=contact, delay_s=delay, cover_sites=tuple(cover_host or ())
    )
    crawled = crawl_allmusic(
        starts, options, aliases=read_aliases(aliases) if aliases else MoodAliases(), seed=seed, force=force,
        progress=ProgressPrinter(), note=note,
    )  # fmt: skip
    counts = crawled.counts
    note(f"{counts.found:,} albums found, {counts.read:,} read, {counts.reviewed:,} with an official review")
    if lacking := ", ".join(f"{field} {n:,}" for field, n in crawled.lacking.most_common()):
        note(f"reviewed albums that lack a field: {lacking}")
    report_import(crawled.result, what="addresses")
