"""Two workers of Ray on one machine: the same files as one process, whatever dies on the way."""

import dataclasses
import os
import secrets
import signal
import socket
import subprocess
import sys
import tempfile

import numpy as np
import pytest

from albumnet import pipeline
from albumnet.dataset import FeatureStore, predictions
from albumnet.errors import ScaleError, WeightsError
from albumnet.features import extract_features
from albumnet.scale import RayOptions, extract_on_ray, plan_features, scoring
from hostile_work import HostileWork
from set_files import files_of
from small_world import make_albums, make_set, train

pytest.importorskip("ray", reason="Ray is an extra")
BACKBONE = "colour_statistics"
TWO = RayOptions(n_workers=2, device="cpu")


def run_cli(*arguments, **options):
    return subprocess.run(
        [sys.executable, "-m", "albumnet", *map(str, arguments)], capture_output=True, text=True, check=False, **options
    )


def test_the_command_gives_the_files_of_a_plain_extraction_and_a_second_call_does_nothing(copy_set, backbone):
    plain, on_ray = copy_set("plain"), copy_set("ray")
    extract_features(plain, backbone, device="cpu")
    command = ("features", on_ray.path, "--backbone", BACKBONE, "--on", "ray", "--workers", "2")
    first = run_cli(*command)
    assert first.returncode == 0, first.stderr
    assert files_of(on_ray.path) == files_of(plain.path)
    second = run_cli(*command)
    assert second.returncode == 0, second.stderr
    assert "0 of them now" in second.stderr
    assert files_of(on_ray.path) == files_of(plain.path)


@pytest.mark.slow
def test_a_running_cluster_is_used_where_its_address_is_given(copy_set, backbone, tmp_path):
    plain, on_ray = copy_set("plain"), copy_set("ray")
    extract_features(plain, backbone, device="cpu")
    # The cluster is this test's own, and so is the token that lets one in.
    token = tmp_path / "token"
    token.write_text(secrets.token_hex(32))
    environment = {**os.environ, "RAY_AUTH_MODE": "token", "RAY_AUTH_TOKEN_PATH": str(token)}
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with tempfile.TemporaryDirectory() as folder:  # not tmp_path: names of sockets may not be long
        command = [
            *(sys.executable, "-m", "ray.scripts.scripts", "start", "--head", "--block", "--num-cpus", "2"),
            *("--node-ip-address", "127.0.0.1", "--port", str(port), "--include-dashboard", "false"),
            *("--temp-dir", folder),
        ]
        with subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env=environment
        ) as cluster:
            assert cluster.stdout is not None
            assert any("will now block" in line for line in cluster.stdout)
            options = ("--on", "ray", "--address", f"127.0.0.1:{port}")
            ended = run_cli("features", on_ray.path, "--backbone", BACKBONE, *options, env=environment)
            cluster.terminate()
            cluster.communicate()
    assert ended.returncode == 0, ended.stderr
    assert files_of(on_ray.path) == files_of(plain.path)


def test_covers_that_kill_break_or_dawdle_do_not_stop_the_rest(copy_set, backbone, small_shards, importable_tests):
    plain, on_ray = copy_set("plain"), copy_set("ray")
    extract_features(plain, backbone, device="cpu")
    covers = list(dict.fromkeys(album.cover for album in on_ray.albums))
    killer, broken, slow = covers[3], covers[20], covers[-1]
    (file,) = on_ray.covers_dir.glob(f"*/{broken}.*")
    file.write_bytes(b"no picture")
    work = HostileWork(**vars(plan_features(on_ray, backbone)), killers=(killer,), slow=(slow,))
    result = extract_on_ray(on_ray, work, options=TWO)
    assert [failure.cover for failure in result.failures] == [killer, broken]
    assert "workers died" in result.failures[0].reason
    assert FeatureStore(result.store.path).failed_covers == {killer, broken}
    others = [cover for cover in covers if cover not in (killer, broken)]
    assert result.n_done == len(result.store) == len(others)
    assert (result.store.read(others) == FeatureStore(plain.features_dir(BACKBONE)).read(others)).all()
    assert sorted(path.name for path in result.store.path.iterdir() if "shard" not in path.name) == [
        "failures.parquet",
        "manifest.json",
    ]


def test_a_killed_leader_loses_only_what_was_in_hand_and_no_shard_is_done_twice(
    copy_set, backbone, small_shards, importable_tests
):
    plain, on_ray = copy_set("plain"), copy_set("ray")
    extract_features(plain, backbone, device="cpu")
    script = (
        "import os, signal, sys\n"
        "from pathlib import Path\n"
        "from albumnet.dataset import AlbumSet\n"
        "from albumnet.scale import RayOptions, extract_on_ray, extracting, plan_features\n"
        "from albumnet.vision.backbones import load_backbone\n"
        "from hostile_work import HostileWork\n"
        f"extracting.COVERS_PER_SHARD = {small_shards}\n"
        "album_set = AlbumSet(Path(sys.argv[1]))\n"
        f"work = plan_features(album_set, load_backbone({BACKBONE!r}))\n"
        "slow = tuple(album.cover for album in album_set.albums[::8])\n"
        "def kill(progress):\n"
        "    if progress.done >= 24: os.kill(os.getpid(), signal.SIGKILL)\n"
        "extract_on_ray(album_set, HostileWork(**vars(work), slow=slow), options=RayOptions(None, 2), progress=kill)\n"
    )
    killed = subprocess.run([sys.executable, "-c", script, str(on_ray.path)], env=os.environ, check=False)
    assert killed.returncode == -signal.SIGKILL
    store = FeatureStore(on_ray.features_dir(BACKBONE))
    n_kept = len(store)
    assert 24 <= n_kept < len(plain.albums)
    kept = {path: path.stat().st_mtime_ns for path in store.path.glob("shard-*")}
    started = []
    work = plan_features(on_ray, backbone)
    again = extract_on_ray(
        on_ray, work, options=TWO, progress=lambda _: started.append({p: p.stat().st_mtime_ns for p in kept})
    )
    assert again.n_done == len(again.store) - n_kept
    assert all(times == kept for times in started)
    assert files_of(on_ray.path) == files_of(plain.path)


@pytest.mark.slow
def test_a_worker_that_dies_once_is_replaced_and_its_shard_done(
    copy_set, backbone, small_shards, importable_tests, tmp_path
):
    plain, on_ray = copy_set("plain"), copy_set("ray")
    extract_features(plain, backbone, device="cpu")
    victims = tuple(on_ray.albums[n].cover for n in (5, 30, 50))
    work = HostileWork(**vars(plan_features(on_ray, backbone)), kill_once=victims, marks=str(tmp_path))
    result = extract_on_ray(on_ray, work, options=TWO)
    assert all((tmp_path / f"{cover}.mark").exists() for cover in victims)
    assert not result.failures
    assert files_of(on_ray.path) == files_of(plain.path)


def test_known_errors_of_workers_come_through_as_they_are(copy_set, backbone):
    album_set = copy_set("set")
    work = dataclasses.replace(plan_features(album_set, backbone), convention="caffe")
    with pytest.raises(WeightsError, match="no convention"):
        extract_on_ray(album_set, work, options=TWO)


def test_more_workers_than_processors_and_no_cluster_are_said(copy_set, backbone):
    album_set = copy_set("set")
    work = plan_features(album_set, backbone)
    with pytest.raises(ScaleError, match="1 workers are asked for, but the cluster has 0 GPUs"):
        extract_on_ray(album_set, work, options=RayOptions(n_workers=1, device="cuda"))


def test_scores_are_the_file_that_scoring_here_writes_and_done_shards_are_not_done_again(tmp_path, monkeypatch):
    album_set = make_set(tmp_path / "set", *make_albums(np.random.default_rng(0)))
    train(album_set, tmp_path / "run")
    here, on_ray = tmp_path / "here.parquet", tmp_path / "ray.parquet"
    monkeypatch.setattr(predictions, "ALBUMS_AT_ONCE", 64)
    monkeypatch.setattr(scoring, "ALBUMS_AT_ONCE", 64)
    n_here, _ = pipeline.score(album_set, tmp_path / "run", out=here)

    class CutOffError(Exception):
        pass

    def cut_off(progress):
        if progress.done >= 128:
            raise CutOffError

    with pytest.raises(CutOffError):
        pipeline.score_on_ray(album_set, tmp_path / "run", out=on_ray, options=TWO, progress=cut_off)
    assert not on_ray.exists()
    kept = len(list((tmp_path / "ray.parquet.parts").glob("part-*")))
    assert kept >= 2
    done = []
    n_on_ray, left_out = pipeline.score_on_ray(
        album_set, tmp_path / "run", out=on_ray, options=TWO, progress=lambda p: done.append(p.done)
    )
    assert done[0] >= 64 * (kept + 1) or n_here - done[0] < 64
    assert (n_on_ray, left_out) == (n_here, ())
    assert on_ray.read_bytes() == here.read_bytes()
    assert not (tmp_path / "ray.parquet.parts").exists()
