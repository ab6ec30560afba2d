"""The run folder: what was written is what is read, and what was tampered with is refused."""

import csv
import json
import os
from dataclasses import replace

import pytest
import torch

from albumnet.dataset import FeatureManifest
from albumnet.errors import RunError, SchemaVersionError
from albumnet.models.metadata import MetadataEncoder
from albumnet.models.prediction import load_model
from albumnet.models.run import (
    Epoch,
    RunConfig,
    read_config,
    read_history,
    read_weights,
    write_config,
    write_history,
    write_weights,
)
from albumnet.training.assembly import TrainingOptions, save_run, train_model

CONFIG = RunConfig(
    model="2",
    preset="small",
    space="",
    seed=3,
    moods=("Bleak", "Laid-Back"),
    base_rates=(0.25, 0.5),
    left_out_moods={"Arid": 3},
    min_albums_per_mood=30,
    metadata=MetadataEncoder(("rock",), (1970, 1980), 1977.5, 4.25, 1.5, 0.5),
    backbone=FeatureManifest("vgg16", "w", "t", (512, 7, 7), {"channels": "BGR"}, "/weights.safetensors"),
    weights="/weights.safetensors",
    n_fine_tuned=0,
    smoothing=0.95,
    strength=1e-3,
    embedding_size=0,
    vectors="",
    vectors_digest="",
    album_set="/set",
    albums_digest="a",
    set_vocabulary="s",
    sizes={"train": 10, "valid": 2},
)
WITHOUT_COVER = replace(CONFIG, model="metadata", backbone=None, weights="")


@pytest.fixture
def run(world, tmp_path):
    options = TrainingOptions(model="2", preset="quick", min_albums_per_mood=5, device="cpu", albums_digest="a")
    save_run(tmp_path / "run", train_model(world.sides, world.store, options=options))
    return tmp_path / "run"


def change(path, **values):
    path.write_text(json.dumps({**json.loads(path.read_text()), **values}))


@pytest.mark.parametrize("config", [CONFIG, WITHOUT_COVER], ids=["cover", "metadata"])
def test_config_is_read_as_it_was_written(tmp_path, config):
    write_config(tmp_path, config)
    assert read_config(tmp_path) == config


def test_history_has_one_line_per_epoch(tmp_path):
    history = [Epoch(0.95, 0.1, 1, 2.5, 2.25, 0.5), Epoch(0.95, 0.1, 2, 1.5, 1.75, 0.5)]
    write_history(tmp_path, history)
    with (tmp_path / "history.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert list(rows[0]) == ["smoothing", "strength", "epoch", "train_loss", "valid_loss", "seconds"]
    assert [float(row["valid_loss"]) for row in rows] == [2.25, 1.75]


def test_history_is_read_as_it_was_written(tmp_path):
    epochs = (Epoch(0.95, 0.1, 1, 2.5, 2.25, 0.5), Epoch(0.95, 0.1, 2, 2.0, 2.125, 0.25))
    write_history(tmp_path, epochs)
    assert read_history(tmp_path) == epochs


@pytest.mark.parametrize("text", ["", "strength,epoch\n", "strength,epoch\nx,1\n", "a,b\n1,2\n"])
def test_a_broken_history_is_one_line(tmp_path, text):
    (tmp_path / "history.csv").write_text(text)
    with pytest.raises(RunError, match="train the model again"):
        read_history(tmp_path)
    with pytest.raises(RunError, match="cannot read"):
        read_history(tmp_path / "nowhere")


def test_a_run_says_its_schema_version_and_what_it_was_made_from(run):
    from safetensors import safe_open

    with safe_open(run / "model.safetensors", framework="pt") as file:
        said = file.metadata()
    config = json.loads((run / "config.json").read_text())
    assert said == {
        "schema_version": "3",
        "vocabulary": config["vocabulary"],
        "model": "2",
        "preset": "quick",
        "albums": "a",
    }
    assert config["schema_version"] == 3


def test_nothing_in_a_run_is_pickled(run):
    assert {path.name for path in run.iterdir()} == {"model.safetensors", "config.json", "history.csv"}
    for path in run.iterdir():
        # Pickles begin with 0x80, and PyTorch's zip archives of them with PK.
        assert path.read_bytes()[:1] != b"\x80"
        assert path.read_bytes()[:2] != b"PK"


def test_a_run_can_be_read_by_whoever_may_read_the_folder(run):
    mask = os.umask(0)
    os.umask(mask)
    assert {path.stat().st_mode & 0o777 for path in run.iterdir()} == {0o666 & ~mask}


def test_a_finished_run_keeps_no_checkpoint(world, tmp_path):
    checkpoint = tmp_path / "checkpoint.safetensors"
    options = TrainingOptions(model="1", preset="quick", min_albums_per_mood=5, device="cpu")
    trained = train_model(world.sides, world.store, options=options, checkpoint=checkpoint)
    assert checkpoint.is_file()
    save_run(tmp_path, trained)
    assert not checkpoint.exists()


def test_a_folder_of_a_training_cut_off_is_not_taken_for_a_run(world, tmp_path):
    def stop(progress):
        if progress.done == 2:
            raise KeyboardInterrupt

    options = TrainingOptions(model="1", preset="quick", min_albums_per_mood=5, device="cpu")
    checkpoint = tmp_path / "run" / "checkpoint.safetensors"
    with pytest.raises(KeyboardInterrupt):
        train_model(world.sides, world.store, options=options, checkpoint=checkpoint, progress=stop)
    with pytest.raises(RunError, match=r"cut off.*--resume"):
        load_model(tmp_path / "run")


def test_a_folder_whose_config_was_not_reached_is_not_taken_for_a_run(run):
    (run / "config.json").unlink()
    with pytest.raises(RunError, match=r"is no run .*albumnet train"):
        load_model(run)


def test_a_folder_that_is_not_there_is_no_run(tmp_path):
    with pytest.raises(RunError, match="is no run"):
        load_model(tmp_path / "nowhere")


def test_another_schema_version_is_refused_and_both_are_named(run):
    change(run / "config.json", schema_version=2)
    with pytest.raises(SchemaVersionError, match=r"config\.json has schema version 2.*reads version 3"):
        load_model(run)


def test_moods_changed_by_hand_are_refused(run):
    moods = json.loads((run / "config.json").read_text())["moods"]
    change(run / "config.json", moods=moods[::-1])
    with pytest.raises(RunError, match="changed by hand"):
        load_model(run)


@pytest.mark.parametrize("values", [{"seeed": 1}, {"metadata": None}, {"backbone": {"name": "x"}}])
def test_a_config_of_another_shape_is_refused(run, values):
    change(run / "config.json", **values)
    with pytest.raises(RunError, match=r"is not what `albumnet train` writes.*train the model again"):
        load_model(run)


def test_missing_weights_are_named(run):
    (run / "model.safetensors").unlink()
    with pytest.raises(RunError, match=r"cannot read .*model\.safetensors.*train the model again"):
        load_model(run)


def test_truncated_weights_are_named(run):
    path = run / "model.safetensors"
    path.write_bytes(path.read_bytes()[:-100])
    with pytest.raises(RunError, match=r"cannot read .*model\.safetensors"):
        load_model(run)


@pytest.mark.parametrize(
    ("changes", "what"),
    [({"moods": ("Bleak", "Arid")}, "vocabulary"), ({"model": "1"}, "model 2 .*1"), ({"preset": "seed"}, "preset")],
)
def test_weights_of_another_run_are_refused(tmp_path, changes, what):
    made_from = {"vocabulary": CONFIG.vocabulary.digest, "model": "2", "preset": "small"}
    write_weights(tmp_path / "model.safetensors", {"x": torch.zeros(1)}, made_from=made_from)
    assert read_weights(tmp_path, CONFIG)["x"] == 0
    with pytest.raises(RunError, match=f"{what}.*train the model again"):
        read_weights(tmp_path, replace(CONFIG, **changes))


def test_a_disk_full_while_writing_weights_is_told_as_such_and_leaves_the_old_ones(tmp_path, monkeypatch):
    import safetensors.torch

    path = tmp_path / "model.safetensors"
    write_weights(path, {"x": torch.ones(1)}, made_from={})
    before = path.read_bytes()

    def fail(*_):
        raise safetensors.SafetensorError("I/O error: No space left on device (os error 28)")

    monkeypatch.setattr(safetensors.torch, "save_file", fail)
    with pytest.raises(OSError, match="No space left") as caught:
        write_weights(path, {"x": torch.zeros(1)}, made_from={})
    assert caught.value.errno == 28
    assert path.read_bytes() == before
