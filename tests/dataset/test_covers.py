"""Covers are kept once, under the hash of their bytes."""

import hashlib

import pytest

from albumnet.dataset.covers import find_cover, store_cover


@pytest.mark.parametrize(
    ("data", "extension"),
    [
        (b"\xff\xd8\xff\xe0 and so on", ".jpg"),
        (b"\x89PNG\r\n\x1a\n", ".png"),
        (b"RIFF....WEBP", ".webp"),
        (b"GIF89a", ".gif"),
        (b"BM....", ".bmp"),
        (b"II*\0", ".tif"),
        (b"MM\0*", ".tif"),
        (b"something else", ".img"),
    ],
)
def test_a_cover_lies_under_its_hash_with_the_extension_of_its_format(data, extension, tmp_path):
    cover = store_cover(tmp_path, data)
    assert cover == hashlib.sha256(data).hexdigest()
    path = tmp_path / cover[:2] / f"{cover}{extension}"
    assert path.read_bytes() == data
    assert find_cover(tmp_path, cover) == path


def test_a_cover_that_is_there_is_not_written_again(tmp_path):
    path = find_cover(tmp_path, store_cover(tmp_path, b"GIF89a"))
    path.write_bytes(b"left as it is")
    store_cover(tmp_path, b"GIF89a")
    assert path.read_bytes() == b"left as it is"


def test_a_cover_that_is_not_kept_is_none(tmp_path):
    assert find_cover(tmp_path, "ab" * 32) is None


def test_a_full_disk_leaves_no_cover(tmp_path, full_disk):
    with full_disk(), pytest.raises(OSError, match="No space left"):
        store_cover(tmp_path, b"GIF89a")
    assert not [path for path in tmp_path.rglob("*") if path.is_file()]
