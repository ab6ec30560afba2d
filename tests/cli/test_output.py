"""What a person at a terminal sees: tables, progress, failures, and how a command ends."""

import errno
import signal
import sys

import pytest
import typer

from albumnet.cli import output
from albumnet.cli.output import ProgressPrinter, command, list_failures, one_of, print_table
from albumnet.errors import AlbumNetError
from albumnet.progress import Progress


class OddError(AlbumNetError):
    exit_code = 7


@pytest.fixture(autouse=True)
def _keep_sigterm():
    before = signal.getsignal(signal.SIGTERM)
    yield
    signal.signal(signal.SIGTERM, before)


def end_of(error: BaseException | None, capsys) -> tuple[int, str]:
    """Exit code and stderr of a command that ends so."""

    @command
    def run() -> None:
        if error is not None:
            raise error

    code = 0
    try:
        run()
    except SystemExit as end:
        code = end.code
    return code, capsys.readouterr().err


def test_a_command_that_ends_well_says_nothing(capsys):
    assert end_of(None, capsys) == (0, "")


def test_a_known_error_is_one_line_with_its_own_exit_code(capsys):
    assert end_of(OddError("no such thing; do that"), capsys) == (7, "albumnet: no such thing; do that\n")


def test_an_interruption_is_130_and_says_how_to_go_on(capsys):
    code, err = end_of(KeyboardInterrupt(), capsys)
    assert code == 130
    assert err.count("\n") == 1
    assert "run the same command again" in err
    assert "--resume" in err


def test_a_full_disk_is_one_line(capsys):
    code, err = end_of(OSError(errno.ENOSPC, "No space left on device", "set/albums.parquet"), capsys)
    assert code == 1
    assert err == (
        "albumnet: the disk is full (set/albums.parquet); "
        "free some space and run the same command again, what was finished is kept\n"
    )


def test_what_the_system_says_is_one_line_with_the_file(capsys):
    error = PermissionError(errno.EACCES, "Permission denied", "set")
    assert end_of(error, capsys) == (1, "albumnet: Permission denied (set)\n")


def test_a_mistake_of_ours_is_not_hidden(capsys):
    with pytest.raises(ZeroDivisionError):
        end_of(ZeroDivisionError(), capsys)


def test_a_reader_who_leaves_early_is_left_to_typer(capsys):
    with pytest.raises(BrokenPipeError):
        end_of(BrokenPipeError(errno.EPIPE, "Broken pipe"), capsys)


def test_sigterm_ends_a_command_as_ctrl_c_does(capsys):
    @command
    def run() -> None:
        signal.raise_signal(signal.SIGTERM)

    with pytest.raises(SystemExit) as end:
        run()
    assert end.value.code == 130


def test_warnings_are_lines_on_stderr(capsys):
    import warnings

    @command
    def run() -> None:
        warnings.showwarning(UserWarning("mind the gap"), UserWarning, "file.py", 1)

    with warnings.catch_warnings():
        run()
    assert capsys.readouterr().err == "albumnet: warning: mind the gap\n"


def test_failures_are_listed_on_stderr_and_end_with_3(capsys):
    with pytest.raises(SystemExit) as end:
        list_failures([("a.jpg", "empty"), ("b.jpg", "broken")], what="covers")
    assert end.value.code == 3
    said = capsys.readouterr()
    assert said.err == "2 covers could not be used:\n  a.jpg: empty\n  b.jpg: broken\n"
    assert said.out == ""


def test_many_failures_are_counted_after_the_tenth(capsys):
    with pytest.raises(SystemExit):
        list_failures([(f"{n}.jpg", "empty") for n in range(25)], what="covers")
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == 12
    assert lines[-1] == "  and 15 more"


def test_no_failure_is_no_matter(capsys):
    list_failures([], what="covers")
    assert capsys.readouterr().err == ""


def test_a_table_has_its_first_column_left_and_the_others_right(capsys):
    print_table(("mood", "p"), [("Bleak", "0.5"), ("Dry", "0.25")])
    assert capsys.readouterr().out == "mood      p\nBleak   0.5\nDry    0.25\n"


@pytest.mark.parametrize("given", ["a", None, ["a", "b"], []])
def test_one_of_gives_back_what_it_was_given(given):
    assert one_of("a", "b")(given) == given


@pytest.mark.parametrize("given", ["c", ["a", "c"]])
def test_one_of_names_the_choices(given):
    with pytest.raises(typer.BadParameter, match="'c' is not one of a, b"):
        one_of("a", "b")(given)


@pytest.fixture
def clock(monkeypatch):
    now = {"s": 100.0}
    monkeypatch.setattr(output.time, "monotonic", lambda: now["s"])
    return now


def tell(printer, clock, s, *step):
    clock["s"] = 100.0 + s
    printer(Progress(*step))


def test_progress_off_a_terminal_is_a_line_every_ten_seconds_and_at_the_end(clock, capsys):
    printer = ProgressPrinter()
    for n in range(31):
        tell(printer, clock, n, "features", 20 * (n + 1), 20 * 31)
    assert capsys.readouterr().err.splitlines() == [
        "features  220 of 620, 20 a second, 0:20 left",
        "features  420 of 620, 20 a second, 0:10 left",
        "features  620 of 620, 20 a second",
    ]


def test_progress_on_a_terminal_rewrites_one_line(clock, capsys, monkeypatch):
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True, raising=False)
    printer = ProgressPrinter()
    for n in range(3):
        tell(printer, clock, n, "features", 20 * (n + 1), 60)
    said = capsys.readouterr().err
    assert said.count("\n") == 1
    assert said.count("\r\x1b[K") == 2


def test_every_epoch_is_a_line(clock, capsys):
    printer = ProgressPrinter()
    for n in (1, 2):
        tell(printer, clock, 0, "training", n, 40, f"epoch {n}: train 1, valid 2")
    assert capsys.readouterr().err == ("training  epoch 1: train 1, valid 2\ntraining  epoch 2: train 1, valid 2\n")


def test_stages_that_take_turns_keep_their_own_rate(clock, capsys):
    printer = ProgressPrinter()
    for fold in range(1, 4):
        tell(printer, clock, 50 * fold, "training", 1, 40, "epoch 1")
        tell(printer, clock, 50 * fold, "folds", fold, 3)
    folds = [line for line in capsys.readouterr().err.splitlines() if line.startswith("folds")]
    assert folds == ["folds  1 of 3", "folds  2 of 3, 0.02 a second, 0:50 left", "folds  3 of 3, 0.02 a second"]


def test_a_second_stage_of_the_same_name_starts_its_clock_anew(clock, capsys):
    printer = ProgressPrinter()
    for start in (0, 1000):
        tell(printer, clock, start, "covers", 1, 101)
        tell(printer, clock, start + 10, "covers", 101, 101)
    assert capsys.readouterr().err.splitlines() == ["covers  101 of 101, 10 a second"] * 2


def test_an_hour_is_told_with_its_minutes(clock, capsys):
    printer = ProgressPrinter()
    tell(printer, clock, 0, "features", 0, 10_000)
    tell(printer, clock, 100, "features", 100, 5_000)
    assert "1:21:40 left" in capsys.readouterr().err
