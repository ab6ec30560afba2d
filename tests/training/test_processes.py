"""Several processes take the steps that one process takes: the same weights up to the rounding of sums."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import load_file

from albumnet.models.presets import MODELS
from shared_training import PRESETS_TRIED
from small_world import make_albums, make_set

SCRIPT = Path(__file__).parent.parent / "shared_training.py"
# Weights of order one after some twenty steps of Adam, which divides by the size of gradients; losses of order one.
TOLERANCE = 2e-4


def torchrun(n_processes, *arguments):
    return [
        sys.executable,
        *("-m", "torch.distributed.run", "--standalone", "--nproc-per-node", str(n_processes)),
        *map(str, arguments),
    ]


def run(command, **options):
    ended = subprocess.run(command, capture_output=True, text=True, check=False, **options)
    assert ended.returncode == 0, ended.stderr
    return ended


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """Weights of small heads of every kind: trained by one process, and by two and three."""
    folder = tmp_path_factory.mktemp("trained")
    run([sys.executable, SCRIPT, folder / "1.safetensors"])
    for n_processes in (2, 3):
        run(torchrun(n_processes, SCRIPT, folder / f"{n_processes}.safetensors"))
    return {n: load_file(folder / f"{n}.safetensors") for n in (1, 2, 3)}


@pytest.mark.parametrize("n_processes", [2, 3])
@pytest.mark.parametrize("preset", PRESETS_TRIED)
@pytest.mark.parametrize("kind", MODELS)
def test_many_processes_end_with_the_weights_and_losses_of_one(trained, kind, preset, n_processes):
    alone, together = trained[1], trained[n_processes]
    assert alone.keys() == together.keys()
    compared = [name for name in alone if name.startswith(f"{kind}-{preset}-")]
    assert any(name.endswith("bend") for name in compared) == MODELS[kind].uses_cover
    for name in compared:
        np.testing.assert_allclose(together[name], alone[name], atol=TOLERANCE, err_msg=name)


def test_the_command_under_torchrun_writes_one_run_with_the_scores_of_a_plain_one(tmp_path):
    album_set = make_set(tmp_path / "set", *make_albums(np.random.default_rng(0)))
    options = ("train", album_set.path, "--model", "2", "--device", "cpu", "--out")
    alone = run([sys.executable, "-m", "albumnet", *map(str, options), str(tmp_path / "alone")])
    together = run(torchrun(2, "-m", "albumnet", *options, tmp_path / "together"))
    assert together.stdout == alone.stdout
    names = {path.name for path in (tmp_path / "alone").iterdir()}
    assert {path.name for path in (tmp_path / "together").iterdir()} == names
    first, second = (load_file(tmp_path / run_name / "model.safetensors") for run_name in ("alone", "together"))
    for name in first:
        np.testing.assert_allclose(second[name], first[name], atol=5e-3, err_msg=name)


@pytest.mark.slow
def test_killed_and_resumed_together_it_ends_as_if_nothing_had_happened(tmp_path):
    album_set = make_set(tmp_path / "set", *make_albums(np.random.default_rng(0)))
    options = ("-m", "albumnet", "train", album_set.path, "--model", "2", "--device", "cpu", "--out")
    run(torchrun(2, *options, tmp_path / "whole"))
    process = subprocess.Popen(
        torchrun(2, *options, tmp_path / "cut"),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    while not (tmp_path / "cut" / "checkpoint.safetensors").exists():
        assert process.poll() is None
        time.sleep(0.02)
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    assert not (tmp_path / "cut" / "config.json").exists()
    run(torchrun(2, *options, tmp_path / "cut", "--resume"))
    whole, cut = ((tmp_path / name / "model.safetensors").read_bytes() for name in ("whole", "cut"))
    assert cut == whole
