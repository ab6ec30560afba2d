"""Stored features come the same whether they are held in memory or read as asked for."""

import numpy as np
import pytest
import torch

from albumnet.dataset import FeatureManifest, FeatureStore
from albumnet.models.heads import pool
from albumnet.training.feature_sources import StoredFeatures

N_COVERS = 2_100  # more than are read at once


@pytest.fixture(params=[(5,), (3, 2, 2)], ids=["flat", "spatial"])
def stored(request, tmp_path):
    """A store, its covers in another order than on disk, and their features in that order."""
    store = FeatureStore(tmp_path / "store", FeatureManifest("small", "w" * 16, "t" * 12, request.param, {}))
    features = np.random.default_rng(0).normal(size=(N_COVERS, *request.param)).astype(np.float16)
    covers = [f"{n:064x}" for n in range(N_COVERS)]
    for start in range(0, N_COVERS, 900):
        store.append(covers[start : start + 900], features[start : start + 900])
    order = np.random.default_rng(1).permutation(N_COVERS)
    return store, [covers[n] for n in order], torch.from_numpy(features[order]).float()


@pytest.mark.parametrize("held_bytes", [0, 2**30])
@pytest.mark.parametrize("is_pooled", [False, True])
def test_rows_are_the_stored_ones_in_any_order(stored, is_pooled, held_bytes):
    store, covers, features = stored
    source = StoredFeatures(store, covers, is_pooled=is_pooled, held_bytes=held_bytes)
    wanted = torch.tensor([2_050, 3, 3, 999])
    assert torch.equal(source.rows(wanted), pool(features[wanted], is_pooled=is_pooled))


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a GPU")
@pytest.mark.parametrize("held_bytes", [0, None])
@pytest.mark.parametrize("is_pooled", [False, True])
def test_a_gpu_holds_the_same_rows(stored, is_pooled, held_bytes):
    store, covers, features = stored
    source = StoredFeatures(store, covers, is_pooled=is_pooled, held_bytes=held_bytes, device="cuda")
    wanted = torch.tensor([2_050, 3, 3, 999])
    found = source.rows(wanted.cuda())
    assert found.is_cuda is (held_bytes is None)
    assert torch.equal(found.cpu(), pool(features[wanted], is_pooled=is_pooled))


@pytest.mark.parametrize(("spare_bytes", "is_read"), [(0, False), (-1, True)])
def test_what_takes_more_than_it_may_is_read_as_asked_for(stored, monkeypatch, spare_bytes, is_read):
    store, covers, features = stored
    held_bytes = 4 * pool(features, is_pooled=True).numel() + spare_bytes
    source = StoredFeatures(store, covers, is_pooled=True, held_bytes=held_bytes)
    reads, read = [], store.read
    monkeypatch.setattr(store, "read", lambda covers: reads.append(covers) or read(covers))
    source.rows(torch.tensor([1, 2]))
    assert bool(reads) is is_read
