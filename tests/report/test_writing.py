"""The report of real, small runs, from the folder to the file."""

import dataclasses
import functools
import json
import re
import shutil

import numpy as np
import pytest

from albumnet import pipeline
from albumnet.cli.report import report
from albumnet.pipeline import baselines, reporting
from albumnet.pipeline.reporting import write_report
from albumnet.progress import ignore_progress
from small_world import MOODS, leave_out_baselines, make_albums, make_set, train


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    """A set whose covers have features but no pictures, and an evaluated run of model 1. Read only."""
    base = tmp_path_factory.mktemp("reported")
    with pytest.MonkeyPatch.context() as patch:
        leave_out_baselines(patch, "colours")
        train(make_set(base / "set", *make_albums(np.random.default_rng(0))), base / "run")
        pipeline.evaluate(base / "run", n_resamples=20, n_seeds=1)
    return base


@pytest.fixture
def run(world, tmp_path):
    """A copy of the run that may be spoilt."""
    shutil.copytree(world / "run", tmp_path / "run")
    return tmp_path / "run"


@pytest.fixture
def no_evaluation(monkeypatch):
    def refuse(*_, **__):
        raise AssertionError("evaluated again")

    monkeypatch.setattr(reporting, "evaluate", refuse)


def test_a_report_is_written_from_the_evaluation_that_is_there(run, no_evaluation):
    out = write_report(run, progress=ignore_progress)
    assert out == run / "report.html"
    page = out.read_text("utf-8")
    assert all(f'data-value="{mood}"' in page for mood in MOODS)
    # There are no pictures in this world: initials stand in their place.
    assert "covers could not be shown" in page
    assert "Which moods are taken for which" in page
    assert not list(run.glob(".*.tmp"))


def test_the_same_run_gives_the_same_file(run, no_evaluation):
    assert write_report(run).read_bytes() == write_report(run).read_bytes()


@pytest.mark.parametrize("spoil", ["missing", "of another run", "no JSON"])
def test_a_run_without_a_fitting_evaluation_is_evaluated(run, monkeypatch, spoil):
    path = run / "evaluation.json"
    good, called = path.read_text("utf-8"), []

    def evaluate(asked, *, on, progress):
        assert on is None
        called.append(asked)
        path.write_text(good, "utf-8")

    monkeypatch.setattr(reporting, "evaluate", evaluate)
    if spoil == "missing":
        path.unlink()
    elif spoil == "no JSON":
        path.write_text("{", "utf-8")
    else:
        path.write_text(json.dumps({**json.loads(good), "made_from": {"run": "other"}}), "utf-8")
    assert write_report(run).is_file()
    assert called == [run]


def test_a_set_that_is_gone_leaves_a_report_without_albums(run, no_evaluation, world):
    (world / "set").rename(world / "elsewhere")
    try:
        page = write_report(run).read_text("utf-8")
    finally:
        (world / "elsewhere").rename(world / "set")
    assert "the album set set is gone or cannot be read" in page
    assert "No albums are shown" in page
    assert all(f'data-value="{mood}"' in page for mood in MOODS)


@pytest.mark.parametrize(
    ("name", "said"),
    [("predictions.parquet", "predictions.parquet is missing"), ("history.csv", "history.csv is missing or broken")],
)
def test_files_that_are_gone_or_broken_are_named(run, no_evaluation, name, said):
    (run / name).write_bytes(b"broken")
    assert said in write_report(run).read_text("utf-8")
    (run / name).unlink()
    assert said in write_report(run).read_text("utf-8")


def test_a_report_on_another_set_is_a_file_of_its_own(run, tmp_path):
    albums, features = make_albums(np.random.default_rng(5))
    new = [
        dataclasses.replace(album, artist=f"{album.artist} again", cover=f"{n + 5000:064x}")
        for n, album in enumerate(albums[:60])
    ]
    other = make_set(tmp_path / "other", new, features[:60], n_with_features=60)
    with pytest.MonkeyPatch.context() as patch:
        leave_out_baselines(patch, *set(baselines.BASELINES) - {"prior"})
        patch.setattr(reporting, "evaluate", functools.partial(pipeline.evaluate, n_resamples=20, n_seeds=1))
        out = write_report(run, on=tmp_path / "other")
    assert out == run / f"report-{other.digest}.html"
    page = out.read_text("utf-8")
    assert "On the albums of other: " in page
    assert re.search(r"artist \d+ again: 0\.\d", page), "the model's predictions were kept for this"
    assert f"evaluation-{other.digest}.json" in page
    assert not (run / "report.html").exists()


def test_a_report_on_no_album_set_is_one_line(run, tmp_path, capsys):
    with pytest.raises(SystemExit) as stopped:
        report(run, on=tmp_path)
    assert stopped.value.code == 1
    (said,) = capsys.readouterr().err.splitlines()
    assert str(tmp_path) in said


def test_a_full_disk_leaves_the_report_that_was_there(run, no_evaluation, full_disk):
    before = write_report(run).read_bytes()
    with full_disk(), pytest.raises(OSError, match="space"):
        write_report(run)
    assert (run / "report.html").read_bytes() == before


def test_the_command_prints_the_path(run, no_evaluation, capsys):
    report(run)
    assert capsys.readouterr().out == f"{run / 'report.html'}\n"


def test_the_command_says_in_one_line_that_a_folder_is_no_run(tmp_path, capsys):
    with pytest.raises(SystemExit) as stopped:
        report(tmp_path)
    assert stopped.value.code == 1
    assert capsys.readouterr().err.startswith(f"albumnet: {tmp_path} is no run")
