"""`kill -9` at random moments of features, training and scoring: the files end as those of an undisturbed run."""

import csv
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from albumnet.dataset import AlbumSet
from albumnet.planted import draw_world, write_world
from albumnet.sources import import_table
from set_files import files_of
from small_world import make_albums, make_set

N_KILLS = [pytest.param(2, id="2 kills"), pytest.param(50, marks=[pytest.mark.slow, pytest.mark.timeout(3600)])]
# Halves of files that a killed process left; they are passed over, and removed when they are an hour old. And the state
# of a training that was killed between its last file and its end.
LEFT_OVER = (".*.tmp", "checkpoint.safetensors")
# What says when something was done, or how long it took.
TIMED = {"history.csv"}


def start(*arguments):
    return subprocess.Popen(
        [sys.executable, "-m", "albumnet", *map(str, arguments)],
        stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, start_new_session=True,
    )  # fmt: skip


def run(*arguments) -> float:
    """Run to the end; seconds that took."""
    started = time.monotonic()
    process = start(*arguments)
    _, errors = process.communicate()
    assert process.returncode == 0, errors
    return time.monotonic() - started


def kill_at_random(command, *, seconds: float, n_kills: int, check_if_done) -> None:
    """Start a command and kill it and all its processes, over and over.

    Args:
        command: What to start.
        seconds: How long it takes undisturbed.
        n_kills: How often it is killed.
        check_if_done: Called after each; if the command got to its end, checks what it wrote and removes it.
    """
    rng, n_killed = np.random.default_rng(n_kills), 0
    while n_killed < n_kills:
        process = start(*command)
        try:
            process.wait(timeout=float(rng.uniform(0.02, 1.0)) * seconds)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.communicate()
            n_killed += 1
        else:
            _, errors = process.communicate()
            assert process.returncode == 0, errors
        check_if_done()
    run(*command)
    check_if_done()


def final_files_of(folder: Path) -> dict[str, bytes]:
    return {name: data for name, data in files_of(folder).items() if not any(map(Path(name).match, LEFT_OVER))}


def untimed_files_of(folder: Path) -> dict[str, object]:
    files: dict[str, object] = {name: data for name, data in final_files_of(folder).items() if name not in TIMED}
    for path in folder.rglob("history.csv"):
        rows = list(csv.DictReader(path.read_text().splitlines()))
        files[path.name] = [{key: value for key, value in row.items() if key != "seconds"} for row in rows]
    return files


@pytest.fixture(scope="module")
def drawn_set(tmp_path_factory) -> AlbumSet:
    """Enough covers to take some seconds."""
    folder = tmp_path_factory.mktemp("drawn")
    table = write_world(draw_world(n_albums=300, rng=np.random.default_rng(0), cover_size=64), folder)
    return import_table(table, table.parent / "covers", out=folder / "set").album_set


@pytest.mark.parametrize("engine", ["here", "ray"])
@pytest.mark.parametrize("n_kills", N_KILLS)
def test_features(drawn_set, tmp_path, n_kills, engine):
    if engine == "ray":
        pytest.importorskip("ray", reason="Ray is an extra")
    whole, killed = (Path(shutil.copytree(drawn_set.path, tmp_path / name)) for name in ("whole", "killed"))
    options = ("--device", "cpu") if engine == "here" else ("--device", "cpu", "--on", "ray", "--workers", "2")
    seconds = run("features", whole, *options)

    def check_if_done():
        pass  # the command does nothing then, and the end is looked at below

    kill_at_random(("features", killed, *options), seconds=seconds, n_kills=n_kills, check_if_done=check_if_done)
    assert final_files_of(killed) == final_files_of(whole)


@pytest.mark.parametrize("n_kills", N_KILLS)
def test_training(tmp_path, n_kills):
    album_set = make_set(tmp_path / "set", *make_albums(np.random.default_rng(0)))
    command = ("train", album_set.path, "--model", "2", "--device", "cpu", "--resume", "--out")
    whole, killed = tmp_path / "whole", tmp_path / "killed"
    seconds = run(*command, whole)
    n_done = 0

    def check_if_done():
        nonlocal n_done
        if (killed / "config.json").exists():
            assert untimed_files_of(killed) == untimed_files_of(whole)
            shutil.rmtree(killed)
            n_done += 1

    kill_at_random((*command, killed), seconds=seconds, n_kills=n_kills, check_if_done=check_if_done)
    assert n_done


@pytest.mark.parametrize("n_kills", N_KILLS)
def test_scoring(tmp_path, n_kills):
    album_set = make_set(tmp_path / "set", *make_albums(np.random.default_rng(0)))
    run("train", album_set.path, "--model", "1", "--device", "cpu", "--out", tmp_path / "run")
    command = ("score", album_set.path, "--model", tmp_path / "run", "--out")
    whole, killed = tmp_path / "whole" / "scores.parquet", tmp_path / "killed" / "scores.parquet"
    seconds = run(*command, whole)
    n_done = 0

    def check_if_done():
        nonlocal n_done
        if killed.exists():
            assert final_files_of(killed.parent) == final_files_of(whole.parent)
            killed.unlink()
            n_done += 1

    kill_at_random((*command, killed), seconds=seconds, n_kills=n_kills, check_if_done=check_if_done)
    assert n_done
