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


def test_a_model_is_written_as_one_checked_file(run, work, tmp_path, monkeypatch):
    monkeypatch.setattr("albumnet.pipeline.exporting.N_CHECKED", 4)
    said = run("export", work.run, tmp_path / "model.onnx", "--check-on", work.set)
    assert (said.code, said.out) == (0, "")
    assert "opset 17; agrees with the model by PyTorch to" in said.err
    assert "on 4 albums" in said.err
    assert (tmp_path / "model.onnx").stat().st_size > 1_000_000


def test_a_model_without_a_file_and_a_set_with_one_are_wrong_usage(run, work, tmp_path):
    assert run("export", work.run).code == 2
    assert run("export", work.set, tmp_path / "x.onnx", "--as", "csv").code == 2
    assert run("export", work.set, tmp_path / "x.onnx").code == 1
    assert not (tmp_path / "x.onnx").exists()
