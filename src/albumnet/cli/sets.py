"""Commands that make and describe album sets: import, split, card."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from albumnet.cli.output import ProgressPrinter, Seed, command, list_failures, note, one_of

if TYPE_CHECKING:
    from albumnet.sources import ImportResult
    from albumnet.sources.tables import TableOptions

import_app = typer.Typer(no_args_is_help=True, rich_markup_mode=None)

Out = Annotated[Path, typer.Option("--out", help="Folder of the album set.")]
MoodsColumn = Annotated[str, typer.Option("--moods-column", help="Column with the moods, strongest first.")]
Rename = Annotated[
    list[str] | None, typer.Option("--rename", metavar="OLD=NEW", help="Read a column under another name.")
]
Aliases = Annotated[Path | None, typer.Option("--aliases", help="CSV (variant,mood) of variant mood names.")]
Encoding = Annotated[str, typer.Option("--encoding", help="Of CSV and JSON lines.")]
Force = Annotated[bool, typer.Option("--force", help="Replace what is there.")]


@import_app.command("table")
@command
def import_table(
    table: Annotated[Path, typer.Argument(help="CSV, JSONL or Parquet; lists are separated by | in CSV.")],
    covers: Annotated[Path, typer.Option("--covers", help="Folder that the cover files lie in.")],
    out: Out,
    moods_column: MoodsColumn = "moods",
    cover_column: Annotated[str, typer.Option("--cover-column", help="Column with the cover's file name.")] = "cover",
    rename: Rename = None,
    form: Annotated[
        str, typer.Option("--form", callback=one_of("rows", "long", "wide"), help="rows, long or wide.")
    ] = "rows",
    moods_table: Annotated[
        Path | None, typer.Option("--moods-table", help="Another table with the moods (album_id, mood, rank).")
    ] = None,
    aliases: Aliases = None,
    encoding: Encoding = "utf-8",
    seed: Seed = 0,
    force: Force = False,
) -> None:
    """Import a table of albums and a folder of covers."""
    from albumnet.sources import import_table

    options = replace(_options(moods_column, cover_column, rename, aliases, encoding), form=form)
    result = import_table(
        table, covers, out=out, options=options, seed=seed, force=force, moods_table=moods_table,
        progress=ProgressPrinter(),
    )  # fmt: skip
    report_import(result)


@import_app.command("folder")
@command
def import_folder(
    folder: Annotated[
        Path, typer.Argument(help="Folder of covers with metadata.csv, .jsonl or .parquet (column file_name).")
    ],
    out: Out,
    moods_column: MoodsColumn = "moods",
    rename: Rename = None,
    aliases: Aliases = None,
    encoding: Encoding = "utf-8",
    seed: Seed = 0,
    force: Force = False,
) -> None:
    """Import covers with a metadata file beside them."""
    from albumnet.sources import import_folder

    options = _options(moods_column, "file_name", rename, aliases, encoding)
    report_import(import_folder(folder, out=out, options=options, seed=seed, force=force, progress=ProgressPrinter()))


@import_app.command("library")
@command
def import_library(
    music_dir: Annotated[Path, typer.Argument(metavar="MUSIC_DIR", help="Folder of tagged audio files; only read.")],
    out: Out,
    aliases: Aliases = None,
    seed: Seed = 0,
    force: Force = False,
) -> None:
    """Import tagged audio files.

    MP3, FLAC, Ogg, Opus, M4A, WMA.
    """
    from albumnet.records import MoodAliases, read_aliases
    from albumnet.sources import import_library

    known = read_aliases(aliases) if aliases else MoodAliases()
    result = import_library(music_dir, out=out, aliases=known, seed=seed, force=force, progress=ProgressPrinter())
    report_import(result, what="files and covers")


@command
def split(
    path: Annotated[Path, typer.Argument(metavar="SET")],
    seed: Seed = 0,
    force: Force = False,
) -> None:
    """Divide a set anew into train, valid and test."""
    import numpy as np

    from albumnet.dataset import AlbumSet, split_albums
    from albumnet.dataset.atomic import write_text
    from albumnet.dataset.card import write_card
    from albumnet.errors import AlbumSetError

    album_set = AlbumSet(path)
    if (path / "splits.parquet").exists() and not force:
        raise AlbumSetError(
            f"{path} is split already; pass --force to divide it anew (scores before and after do not compare)"
        )
    album_set.write_splits(split_albums(album_set.albums, rng=np.random.default_rng(seed)), seed=seed)
    write_text(path / "card.md", write_card(album_set))
    note(f"split {len(album_set.albums):,} albums with seed {seed}")


@command
def card(path: Annotated[Path, typer.Argument(metavar="SET")]) -> None:
    """Print a set's card: counts, moods, years, genres.

    Also the commonest and rarest moods and the provenance.
    """
    from albumnet.dataset import AlbumSet
    from albumnet.dataset.card import write_card

    print(write_card(AlbumSet(path)), end="")


def _options(
    moods_column: str, cover_column: str, rename: list[str] | None, aliases: Path | None, encoding: str
) -> TableOptions:
    from albumnet.records import MoodAliases, read_aliases
    from albumnet.sources.tables import TableOptions

    pairs = [pair.partition("=") for pair in rename or []]
    if wrong := [old for old, equals, _ in pairs if not equals]:
        raise typer.BadParameter(f"{wrong[0]!r} is not of the form OLD=NEW", param_hint="--rename")
    return TableOptions(
        moods_column=moods_column,
        cover_column=cover_column,
        renames={old: new for old, _, new in pairs},
        # A byte-order mark, which spreadsheets write, is passed over.
        encoding="utf-8-sig" if encoding.lower() in ("utf-8", "utf8") else encoding,
        aliases=read_aliases(aliases) if aliases else MoodAliases(),
    )


def report_import(result: ImportResult, *, what: str = "covers") -> None:
    """What an import gave, and with exit code 3 what it could not take."""
    album_set = result.album_set
    if result.ignored_columns:
        note(f"columns passed over: {', '.join(result.ignored_columns)}")
    n_covers = len({album.cover for album in album_set.albums if album.cover})
    state = "is there already" if result.was_there_already else "written"
    note(
        f"{album_set.path} {state}: {len(album_set.albums):,} albums, {n_covers:,} covers, "
        f"{len(album_set.vocabulary)} moods; see {album_set.path / 'card.md'}"
    )
    list_failures([(failure.item, failure.reason) for failure in result.failures], what=what)
