"""Extraction: each cover once, nothing lost on a kill, bad covers listed."""

import dataclasses
import os
import shutil
import signal
import subprocess
import sys
from collections import Counter

import numpy as np
import pytest
import torch
from torch import nn

from albumnet.dataset import AlbumSet, FeatureStore
from albumnet.dataset.covers import find_cover
from albumnet.errors import FeatureStoreError
from albumnet.features import batches, decoders, extract_features, extraction
from albumnet.planted import draw_world, write_world
from albumnet.sources import import_table
from albumnet.vision.backbones import Backbone
from albumnet.vision.decoding import decode_cover
from albumnet.vision.transform import Transform

N_ALBUMS = 90


class MeanColour(nn.Module):
    def __init__(self):
        super().__init__()
        self.scale = nn.Parameter(torch.ones(3))

    def forward(self, covers):
        return covers.mean(dim=(2, 3)) * self.scale


@pytest.fixture
def backbone():
    module = MeanColour().eval().requires_grad_(False)
    transform = Transform(32, "bicubic", "RGB", (0.0,) * 3, (255.0,) * 3)
    return Backbone("mean-colour", module, transform, (3,), "a" * 16, blocks=[module], batch_size=8)


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    directory = tmp_path_factory.mktemp("world")
    return write_world(draw_world(n_albums=N_ALBUMS, rng=np.random.default_rng(0), cover_size=64), directory)


@pytest.fixture
def album_set(world, tmp_path):
    return import_table(world, world.parent / "covers", out=tmp_path / "set").album_set


@pytest.fixture
def decoded(monkeypatch):
    """Counts how often each cover is decoded."""
    counts = Counter()
    original = decoders.decode_cover

    def counting(data, **options):
        counts[data] += 1
        return original(data, **options)

    monkeypatch.setattr(decoders, "decode_cover", counting)
    return counts


def test_every_cover_gets_features_in_the_order_asked_for(album_set, backbone):
    result = extract_features(album_set, backbone, device="cpu")
    covers = [album.cover for album in album_set.albums]
    assert result.n_done == len(set(covers)) == len(result.store)
    pixels = decode_cover(album_set.read_cover(covers[5]), size=32)
    expected = pixels.astype(np.float32).mean(axis=(0, 1)) / 255
    np.testing.assert_allclose(result.store.read(covers)[5], expected, atol=1e-3)


def test_a_second_run_decodes_nothing(album_set, backbone, decoded):
    extract_features(album_set, backbone, device="cpu")
    decoded.clear()
    assert extract_features(album_set, backbone, device="cpu").n_done == 0
    assert not decoded


@pytest.mark.parametrize("shard_seconds", [0.0, 1e9])
def test_an_interrupted_run_keeps_what_it_had_and_goes_on_from_there(
    album_set, backbone, decoded, monkeypatch, shard_seconds
):
    monkeypatch.setattr(extraction, "SHARD_SECONDS", shard_seconds)

    def interrupt_midway(progress):
        if progress.done >= 40:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        extract_features(album_set, backbone, device="cpu", progress=interrupt_midway)
    kept = len(FeatureStore(album_set.features_dir("mean-colour")))
    assert kept == 40
    decoded.clear()
    result = extract_features(album_set, backbone, device="cpu")
    assert result.n_done == len(result.store) - kept
    assert len(decoded) == result.n_done
    assert set(decoded.values()) == {1}


def test_a_sigkill_leaves_only_whole_shards_and_the_rerun_completes(world, tmp_path):
    album_set = import_table(world, world.parent / "covers", out=tmp_path / "set").album_set
    script = (
        "import os, signal, sys\n"
        "from pathlib import Path\n"
        "from albumnet.dataset import AlbumSet\n"
        "from albumnet.features import extract_features, extraction\n"
        "from albumnet.vision.backbones import load_backbone\n"
        "extraction.SHARD_SECONDS = 0\n"
        "def kill(progress):\n"
        "    if progress.done >= 40: os.kill(os.getpid(), signal.SIGKILL)\n"
        "backbone = load_backbone('efficientnet_lite0')\n"
        "extract_features(AlbumSet(Path(sys.argv[1])), backbone, device='cpu', progress=kill)\n"
    )
    killed = subprocess.run([sys.executable, "-c", script, str(album_set.path)], env=os.environ, check=False)
    assert killed.returncode == -signal.SIGKILL
    store = FeatureStore(album_set.features_dir("efficientnet_lite0"))
    assert len(store) == 40
    todo = extraction.missing_covers(album_set, store)
    assert len(todo) == len({album.cover for album in album_set.albums}) - 40


def test_small_shards_are_merged_at_the_end(album_set, backbone, monkeypatch):
    monkeypatch.setattr(extraction, "SHARD_SECONDS", 0.0)
    result = extract_features(album_set, backbone, device="cpu")
    assert len(list(result.store.path.glob("shard-*.safetensors"))) == 1
    assert len(FeatureStore(result.store.path)) == result.n_done


def test_a_broken_cover_is_listed_by_name_and_the_others_are_done(album_set, backbone):
    victim = album_set.albums[3]
    (path,) = album_set.covers_dir.glob(f"*/{victim.cover}.*")
    path.write_bytes(path.read_bytes()[:200])
    result = extract_features(AlbumSet(album_set.path), backbone, device="cpu")
    assert [(failure.item, failure.cover) for failure in result.failures] == [(victim.cover_file, victim.cover)]
    assert "truncated" in result.failures[0].reason.lower()
    assert victim.cover not in result.store
    assert len(result.store) == len({album.cover for album in album_set.albums}) - 1
    assert FeatureStore(result.store.path).failed_covers == {victim.cover}


def test_a_missing_cover_file_is_listed(album_set, backbone):
    (path,) = album_set.covers_dir.glob(f"*/{album_set.albums[0].cover}.*")
    path.unlink()
    result = extract_features(album_set, backbone, device="cpu")
    assert len(result.failures) == 1
    assert "missing" in result.failures[0].reason


def test_other_weights_are_refused_by_name_and_force_starts_anew(album_set, backbone):
    extract_features(album_set, backbone, device="cpu")
    other = dataclasses.replace(backbone, weights_digest="b" * 16)
    with pytest.raises(FeatureStoreError, match=f"weights {'a' * 16}, but now weights {'b' * 16}"):
        extract_features(album_set, other, device="cpu")
    result = extract_features(album_set, other, device="cpu", force=True)
    assert result.n_done == len(result.store) > 0
    assert result.store.manifest.weights_digest == "b" * 16


def test_force_keeps_features_of_the_same_weights(album_set, backbone):
    extract_features(album_set, backbone, device="cpu")
    assert extract_features(album_set, backbone, device="cpu", force=True).n_done == 0


def test_a_full_disk_ends_the_run_without_a_half_written_shard(album_set, backbone, monkeypatch):
    monkeypatch.setattr(extraction, "SHARD_SECONDS", 0.0)
    calls = []

    def full_disk(descriptor):
        calls.append(descriptor)
        if len(calls) == 2:
            raise OSError(28, "No space left on device")

    path = album_set.features_dir("mean-colour")
    FeatureStore(path, extraction.make_manifest(backbone))
    monkeypatch.setattr("albumnet.dataset.atomic.os.fsync", full_disk)
    with pytest.raises(OSError, match="No space left"):
        extract_features(album_set, backbone, device="cpu")
    monkeypatch.undo()
    assert not list(path.glob(".*tmp"))
    n_kept = len(FeatureStore(path))
    result = extract_features(album_set, backbone, device="cpu")
    assert result.n_done == len(result.store) - n_kept


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a GPU")
def test_a_gpu_gives_each_cover_its_own_features(album_set, backbone, monkeypatch):
    broken = find_cover(album_set.covers_dir, album_set.albums[20].cover)
    broken.write_bytes(b"not a picture")
    wanted = extract_features(album_set, backbone, device="cpu").store
    covers = [album.cover for album in album_set.albums if album.cover in wanted]
    shutil.rmtree(album_set.features_dir("mean-colour"))
    monkeypatch.setattr("albumnet.vision.engines.torch_engine.GPU_BATCH", 4)
    monkeypatch.setattr(batches, "_MIN_BATCH", 4)
    result = extract_features(album_set, backbone, device="cuda")
    assert (result.network.device, len(result.failures)) == ("cuda", 1)
    np.testing.assert_allclose(result.store.read(covers), wanted.read(covers), atol=2e-3)
