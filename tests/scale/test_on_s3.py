"""Sets, features, scores and runs on an object store: an S3-compatible server on loopback, started here."""

import os
import subprocess
import sys

import numpy as np
import pytest

from albumnet import pipeline
from albumnet.dataset import AlbumSet, FeatureStore
from albumnet.dataset.addresses import open_address
from albumnet.features import extract_features
from set_files import files_of
from small_world import leave_out_baselines, make_albums, make_set, train

pytest.importorskip("s3fs", reason="remote addresses are an extra")
moto = pytest.importorskip("moto.server", reason="moto serves the store")
BACKBONE = "colour_statistics"


@pytest.fixture(scope="module")
def store():
    """The server; boto's usual variables say where it is."""
    import logging

    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    server = moto.ThreadedMotoServer(ip_address="127.0.0.1", port=0)
    server.start()
    host, port = server.get_host_and_port()
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AWS_ENDPOINT_URL", f"http://{host}:{port}")
        patch.setenv("AWS_ACCESS_KEY_ID", "test")
        patch.setenv("AWS_SECRET_ACCESS_KEY", "test")
        patch.setenv("AWS_DEFAULT_REGION", "us-east-1")
        from upath import UPath

        from object_store import BUCKET

        UPath(BUCKET).fs.mkdir(BUCKET)
        yield
    server.stop()


@pytest.fixture
def cache(tmp_path, monkeypatch):
    folder = tmp_path / "cache"
    monkeypatch.setenv("ALBUMNET_CACHE", str(folder))
    return folder


def run_cli(*arguments):
    return subprocess.run(
        [sys.executable, "-m", "albumnet", *map(str, arguments)],
        capture_output=True, text=True, check=False, env=os.environ,
    )  # fmt: skip


def test_features_are_the_same_on_both_sides_and_done_once(store, copy_set, backbone, cache, tmp_path):
    from object_store import download, upload

    local = copy_set("local")
    address = upload(local.path, "features-set")
    plain = extract_features(local, backbone, device="cpu")
    first = run_cli("features", address, "--backbone", BACKBONE)
    assert first.returncode == 0, first.stderr
    remote = FeatureStore(AlbumSet(address).features_dir(BACKBONE))
    covers = [album.cover for album in local.albums]
    assert (remote.read(covers) == plain.store.read(covers)).all()
    again = run_cli("features", address, "--backbone", BACKBONE)
    assert "0 of them now" in again.stderr
    fetched = download(f"{address}/features", tmp_path / "fetched")
    assert files_of(fetched) == files_of(local.path / "features")


def test_workers_read_covers_and_write_shards_there(store, copy_set, backbone, cache, small_shards, monkeypatch):
    pytest.importorskip("ray", reason="Ray is an extra")
    from albumnet.scale import RayOptions, extract_on_ray, plan_features
    from object_store import upload

    local = copy_set("local")
    broken = local.albums[7].cover
    (file,) = local.covers_dir.glob(f"*/{broken}.*")
    file.write_bytes(b"no picture")
    remote = AlbumSet(upload(local.path, "ray-set"))
    plain = extract_features(local, backbone, device="cpu")
    result = extract_on_ray(remote, plan_features(remote, backbone), options=RayOptions(n_workers=2, device="cpu"))
    assert result.n_done == len(plain.store)
    assert [failure.cover for failure in result.failures] == [broken]
    covers = [album.cover for album in local.albums if album.cover != broken]
    assert (result.store.read(covers) == plain.store.read(covers)).all()
    assert not list(result.store.path.glob("in-hand/*"))


def test_training_scoring_and_evaluating_there_give_what_they_give_here(store, cache, tmp_path, monkeypatch):
    from object_store import BUCKET, download, upload

    local = make_set(tmp_path / "set", *make_albums(np.random.default_rng(0)))
    address = upload(local.path, "trained-set")
    train(local, tmp_path / "run")
    trained = run_cli("train", address, "--model", "1", "--device", "cpu", "--out", f"{BUCKET}/run")
    assert trained.returncode == 0, trained.stderr
    there = download(f"{BUCKET}/run", tmp_path / "run-there")
    assert (there / "model.safetensors").read_bytes() == (tmp_path / "run" / "model.safetensors").read_bytes()
    assert not (there / "checkpoint.safetensors").exists()
    scored = run_cli("score", address, "--model", f"{BUCKET}/run", "--out", f"{BUCKET}/scores.parquet")
    assert scored.returncode == 0, scored.stderr
    pipeline.score(local, tmp_path / "run", out=tmp_path / "scores.parquet")
    fetched = download(f"{BUCKET}/scores.parquet", tmp_path / "there.parquet")
    assert fetched.read_bytes() == (tmp_path / "scores.parquet").read_bytes()
    refused = run_cli("score", address, "--model", f"{BUCKET}/run", "--out", f"{BUCKET}/scores.parquet")
    assert refused.returncode == 1
    assert "pass --force" in refused.stderr
    leave_out_baselines(monkeypatch, "colours")
    here, there = (
        pipeline.evaluate(open_address(run), n_resamples=50, n_seeds=1)[0]
        for run in (tmp_path / "run", f"{BUCKET}/run")
    )
    assert repr(there.table) == repr(here.table)  # not ==: undefined p-values are nan
    assert there.conclusion == here.conclusion


def test_an_address_without_a_set_is_said_in_one_line(store):
    from object_store import BUCKET

    ended = run_cli("features", f"{BUCKET}/nothing")
    assert ended.returncode == 1
    assert len(ended.stderr.strip().splitlines()) == 1
    assert f"{BUCKET}/nothing" in ended.stderr
