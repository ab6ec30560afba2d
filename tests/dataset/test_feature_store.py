"""The feature store: what is put in comes out, after any cut-off, and never what something else made."""

import dataclasses
import json
import struct

import numpy as np
import pytest
from safetensors import safe_open

from albumnet.dataset import CoverFailure, FeatureManifest, FeatureStore
from albumnet.dataset.album_set import write_failures
from albumnet.dataset.atomic import write_tensors
from albumnet.errors import FeatureStoreError, SchemaVersionError

MANIFEST = FeatureManifest(
    backbone="small",
    weights_digest="0123456789abcdef",
    transform_digest="ba9876543210",
    feature_shape=(2, 3),
    transform={"size": 32},
    weights="/somewhere/small.safetensors",
)
ROW_BYTES = 2 * 2 * 3


def cover(n):
    return f"{n:064x}"


def covers(*numbers):
    return [cover(n) for n in numbers]


def features(*numbers):
    """Features that tell whose they are."""
    return np.array([np.full((2, 3), n) + np.arange(6).reshape(2, 3) / 8 for n in numbers], dtype=np.float32)


@pytest.fixture
def path(tmp_path):
    return tmp_path / "set" / "features" / "small"


@pytest.fixture
def store(path):
    return FeatureStore(path, MANIFEST)


def shards(path):
    return sorted(path.glob("shard-*"))


def test_features_come_back_in_the_order_asked_for_rounded_to_float16(store, path):
    values = np.random.default_rng(0).normal(size=(3, 2, 3)).astype(np.float32)
    store.append(covers(1, 2, 3), values)
    again = FeatureStore(path).read(covers(3, 1, 3))
    assert again.dtype == np.float16
    assert (again == values[[2, 0, 2]].astype(np.float16)).all()


def test_features_are_there_at_once_and_for_who_opens_the_store_later(store, path):
    store.append(covers(1), features(1))
    store.append(covers(2), features(2))
    for opened in (store, FeatureStore(path), FeatureStore(path, MANIFEST)):
        assert len(opened) == 2
        assert cover(1) in opened
        assert cover(3) not in opened
        assert (opened.read(covers(2, 1)) == features(2, 1)).all()


def test_shards_are_safetensors_files(store, path):
    store.append(covers(1, 2), features(1, 2))
    with safe_open(shards(path)[0], framework="numpy") as file:
        assert (file.get_tensor("features") == features(1, 2)).all()
        assert json.loads(file.metadata()["covers"]) == covers(1, 2)


def test_the_manifest_comes_back(store, path):
    assert FeatureStore(path).manifest == MANIFEST
    assert MANIFEST.digest == "0123456789abcdef-ba9876543210-2x3"


def test_no_covers_asked_for_are_no_features(store):
    assert store.read([]).shape == (0, 2, 3)


def test_a_cover_without_features_is_named_with_the_command_that_makes_them(store):
    with pytest.raises(
        FeatureStoreError, match=r"no features of cover 0{12}….*albumnet features .*set --backbone small"
    ):
        store.read(covers(1))


def test_a_store_that_is_not_there_says_how_to_make_one(path):
    with pytest.raises(FeatureStoreError, match=r"holds no features; run `albumnet features .*set --backbone small`"):
        FeatureStore(path)


@pytest.mark.parametrize("what", ["backbone", "weights", "transform"])
def test_another_maker_is_refused_and_both_named(store, path, what):
    field = {"weights": "weights_digest", "transform": "transform_digest"}.get(what, what)
    other = dataclasses.replace(MANIFEST, **{field: "another"})
    with pytest.raises(FeatureStoreError, match=f"made with {what} {getattr(MANIFEST, field)}, but now {what} another"):
        FeatureStore(path, other)


def test_a_manifest_of_another_schema_version_is_refused(store, path):
    file = path / "manifest.json"
    file.write_text(file.read_text("utf-8").replace('"schema_version": 1', '"schema_version": 2'), "utf-8")
    with pytest.raises(SchemaVersionError, match=r"manifest\.json has schema version 2"):
        FeatureStore(path)


def write_shard(path, *, rows=1, **changes):
    metadata = {"schema_version": "1", "made_by": MANIFEST.digest, "covers": json.dumps(covers(1))} | changes
    tensor = np.zeros((rows, 2, 3), dtype=np.float16)
    write_tensors(path / "shard-00000-x.safetensors", {"features": tensor}, metadata=metadata)


def test_a_shard_of_another_schema_version_is_refused(store, path):
    write_shard(path, schema_version="2")
    with pytest.raises(SchemaVersionError, match="has schema version 2, this albumnet reads version 1"):
        FeatureStore(path)


def test_a_shard_that_something_else_made_is_refused(store, path):
    write_shard(path, made_by="x-y")
    with pytest.raises(FeatureStoreError, match=f"made by x-y .* its manifest says {MANIFEST.digest}"):
        FeatureStore(path)


def test_a_shard_with_other_than_one_row_per_cover_is_refused(store, path):
    write_shard(path, rows=2)
    with pytest.raises(FeatureStoreError, match="does not fit 1 covers"):
        FeatureStore(path)


@pytest.mark.parametrize(
    "breaking",
    [
        lambda data: b"",
        lambda data: data[:5],
        lambda data: data[:40],
        lambda data: data[:-1],
        lambda data: data + b"\0",
        lambda data: struct.pack("<Q", 2**63) + data[8:],
        lambda data: data[:8] + b"\xff" * 20 + data[28:],
        lambda data: data.replace(b'"features"', b'"feathers"'),
        lambda data: data.replace(b'"covers"', b'"lovers"'),
    ],
)
def test_a_broken_shard_is_named_in_one_line_and_a_discarded_store_starts_anew(store, path, breaking):
    store.append(covers(1, 2), features(1, 2))
    (shard,) = shards(path)
    shard.write_bytes(breaking(shard.read_bytes()))
    with pytest.raises(
        FeatureStoreError, match=rf"{shard.name} .*albumnet features .* --backbone .* --force"
    ) as caught:
        FeatureStore(path, MANIFEST)
    assert "\n" not in str(caught.value)
    FeatureStore.discard(path)
    assert len(FeatureStore(path, MANIFEST)) == 0


def test_a_full_disk_leaves_the_shards_before(store, path, full_disk):
    store.append(covers(1), features(1))
    with full_disk(), pytest.raises(OSError, match="No space left"):
        store.append(covers(2), features(2))
    assert cover(2) not in store
    assert len(list(path.iterdir())) == 2  # the manifest and one shard
    assert (FeatureStore(path).read(covers(1)) == features(1)).all()


def test_compacting_merges_small_shards_and_keeps_every_cover(store, path):
    for n in range(7):
        store.append(covers(n), features(n))
    store.compact(shard_bytes=3 * ROW_BYTES)
    assert len(shards(path)) == 3
    for opened in (store, FeatureStore(path)):
        assert len(opened) == 7
        assert (opened.read(covers(*range(7))) == features(*range(7))).all()


def test_compacting_leaves_full_shards_and_a_single_small_one_alone(store, path):
    store.append(covers(1, 2, 3), features(1, 2, 3))
    store.append(covers(4), features(4))
    before = shards(path)
    store.compact(shard_bytes=3 * ROW_BYTES)
    assert shards(path) == before


def test_a_store_can_grow_after_compacting(store, path):
    for n in range(4):
        store.append(covers(n), features(n))
    store.compact()
    store.append(covers(9), features(9))
    store.compact()
    assert len(shards(path)) == 1
    assert (FeatureStore(path).read(covers(9, 0)) == features(9, 0)).all()


@pytest.mark.parametrize("n_writes", [1, 2, 3])
def test_compacting_cut_off_while_merging_loses_nothing_and_can_be_done_again(store, path, monkeypatch, n_writes):
    for n in range(7):
        store.append(covers(n), features(n))
    append, left = store.append, iter(range(n_writes - 1))

    def append_until_cut_off(*arguments):
        if next(left, None) is None:
            raise KeyboardInterrupt
        append(*arguments)

    monkeypatch.setattr(store, "append", append_until_cut_off)
    with pytest.raises(KeyboardInterrupt):
        store.compact(shard_bytes=3 * ROW_BYTES)
    again = FeatureStore(path)
    assert len(again) == 7
    assert (again.read(covers(*range(7))) == features(*range(7))).all()
    again.compact(shard_bytes=3 * ROW_BYTES)
    assert len(shards(path)) == 3
    assert (FeatureStore(path).read(covers(*range(7))) == features(*range(7))).all()


def test_compacting_cut_off_while_removing_leaves_doubles_that_still_read_right(store, path):
    for n in range(4):
        store.append(covers(n), features(n))
    merged_away = shards(path)[1:]
    kept = [shard.read_bytes() for shard in merged_away]
    store.compact()
    for shard, data in zip(merged_away, kept, strict=True):
        shard.write_bytes(data)
    again = FeatureStore(path)
    assert len(again) == 4
    assert (again.read(covers(*range(4))) == features(*range(4))).all()
    again.compact()
    assert len(shards(path)) == 1
    assert (FeatureStore(path).read(covers(*range(4))) == features(*range(4))).all()


def test_a_discard_cut_off_still_says_what_made_the_rest(store, path, monkeypatch):
    store.append(covers(1), features(1))
    store.append(covers(2), features(2))
    unlink, left = type(path).unlink, iter([1])

    def unlink_once(file, missing_ok=False):
        if next(left, None) is None:
            raise KeyboardInterrupt
        unlink(file, missing_ok=missing_ok)

    with monkeypatch.context() as patch:
        patch.setattr(type(path), "unlink", unlink_once)
        with pytest.raises(KeyboardInterrupt):
            FeatureStore.discard(path)
    with pytest.raises(FeatureStoreError, match="now weights another"):
        FeatureStore(path, dataclasses.replace(MANIFEST, weights_digest="another"))
    assert len(FeatureStore(path)) == 1
    FeatureStore.discard(path)
    assert not (path / "manifest.json").exists()


def test_covers_that_failed_are_known(store, path):
    assert store.failed_covers == frozenset()
    write_failures(path / "failures.parquet", [CoverFailure("a.jpg", "truncated", cover(1)), CoverFailure("b", "gone")])
    assert store.failed_covers == {cover(1)}
