"""`albumnet report`: what a run is worth, as one HTML file."""

from __future__ import annotations

from albumnet.cli.evaluation import OnSet, RunFolder
from albumnet.cli.output import ProgressPrinter, command


@command
def report(run: RunFolder, on: OnSet = None) -> None:
    """Write RUN/report.html, one file that opens from disk.

    The run is evaluated first if that is still to be done.
    """
    from albumnet.pipeline.reporting import write_report

    print(write_report(run, on=on, progress=ProgressPrinter()))
