"""What a person at a terminal sees: progress, tables, and errors in one line with their exit code."""

from __future__ import annotations

import errno
import functools
import signal
import sys
import time
import warnings
from collections.abc import Callable, Collection, Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NoReturn, ParamSpec

import typer

from albumnet.errors import AlbumNetError
from albumnet.progress import Progress, is_leading

if TYPE_CHECKING:
    from albumnet.metrics import Estimate

P = ParamSpec("P")

# What the light install leaves out -> the extra that brings it.
_EXTRA_OF = {"torch": "train", "torchvision": "train", "timm": "train", "cv2": "explain", "mutagen": "library"}

# torch and numpy take no larger seed, or no negative one.
Seed = Annotated[int, typer.Option("--seed", min=0, max=2**31 - 1, help="Of everything that is drawn at random.")]

EXIT_SOME_FAILED = 3
EXIT_INTERRUPTED = 130
_MAX_LISTED = 10


def command(function: Callable[P, None]) -> Callable[P, None]:
    """Wrap a command so that known errors end it with one line and their exit code, and Ctrl-C or SIGTERM with 130."""

    @functools.wraps(function)
    def run(*args: P.args, **kwargs: P.kwargs) -> None:
        signal.signal(signal.SIGTERM, _raise_interrupt)
        # The decoder's own limit is stricter than Pillow's warning, and raises.
        warnings.filterwarnings("ignore", message="Image size .* exceeds limit")
        warnings.filterwarnings("ignore", message="TF32 acceleration on top of oneDNN")
        warnings.showwarning = _show_warning
        try:
            function(*args, **kwargs)
        except AlbumNetError as error:
            _fail(str(error), error.exit_code)
        except ModuleNotFoundError as error:
            extra = _EXTRA_OF.get((error.name or "").partition(".")[0])
            if extra is None:
                raise
            _fail(f"this needs {error.name}, which the light install leaves out; pip install 'albumnet[{extra}]'", 1)
        except BrokenPipeError:
            raise  # whoever read our output has seen enough; typer ends quietly
        except OSError as error:
            _fail(_describe(error), 1)
        except KeyboardInterrupt:
            _fail(
                "interrupted; what was finished is saved, run the same command again to go on (train: with --resume)",
                EXIT_INTERRUPTED,
            )

    return run


def one_of(*choices: str) -> Callable[[Any], Any]:
    """Check an option, or each value of a repeated one, so that a wrong one is wrong usage and not a failed run."""

    def check(given: Any) -> Any:
        for value in given if isinstance(given, list) else [given]:
            if value is not None and value not in choices:
                raise typer.BadParameter(f"{value!r} is not one of {', '.join(choices)}")
        return given

    return check


def folder_or_url(text: str | Path) -> Path:
    """Parse an argument that is a local path or an address such as s3://bucket/set; a default is a path already."""
    if isinstance(text, Path) or "://" not in text:
        return Path(text)  # without reading tables' libraries first, which takes longer than --help may
    from albumnet.dataset.addresses import open_address

    try:
        return open_address(text)
    except AlbumNetError as error:
        _fail(str(error), error.exit_code)


def note(text: str) -> None:
    """A line for the person, not for the pipe."""
    print(text, file=sys.stderr, flush=True)


def list_failures(failures: Sequence[tuple[str, str]], *, what: str) -> None:
    """List what failed and leave with exit code 3; returns when nothing did."""
    if not failures:
        return
    note(f"{len(failures)} {what} could not be used:")
    for item, reason in failures[:_MAX_LISTED]:
        note(f"  {item}: {reason}")
    if len(failures) > _MAX_LISTED:
        note(f"  and {len(failures) - _MAX_LISTED} more")
    raise SystemExit(EXIT_SOME_FAILED)


def print_table(header: Sequence[str], rows: Iterable[Sequence[str]], *, left: Collection[int] = (0,)) -> None:
    """A table on stdout; the first column, or those named, left-aligned, the others right-aligned."""
    lines = [list(header), *(list(row) for row in rows)]
    widths = [max(len(line[column]) for line in lines) for column in range(len(header))]
    for line in lines:
        cells = (
            cell.ljust(w) if n in left else cell.rjust(w) for n, (cell, w) in enumerate(zip(line, widths, strict=True))
        )
        print("  ".join(cells).rstrip())


def estimate_cell(estimate: Estimate, *, sign: str = "") -> str:
    """A number with its interval as a cell of a table."""
    if not estimate.is_defined:
        return "undefined"
    return f"{estimate.value:{sign}.3f} [{estimate.low:{sign}.3f}, {estimate.high:{sign}.3f}]"


def p_cell(p: float) -> str:
    """A p-value as a cell of a table; one that rounds to zero is said to be smaller, not none."""
    return "<0.001" if p < 0.0005 else f"{p:.3f}"


class ProgressPrinter:
    """Prints a stage's progress with rate and time left: one line rewritten on a terminal, few lines elsewhere."""

    def __init__(self) -> None:
        self._is_terminal = sys.stderr.isatty()
        self._starts: dict[str, tuple[float, int]] = {}  # stage -> when it was first heard of, and how far it was
        self._last = 0.0

    def __call__(self, progress: Progress) -> None:
        """Print if it is time to, and this process is the one that speaks."""
        if not is_leading():
            return
        now = time.monotonic()
        # Stages take turns (folds, training); one that is back at its beginning is another of the same name.
        if progress.stage not in self._starts or progress.done <= self._starts[progress.stage][1]:
            self._starts[progress.stage] = now, progress.done
            self._last = now
        is_own_line = progress.stage in ("training", "folds")
        is_last = progress.done >= progress.total
        if not is_own_line and not is_last and now - self._last < (0.2 if self._is_terminal else 10.0):
            return
        self._last = now
        end = "\n" if is_own_line or is_last or not self._is_terminal else ""
        start = "\r\x1b[K" if self._is_terminal else ""
        print(f"{start}{self._line(progress, now)}", end=end, file=sys.stderr, flush=True)

    def _line(self, progress: Progress, now: float) -> str:
        if progress.stage == "training":
            return f"training  {progress.note}"
        start, first_done = self._starts[progress.stage]
        rate = (progress.done - first_done) / max(now - start, 1e-9)
        about = f"  ({progress.note})" if progress.note else ""
        line = f"{progress.stage}  {progress.done:,} of {progress.total:,}"
        if not rate:
            return line + about
        line += f", {rate:,.0f} a second" if rate >= 10 else f", {rate:.2g} a second"
        if progress.done < progress.total:
            line += f", {_duration((progress.total - progress.done) / rate)} left"
        return line + about


def _duration(seconds: float) -> str:
    minutes, seconds = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02d}:{seconds:02d}" if hours else f"{minutes}:{seconds:02d}"


def _describe(error: OSError) -> str:
    where = f" ({error.filename})" if error.filename else ""
    if error.errno == errno.ENOSPC:
        return f"the disk is full{where}; free some space and run the same command again, what was finished is kept"
    return f"{error.strerror or error}{where}"


def _fail(message: str, code: int) -> NoReturn:
    note(f"albumnet: {message}")
    raise SystemExit(code)


def _raise_interrupt(*_: Any) -> NoReturn:
    raise KeyboardInterrupt


def _show_warning(message: Warning | str, *_: Any, **__: Any) -> None:
    note(f"albumnet: warning: {message}")
