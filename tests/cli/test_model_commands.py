"""Commands that compute features, train and predict: results on stdout, the rest on stderr, and how each ends."""

import importlib.util
import json
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from safetensors.numpy import load_file

from albumnet.cli.output import ProgressPrinter
from albumnet.dataset import AlbumSet, FeatureStore
from albumnet.training import loop

FEW = ("--min-albums-per-mood", 4)


@pytest.fixture
def own_set(work, tmp_path) -> Path:
    """A copy of the set that a test may change."""
    return shutil.copytree(work.set, tmp_path / "set")


@pytest.fixture
def few_covers(run, work, tmp_path) -> Path:
    """A set of four albums without features."""
    rows = work.table.read_text().splitlines()
    table = tmp_path / "few.csv"
    table.write_text("\n".join(rows[:5]) + "\n")
    assert run("import", "table", table, "--covers", work.covers, "--out", tmp_path / "few").code == 0
    return tmp_path / "few"


@pytest.fixture
def signal_at(monkeypatch):
    """Send this process a signal when progress of a stage is told for the n-th time."""

    def arrange(sent: signal.Signals, stage: str, n: int) -> None:
        told = []
        tell = ProgressPrinter.__call__

        def listen(self, progress) -> None:
            tell(self, progress)
            told.append(progress.stage)
            if progress.stage == stage and told.count(stage) == n:
                signal.raise_signal(sent)

        monkeypatch.setattr(ProgressPrinter, "__call__", listen)

    return arrange


both_signals = pytest.mark.parametrize("sent", [signal.SIGINT, signal.SIGTERM], ids=["SIGINT", "SIGTERM"])


# features


def test_features_run_again_has_nothing_to_do(run, own_set):
    said = run("features", own_set)
    assert (said.code, said.out) == (0, "")
    assert "30 covers, 0 of them now" in said.err


@both_signals
def test_features_interrupted_are_130_and_go_on_where_they_were(run, few_covers, signal_at, sent, monkeypatch):
    signal_at(sent, "features", 1)
    said = run("features", few_covers)
    assert said.code == 130
    assert said.err.splitlines()[-1].startswith("albumnet: interrupted; ")
    assert "Traceback" not in said.err
    n_saved = len(FeatureStore(AlbumSet(few_covers).features_dir("efficientnet_lite0")))
    assert n_saved > 0
    monkeypatch.undo()
    again = run("features", few_covers)
    assert again.code == 0
    assert f"4 covers, {4 - n_saved} of them now" in again.err


def test_an_unusable_cover_is_listed_and_ends_with_3_each_time(run, few_covers):
    cover = next((few_covers / "covers").rglob("*.jpg"))
    cover.write_bytes(cover.read_bytes()[:400])
    for _ in range(2):
        said = run("features", few_covers)
        assert said.code == 3
        assert "1 covers could not be used:" in said.err
    assert len(FeatureStore(AlbumSet(few_covers).features_dir("efficientnet_lite0"))) == 3


def test_a_full_disk_while_computing_features_is_one_line_and_repeating_it_finishes(run, few_covers, full_disk):
    with full_disk():
        said = run("features", few_covers)
    assert said.code == 1
    assert "the disk is full" in said.err.splitlines()[-1]
    assert run("features", few_covers).code == 0


def test_an_unknown_backbone_is_one_line_with_the_known_ones(run, work):
    said = run("features", work.set, "--backbone", "resnet")
    assert said.code == 1
    assert "efficientnet_lite0, vgg16 and timm:" in said.error_line


@pytest.mark.parametrize("option", [("--device", "tpu"), ("--precision", "int8"), ("--convention", "keras")])
def test_a_choice_that_there_is_not_is_wrong_usage(run, work, option):
    said = run("features", work.set, *option)
    assert said.code == 2
    assert "is not one of" in said.err


# train


def test_train_prints_scores_on_stdout_and_epochs_on_stderr(run, work, tmp_path):
    said = run("train", work.set, "--model", 1, "--out", tmp_path / "run", *FEW)
    assert said.code == 0
    assert [line.split(":")[0] for line in said.out.splitlines()[1:]] == ["model 1", "metadata only", "prior"]
    assert "macro ROC-AUC" in said.out.splitlines()[0]
    assert "training  model 1, smoothing 0.95, strength 0.001, epoch 1: train " in said.err
    assert "left out with fewer than 4 training albums: " in said.err


def test_a_run_holds_what_the_design_says_and_nothing_pickled(work):
    assert {path.name for path in work.run.iterdir()} == {
        "model.safetensors",
        "config.json",
        "history.csv",
        "predictions.parquet",
        "metrics.json",
        "card.md",
    }
    table = pq.read_table(work.run / "predictions.parquet")
    assert table.column_names == ["album_id", "mood", "probability", "rank", "split"]


@pytest.mark.parametrize(
    "option", [("--model", 5), ("--preset", "tall"), ("--device", "tpu"), ("--min-albums-per-mood", 0)]
)
def test_training_something_that_there_is_not_is_wrong_usage(run, work, tmp_path, option):
    options = {"--model": 1, "--out": tmp_path / "run", option[0]: option[1]}
    said = run("train", work.set, *(word for pair in options.items() for word in pair))
    assert said.code == 2
    assert not (tmp_path / "run").exists()


def test_a_mood_too_rare_for_any_model_is_one_line_with_counts(run, work, tmp_path):
    said = run("train", work.set, "--model", 1, "--out", tmp_path / "run", "--min-albums-per-mood", 99)
    assert said.code == 1
    assert "no mood has 99 training albums (the commonest of " in said.error_line


def test_training_before_features_says_which_command_is_missing(run, few_covers, tmp_path):
    said = run("train", few_covers, "--model", 1, "--out", tmp_path / "run", *FEW)
    assert said.code == 1
    assert "albumnet features" in said.error_line


def test_a_finished_run_is_only_replaced_with_force(run, work, tmp_path):
    path = shutil.copytree(work.run, tmp_path / "run")
    before = (path / "model.safetensors").read_bytes()
    refused = run("train", work.set, "--model", 2, "--out", path, *FEW)
    assert refused.code == 1
    assert "--force" in refused.error_line
    assert (path / "model.safetensors").read_bytes() == before
    assert run("train", work.set, "--model", 1, "--out", path, *FEW, "--force").code == 0
    assert json.loads((path / "config.json").read_text())["model"] == "1"


# The first epoch comes before any checkpoint; the seventh is in the second trial.
@both_signals
@pytest.mark.parametrize("epoch", [1, 2, 7])
def test_training_interrupted_is_130_and_resumes_to_the_same_weights(
    run, work, signal_at, sent, epoch, tmp_path, monkeypatch
):
    with monkeypatch.context() as patch:
        patch.setattr(loop, "CHECKPOINT_SECONDS", 0)
        patch.setattr(loop, "TRAINING_PER_SAVING", 0)
        signal_at(sent, "training", epoch)
        command = ("train", work.set, "--model", 2, "--out", tmp_path / "run", *FEW)
        said = run(*command)
    assert said.code == 130
    assert "--resume" in said.err.splitlines()[-1]
    assert not (tmp_path / "run" / "config.json").exists()
    monkeypatch.undo()
    if epoch > 1:
        refused = run(*command)
        assert refused.code == 1
        assert "--resume" in refused.error_line
        assert run("predict", work.cover, "--model", tmp_path / "run").code == 1
    assert run(*command, "--resume").code == 0
    resumed, whole = (load_file(path / "model.safetensors") for path in (tmp_path / "run", work.run))
    for name, tensor in whole.items():
        assert (tensor == resumed[name]).all(), name


def test_a_process_that_is_sent_sigterm_ends_with_130_and_one_line(work, tmp_path):
    command = ["train", work.set, "--model", "2", "--out", tmp_path / "run", "--min-albums-per-mood", "4"]
    process = subprocess.Popen(
        [sys.executable, "-m", "albumnet", *map(str, command)],
        stderr=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stderr is not None
    for line in process.stderr:
        if line.startswith("training  "):
            process.send_signal(signal.SIGTERM)
            break
    out, err = process.communicate(timeout=120)
    assert process.returncode == 130
    assert out == ""
    assert err.splitlines()[-1].startswith("albumnet: interrupted; ")
    assert "Traceback" not in err


def test_a_full_disk_while_training_is_one_line_and_resuming_finishes(run, work, full_disk, tmp_path):
    command = ("train", work.set, "--model", 1, "--out", tmp_path / "run", *FEW)
    with full_disk():
        said = run(*command)
    assert said.code == 1
    assert "the disk is full" in said.err.splitlines()[-1]
    assert run(*command, "--resume").code == 0


def test_a_missing_word_vector_file_is_one_line(run, work, tmp_path):
    said = run("train", work.set, "--model", 4, "--out", tmp_path / "run", "--vectors", tmp_path / "none.txt", *FEW)
    assert said.code == 1
    assert "none.txt" in said.error_line


def test_crossvalidation_scores_every_model_beside_the_prior(run, work):
    said = run("crossvalidate", work.set, "--model", 1, "--model", "metadata", "--folds", 2, "--min-albums-per-mood", 6)
    assert said.code == 0
    names = [line.partition("  ")[0] for line in said.out.splitlines()[1:]]
    assert names == ["prior", "model 1: cover (small)", "metadata only: genre, year (small)"]
    assert "folds  4 of 4" in said.err


# predict


def test_predict_prints_a_table_of_the_likeliest(run, work):
    genre = json.loads((work.run / "config.json").read_text())["metadata"]["tokens"][0]
    said = run("predict", work.cover, "--model", work.run, "--genre", genre, "--year", 1977, "--top", 3)
    assert (said.code, said.err) == (0, "")
    assert said.out.splitlines()[0] == str(work.cover)
    assert said.out.splitlines()[1].split() == ["mood", "probability", "base", "rate"]
    assert len(said.out.splitlines()) == 2 + 3 + 1
    assert "likeliest hold 80 % of its moods; without looking it takes" in said.out.splitlines()[-1]


def test_predict_prints_json(run, work):
    (prediction,) = run("predict", work.cover, "--model", work.run, "--json", "--top", 2).json
    assert prediction["cover"] == str(work.cover)
    assert prediction["error"] is None
    assert prediction["coverage"] == 0.8
    assert isinstance(prediction["can_tell"], bool)
    assert [set(mood) for mood in prediction["moods"]] == [{"mood", "probability", "base_rate", "rank", "is_told"}] * 2


def test_a_broken_cover_among_good_ones_is_listed_and_ends_with_3(run, work, tmp_path):
    broken = tmp_path / "broken.jpg"
    broken.write_bytes(b"\xff\xd8\xff")
    said = run("predict", work.cover, broken, "--model", work.run, "--json")
    assert said.code == 3
    assert [bool(prediction["moods"]) for prediction in said.json] == [True, False]
    assert said.json[1]["error"]
    assert str(broken) in said.err
    assert run("predict", work.cover, broken, "--model", work.run).out.count("base rate") == 1


def test_an_unknown_genre_is_noted_and_passed_over(run, work):
    plain = run("predict", work.cover, "--model", work.run)
    said = run("predict", work.cover, "--model", work.run, "--genre", "Polka")
    assert (said.code, said.out) == (0, plain.out)
    assert "no training album had genre 'Polka'" in said.error_line


def test_a_model_that_does_not_look_at_the_year_says_so(run, work, tmp_path):
    assert run("train", work.set, "--model", 1, "--out", tmp_path / "run", *FEW).code == 0
    said = run("predict", work.cover, "--model", tmp_path / "run", "--year", 1977)
    assert said.code == 0
    assert "does not look at genre and year" in said.error_line


def test_predicting_with_no_run_is_one_line(run, work, tmp_path):
    said = run("predict", work.cover, "--model", tmp_path)
    assert (said.code, said.out) == (1, "")
    assert "is no run" in said.error_line


@pytest.mark.parametrize("wrong", [("--year", "old"), ("--top", 0)])
def test_a_year_or_a_count_that_is_none_is_wrong_usage(run, work, wrong):
    assert run("predict", work.cover, "--model", work.run, *wrong).code == 2


# score


def test_score_writes_every_mood_of_every_album(run, work, tmp_path):
    said = run("score", work.set, "--model", work.run, "--out", tmp_path / "p.parquet")
    assert (said.code, said.out) == (0, "")
    table = pq.read_table(tmp_path / "p.parquet")
    n_moods = len(json.loads((work.run / "config.json").read_text())["moods"])
    assert table.column_names == ["album_id", "mood", "probability", "rank"]
    assert table.num_rows == 30 * n_moods
    assert sorted(set(table["rank"].to_pylist())) == list(range(1, n_moods + 1))


def test_scores_are_only_replaced_with_force(run, work, tmp_path):
    out = tmp_path / "p.parquet"
    out.write_bytes(b"mine")
    command = ("score", work.set, "--model", work.run, "--out", out)
    refused = run(*command)
    assert refused.code == 1
    assert "--force" in refused.error_line
    assert out.read_bytes() == b"mine"
    assert run(*command, "--force").code == 0
    assert pq.read_table(out).num_rows > 0


def test_an_album_without_a_cover_is_listed_and_ends_with_3(run, work, tmp_path):
    rows = work.table.read_text().splitlines()
    table = tmp_path / "albums.csv"
    table.write_text("\n".join([*rows, rows[1].replace("pw0001", "bare", 1).rpartition(",")[0] + ","]) + "\n")
    assert run("import", "table", table, "--covers", work.covers, "--out", tmp_path / "set").code == 0
    shutil.copytree(work.set / "features", tmp_path / "set" / "features")
    said = run("score", tmp_path / "set", "--model", work.run, "--out", tmp_path / "p.parquet")
    assert said.code == 3
    assert "1 albums could not be used:\n  " in said.err
    assert "no usable cover" in said.err
    assert len(set(pq.read_table(tmp_path / "p.parquet")["album_id"].to_pylist())) == 30


# without torch


@pytest.mark.parametrize("command", ["features", "train", "crossvalidate"])
def test_without_torch_a_command_says_what_to_install(run, work, tmp_path, monkeypatch, command):
    find = importlib.util.find_spec
    monkeypatch.setattr(importlib.util, "find_spec", lambda name, *rest: None if name == "torch" else find(name, *rest))
    arguments = {
        "features": (work.set, "--backbone", "colour_statistics"),
        "train": (work.set, "--model", 1, "--out", tmp_path / "run"),
        "crossvalidate": (work.set, "--model", 1),
    }
    said = run(command, *arguments[command])
    assert said.code == 1
    assert "pip install 'albumnet[train]'" in said.error_line
