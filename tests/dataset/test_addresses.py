"""Remote addresses: what a path can do, whole files, and copies that are fetched once. On fsspec's files in memory."""

import sys
import uuid

import pytest

from albumnet.dataset.addresses import (
    fetched,
    full_address,
    is_remote,
    local_copy,
    open_address,
    read_bytes,
    read_start,
)
from albumnet.dataset.atomic import read_json, replacing, write_bytes, write_json
from albumnet.errors import MissingExtraError


@pytest.fixture
def remote():
    pytest.importorskip("upath", reason="remote addresses are an extra")
    return open_address(f"memory://{uuid.uuid4().hex}")


def test_a_plain_path_stays_one(tmp_path):
    assert open_address(str(tmp_path)) == tmp_path
    assert not is_remote(open_address(tmp_path))


def test_an_open_address_is_left_as_it_is(remote):
    assert open_address(remote) is remote


def test_a_file_that_is_written_comes_back(remote):
    write_bytes(remote / "a" / "b.bin", b"content")
    assert is_remote(remote)
    assert read_bytes(remote / "a" / "b.bin") == b"content"
    assert read_start(remote / "a" / "b.bin", 4) == b"cont"
    write_json(remote / "c.json", {"key": [1]}, schema_version=3)
    assert read_json(remote / "c.json", schema_version=3)["key"] == [1]


def test_nothing_appears_when_writing_is_cut_off(remote):
    class CutOffError(Exception):
        pass

    def write_half():
        with replacing(remote / "file") as temporary:
            temporary.write_bytes(b"half")
            raise CutOffError

    with pytest.raises(CutOffError):
        write_half()
    assert not (remote / "file").exists()


def test_the_full_address_opens_the_same_file(remote, tmp_path, monkeypatch):
    write_bytes(remote / "x", b"1")
    assert read_bytes(open_address(full_address(remote / "x"))) == b"1"
    monkeypatch.chdir(tmp_path)
    assert full_address(open_address("set")) == str(tmp_path / "set")


def test_a_fetched_file_is_gone_afterwards_and_a_local_one_is_not(remote, tmp_path):
    write_bytes(remote / "x.bin", b"1")
    with fetched(remote / "x.bin") as local:
        assert local.read_bytes() == b"1"
    assert not local.exists()
    (tmp_path / "y").write_bytes(b"2")
    with fetched(tmp_path / "y") as local:
        assert local == tmp_path / "y"
    assert local.exists()


def test_a_copy_is_fetched_once_and_anew_when_the_size_changed(remote, tmp_path, monkeypatch):
    monkeypatch.setenv("ALBUMNET_CACHE", str(tmp_path / "cache"))
    write_bytes(remote / "shard.safetensors", b"one")
    first = local_copy(remote / "shard.safetensors")
    assert first.read_bytes() == b"one"
    first.write_bytes(b"1st")
    assert local_copy(remote / "shard.safetensors").read_bytes() == b"1st"
    write_bytes(remote / "shard.safetensors", b"longer")
    assert local_copy(remote / "shard.safetensors").read_bytes() == b"longer"
    assert not [path for path in (tmp_path / "cache").rglob("*") if path.is_file() and path.suffix != ".safetensors"]


def test_an_unknown_scheme_is_said_in_one_line():
    pytest.importorskip("upath", reason="remote addresses are an extra")
    with pytest.raises(MissingExtraError, match="nothing installed here opens gopher://"):
        open_address("gopher://old/set")


def test_without_the_extra_the_install_command_is_said(monkeypatch):
    monkeypatch.setitem(sys.modules, "upath", None)
    with pytest.raises(MissingExtraError, match=r"pip install 'albumnet\[remote\]'"):
        open_address("s3://bucket/set")
