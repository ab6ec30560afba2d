"""`albumnet doctor`: whether an installation, sets and runs are sound."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from albumnet.cli.output import EXIT_SOME_FAILED, ProgressPrinter, command, note, print_table

Folders = Annotated[list[Path] | None, typer.Argument(metavar="SET|RUN…", help="Folders to look at too.")]


@command
def doctor(folders: Folders = None) -> None:
    """Say what is installed and what is whole.

    Of sets and runs that are given.
    """
    from albumnet.pipeline.checking import State, check_folder, check_installation

    checks = [*check_installation()]
    for folder in folders or []:
        checks += check_folder(folder, progress=ProgressPrinter())
    print_table(("what", "state", ""), ((check.what, check.state, check.told) for check in checks), left=(0, 1, 2))
    n_broken = sum(check.state is State.BROKEN for check in checks)
    if n_broken:
        note(f"{n_broken} of {len(checks)} are broken; each line says what to do")
        raise SystemExit(EXIT_SOME_FAILED)
