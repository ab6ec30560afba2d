"""`export` as a person uses it."""

import pytest


def test_export_says_what_was_written(run, work, tmp_path):
    said = run("export", work.set, "--out", tmp_path / "out", "--as", "csv", "--covers", "files")
    assert (said.code, said.out) == (0, "")
    assert "30 albums, 30 covers" in said.err
    assert (
        "is there already" in run("export", work.set, "--out", tmp_path / "out", "--as", "csv", "--covers", "files").err
    )


def test_covers_stay_at_home_unless_asked_for(run, work, tmp_path):
    assert run("export", work.set, "--out", tmp_path / "out", "--as", "huggingface").code == 0
    assert not list((tmp_path / "out").rglob("*.jpg"))


@pytest.mark.parametrize("wrong", [("--as", "xlsx"), ("--as", "csv", "--covers", "maybe"), ()])
def test_an_unknown_kind_is_wrong_usage(run, work, tmp_path, wrong):
    assert run("export", work.set, "--out", tmp_path / "out", *wrong).code == 2
