"""Files are whole or not there, whatever goes wrong while they are written, and say their schema version."""

import json
import os
import resource
import time
from contextlib import contextmanager

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from safetensors.numpy import load_file

from albumnet.dataset.atomic import (
    read_json,
    read_parquet,
    remove_stale_temporaries,
    replacing,
    write_bytes,
    write_json,
    write_parquet,
    write_tensors,
    write_text,
)
from albumnet.errors import SchemaVersionError

TABLE = pa.table({"album_id": ["a", "b"], "n": [1, 2]})
# Enough random numbers that no compression brings them under the file size limit below.
LARGE = np.random.default_rng(0).random(4096)
WRITERS = {
    "bytes": lambda path: write_bytes(path, LARGE.tobytes()),
    "text": lambda path: write_text(path, "x" * 32_768),
    "json": lambda path: write_json(path, {"n": LARGE.tolist()}, schema_version=1),
    "parquet": lambda path: write_parquet(path, pa.table({"n": LARGE}), schema_version=1, made_from={}),
    "tensors": lambda path: write_tensors(path, {"n": LARGE}, metadata={}),
}


@pytest.fixture
def old_file(tmp_path):
    path = tmp_path / "file"
    path.write_bytes(b"old")
    return path


@contextmanager
def file_size_limit():
    """The kernel refuses to let any file grow beyond 1,000 bytes.

    Only around the write itself: it holds for the log that the tests' own output may be going to, too.
    """
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1000, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def write_until_interrupted(path):
    with replacing(path) as temporary:
        temporary.write_bytes(b"ne")
        raise KeyboardInterrupt


def test_an_interrupt_in_the_middle_leaves_the_old_file_and_nothing_else(old_file):
    with pytest.raises(KeyboardInterrupt):
        write_until_interrupted(old_file)
    assert old_file.read_bytes() == b"old"
    assert list(old_file.parent.iterdir()) == [old_file]


def test_an_interrupt_before_anything_is_written_leaves_the_old_file(old_file):
    with pytest.raises(KeyboardInterrupt), replacing(old_file):
        raise KeyboardInterrupt
    assert old_file.read_bytes() == b"old"


def test_readers_see_the_old_file_until_the_new_one_is_whole(old_file):
    with replacing(old_file) as temporary:
        temporary.write_bytes(b"new")
        assert old_file.read_bytes() == b"old"
    assert old_file.read_bytes() == b"new"


@pytest.mark.parametrize("kind", WRITERS)
def test_a_disk_that_is_full_at_the_flush_leaves_the_old_file_and_nothing_else(kind, old_file, full_disk):
    with full_disk(), pytest.raises(OSError, match="No space left"):
        WRITERS[kind](old_file)
    assert old_file.read_bytes() == b"old"
    assert list(old_file.parent.iterdir()) == [old_file]


@pytest.mark.parametrize("kind", WRITERS)
def test_a_write_that_stops_half_way_is_an_os_error_and_leaves_the_old_file_and_nothing_else(kind, old_file):
    with pytest.raises(OSError, match="too large"), file_size_limit():
        WRITERS[kind](old_file)
    assert old_file.read_bytes() == b"old"
    assert list(old_file.parent.iterdir()) == [old_file]


@pytest.mark.parametrize("kind", WRITERS)
def test_missing_folders_are_made(kind, tmp_path):
    WRITERS[kind](tmp_path / "a" / "b" / "file")
    assert (tmp_path / "a" / "b" / "file").stat().st_size > 1000


def test_json_comes_back_as_it_was_written(tmp_path):
    write_json(tmp_path / "x.json", {"moods": ["Gemütlich", "Warm"]}, schema_version=3)
    content = read_json(tmp_path / "x.json", schema_version=3)
    assert content == {"schema_version": 3, "moods": ["Gemütlich", "Warm"]}


def test_a_table_comes_back_with_what_it_was_made_from(tmp_path):
    write_parquet(tmp_path / "x.parquet", TABLE, schema_version=3, made_from={"albums": "abc"})
    table, metadata = read_parquet(tmp_path / "x.parquet", schema_version=3)
    assert table.to_pylist() == TABLE.to_pylist()
    assert metadata == {"schema_version": "3", "albums": "abc"}


def test_tensors_come_back_whatever_their_memory_layout(tmp_path):
    transposed = np.arange(6, dtype=np.float16).reshape(2, 3).T
    write_tensors(tmp_path / "x.safetensors", {"features": transposed}, metadata={"covers": "[]"})
    assert (load_file(tmp_path / "x.safetensors")["features"] == transposed).all()


@pytest.mark.parametrize("content", [{"schema_version": 2}, {}, {"schema_version": "1"}, ["no object"]])
def test_json_of_another_schema_version_is_refused_and_both_versions_named(content, tmp_path):
    path = tmp_path / "x.json"
    path.write_text(json.dumps(content), "utf-8")
    found = content.get("schema_version") if isinstance(content, dict) else None
    with pytest.raises(SchemaVersionError, match=f"x.json has schema version {found}, this albumnet reads version 1"):
        read_json(path, schema_version=1)


@pytest.mark.parametrize("found", ["2", None, "one"])
def test_a_table_of_another_schema_version_is_refused_and_both_versions_named(found, tmp_path):
    path = tmp_path / "x.parquet"
    pq.write_table(TABLE.replace_schema_metadata({"schema_version": found} if found else None), path)
    with pytest.raises(SchemaVersionError, match=f"has schema version {found}, this albumnet reads version 1"):
        read_parquet(path, schema_version=1)


@pytest.mark.parametrize("content", [b"", b"{", b'{"schema_version": 1', b"\xff\xfe\x00"])
def test_broken_json_is_named_in_one_line(content, tmp_path):
    path = tmp_path / "x.json"
    path.write_bytes(content)
    with pytest.raises(SchemaVersionError, match=r"x\.json is not JSON") as caught:
        read_json(path, schema_version=1)
    assert "\n" not in str(caught.value)


def test_a_table_cut_off_or_overwritten_anywhere_is_named_in_one_line(tmp_path):
    path = tmp_path / "x.parquet"
    write_parquet(path, pa.table({"n": LARGE}), schema_version=1, made_from={})
    whole = path.read_bytes()
    for broken in (b"", b"PAR1", whole[:100], whole[:-100], whole[:-200] + b"\xff" * 192 + whole[-8:]):
        path.write_bytes(broken)
        with pytest.raises(SchemaVersionError, match=r"x\.parquet is no whole Parquet file") as caught:
            read_parquet(path, schema_version=1)
        assert "\n" not in str(caught.value)


def test_a_missing_table_is_no_broken_table(tmp_path):
    with pytest.raises(FileNotFoundError):
        read_parquet(tmp_path / "nowhere.parquet", schema_version=1)


def test_tensors_are_the_same_bytes_every_time(tmp_path):
    metadata = {f"key {n}": str(n) for n in range(20)}
    tensors = {f"tensor {n}": np.arange(n + 1) for n in range(5)}
    for name in "abcd":
        write_tensors(tmp_path / name, tensors, metadata=metadata)
    assert len({(tmp_path / name).read_bytes() for name in "abcd"}) == 1
    assert (load_file(tmp_path / "a")["tensor 3"] == np.arange(4)).all()


def test_what_a_killed_process_left_goes_when_it_is_old_and_not_before(tmp_path):
    old, new, other = tmp_path / ".shard.1.tmp", tmp_path / ".shard.2.tmp", tmp_path / "shard.tmp"
    for path in (old, new, other):
        path.write_bytes(b"half")
    for path in (old, other):
        os.utime(path, (time.time() - 7200,) * 2)
    remove_stale_temporaries(tmp_path)
    assert sorted(path.name for path in tmp_path.iterdir()) == [new.name, other.name]
    remove_stale_temporaries(tmp_path / "absent")
