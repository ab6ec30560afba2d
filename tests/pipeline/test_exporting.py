"""Exporting a model: checked before it is kept."""

import numpy as np
import pytest

from albumnet.errors import EngineError, RunError
from albumnet.models.exporting import ExportedModel
from albumnet.models.prediction import load_model
from albumnet.pipeline import exporting
from albumnet.pipeline.exporting import export_model
from untrained import make_model, save_model


@pytest.fixture
def run_of_covers(tmp_path_factory):
    return save_model(make_model("2"), tmp_path_factory.mktemp("run") / "run")


@pytest.fixture(autouse=True)
def few(monkeypatch):
    monkeypatch.setattr(exporting, "N_CHECKED", 6)


def test_the_file_agrees_with_the_model_on_drawn_covers(run_of_covers, tmp_path):
    done = export_model(run_of_covers, tmp_path / "m.onnx")
    assert done.n_checked == 6
    assert done.largest_difference <= 1e-4
    assert done.engine == "torch"
    assert ExportedModel(tmp_path / "m.onnx").moods == load_model(run_of_covers).config.moods


def test_it_can_be_checked_on_a_sets_own_covers(run_of_covers, planted_set, tmp_path):
    assert export_model(run_of_covers, tmp_path / "m.onnx", check_on=planted_set).n_checked == 6


@pytest.mark.parametrize("wrong", [0.01, np.nan])
def test_a_file_that_says_something_else_is_not_kept(run_of_covers, tmp_path, monkeypatch, wrong):
    right = ExportedModel.probabilities
    monkeypatch.setattr(ExportedModel, "probabilities", lambda self, *given: right(self, *given) + wrong)
    with pytest.raises(EngineError, match=r"m.onnx was not kept: its probabilities differ from the model's by up to"):
        export_model(run_of_covers, tmp_path / "m.onnx")
    assert not list(tmp_path.iterdir())


def test_a_file_that_is_there_stays_unless_forced(run_of_covers, tmp_path):
    (tmp_path / "m.onnx").write_text("mine")
    with pytest.raises(RunError, match="--force"):
        export_model(run_of_covers, tmp_path / "m.onnx")
    assert (tmp_path / "m.onnx").read_text() == "mine"
    export_model(run_of_covers, tmp_path / "m.onnx", force=True)
    assert ExportedModel(tmp_path / "m.onnx").moods
