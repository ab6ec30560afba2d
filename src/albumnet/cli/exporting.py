"""The command that writes a set as other programs read it, or a model as other engines run it."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from albumnet.cli.output import ProgressPrinter, command, note, one_of


@command
def export(
    path: Annotated[Path, typer.Argument(metavar="SET|RUN", help="A set, or a model with the file to write.")],
    onnx: Annotated[Path | None, typer.Argument(metavar="[MODEL.onnx]", help="Of a model: the file to write.")] = None,
    out: Annotated[Path | None, typer.Option("--out", help="Of a set: the folder to write.")] = None,
    kind: Annotated[
        str | None,
        typer.Option(
            "--as",
            callback=one_of("huggingface", "csv", "parquet"),
            help="Of a set: huggingface, csv or parquet.",
        ),
    ] = None,
    covers: Annotated[
        str, typer.Option("--covers", callback=one_of("files", "addresses", "none"), help="files, addresses or none.")
    ] = "addresses",
    check_on: Annotated[
        Path | None,
        typer.Option(
            "--check-on", metavar="SET", help="Of a model: whose covers to check it on; drawn ones if not given."
        ),
    ] = None,
    weights: Annotated[
        Path | None, typer.Option("--weights", help="safetensors file of the backbone's weights.")
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Replace what is there.")] = False,
) -> None:
    """Hand a set on, or a model as one ONNX file.

    A set as a Hugging Face dataset folder, CSV or Parquet.
    """
    if onnx is not None:
        if out is not None or kind is not None:
            raise typer.BadParameter(
                "of a set and MODEL.onnx of a model do not go together", param_hint="--out and --as"
            )
        _export_model(path, onnx, check_on=check_on, weights=weights, force=force)
        return
    if out is None or kind is None:
        raise typer.BadParameter(
            "are needed for a set; for a model say which file: albumnet export RUN model.onnx",
            param_hint="--out and --as",
        )
    _export_set(path, out, kind=kind, covers=covers, force=force)


def _export_model(run: Path, out: Path, *, check_on: Path | None, weights: Path | None, force: bool) -> None:
    from albumnet.dataset import AlbumSet
    from albumnet.pipeline.exporting import export_model
    from albumnet.vision.engines.base import TITLES

    album_set = None if check_on is None else AlbumSet(check_on)
    done = export_model(run, out, check_on=album_set, weights=weights, force=force, progress=ProgressPrinter())
    by = f" by {TITLES[done.engine]}" if done.engine else ""
    note(
        f"{out}: {done.n_moods} moods, opset {done.opset}; agrees with the model{by} to {done.largest_difference:.1g} "
        f"on {done.n_checked} albums"
    )


def _export_set(path: Path, out: Path, *, kind: str, covers: str, force: bool) -> None:
    from albumnet.dataset import AlbumSet
    from albumnet.dataset.export import export_set

    done = export_set(AlbumSet(path), out=out, kind=kind, covers=covers, force=force, progress=ProgressPrinter())
    state = "is there already" if done.was_there_already else "written"
    what = {"files": "covers", "addresses": "addresses of covers"}.get(covers)
    note(f"{out} {state}: {done.albums:,} albums{f', {done.covers:,} {what}' if what else ''}; see {out / 'README.md'}")
    if done.left_out:
        note(f"{done.left_out:,} albums without a cover have no place in an image folder and are not in it")
