"""The command that writes a set as other programs read it."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from albumnet.cli.output import ProgressPrinter, command, note, one_of


@command
def export(
    path: Annotated[Path, typer.Argument(metavar="SET")],
    out: Annotated[Path, typer.Option("--out", help="Folder to write.")],
    kind: Annotated[
        str, typer.Option("--as", callback=one_of("huggingface", "csv", "parquet"), help="huggingface, csv or parquet.")
    ],
    covers: Annotated[
        str, typer.Option("--covers", callback=one_of("files", "addresses", "none"), help="files, addresses or none.")
    ] = "addresses",
    force: Annotated[bool, typer.Option("--force", help="Replace what is there.")] = False,
) -> None:
    """Write a set as a Hugging Face dataset folder, CSV or Parquet."""
    from albumnet.dataset import AlbumSet
    from albumnet.dataset.export import export_set

    done = export_set(AlbumSet(path), out=out, kind=kind, covers=covers, force=force, progress=ProgressPrinter())
    state = "is there already" if done.was_there_already else "written"
    what = {"files": "covers", "addresses": "addresses of covers"}.get(covers)
    note(f"{out} {state}: {done.albums:,} albums{f', {done.covers:,} {what}' if what else ''}; see {out / 'README.md'}")
    if done.left_out:
        note(f"{done.left_out:,} albums without a cover have no place in an image folder and are not in it")
