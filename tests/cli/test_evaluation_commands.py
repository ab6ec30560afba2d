"""`evaluate` as people meet it: a table with intervals, a conclusion, JSON on request, one line when it cannot be."""

import json
import shutil

import pytest


@pytest.fixture
def a_run(work, tmp_path):
    """A copy, since evaluation writes into the run's folder."""
    return shutil.copytree(work.run, tmp_path / "run")


def test_evaluate_prints_every_predictor_with_intervals_and_ends_with_the_conclusion(run, a_run):
    said = run("evaluate", a_run, "--resamples", 50, "--seeds", 1)
    assert said.code == 0
    rows = [line for line in said.out.splitlines() if "[" in line and "]" in line]
    assert rows[0].startswith("model 2: cover, genre, year")
    for name in (
        "prior",
        "metadata only",
        "colour statistics only",
        "nearest covers",
        "covers shuffled",
        "moods shuffled",
    ):
        assert any(name in row for row in rows), name
    assert "macro ROC-AUC (95 % interval" in said.out.splitlines()[-1]
    assert str(a_run / "evaluation.json") in said.err


def test_evaluate_as_json_prints_what_it_wrote(run, a_run):
    said = run("evaluate", a_run, "--resamples", 20, "--seeds", 1, "--json")
    assert json.loads(said.out) == json.loads((a_run / "evaluation.json").read_text())


def test_evaluating_something_that_is_no_run_is_one_line(run, work, tmp_path):
    said = run("evaluate", tmp_path)
    assert said.code == 1
    assert "is no run" in said.error_line


@pytest.mark.parametrize("option", [("--resamples", 1), ("--seeds", 0)])
def test_too_few_resamples_or_seeds_are_wrong_usage(run, a_run, option):
    assert run("evaluate", a_run, *option).code == 2
