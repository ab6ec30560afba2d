"""Covers decoded once, remembered, and resumed."""

import numpy as np
import pytest

from albumnet.cleaning import sketching
from albumnet.cleaning.sketching import sketch_covers
from albumnet.records import Album
from albumnet.vision.sketches import sketch_cover


@pytest.fixture
def three(make_set, draw, encode):
    rows = [(Album(f"{n}"), encode(draw(n, side=100 + n))) for n in range(3)]
    return make_set([*rows, (Album("broken"), encode(draw(9), "JPEG")[:600]), (Album("none"), None)])


def test_every_cover_has_its_size_and_sketch_or_why_not(three, tmp_path):
    covers = sketch_covers(three, folder=tmp_path / "sketches")
    assert covers.sizes[:3].tolist() == [[100, 100], [101, 101], [102, 102]]
    assert covers.errors[:3] == (None, None, None)
    assert "runcated" in covers.errors[3]
    for album in three.albums[:3]:
        row = covers.row_of[album.cover]
        expected = sketch_cover(three.read_cover(album.cover))
        for column in ("hashes", "thumbnails", "chroma"):
            np.testing.assert_array_equal(getattr(covers.sketches, column)[row], getattr(expected, column)[0])


def test_what_is_sketched_is_not_decoded_again(three, tmp_path, monkeypatch):
    first = sketch_covers(three, folder=tmp_path / "sketches")
    monkeypatch.setattr(sketching, "_sketch", None)
    again = sketch_covers(three, folder=tmp_path / "sketches")
    assert (again.row_of, again.errors) == (first.row_of, first.errors)
    np.testing.assert_array_equal(again.sketches.thumbnails, first.sketches.thumbnails)


def test_an_interrupted_run_goes_on_where_it_was(three, tmp_path, monkeypatch):
    monkeypatch.setattr(sketching, "_SHARD_SIZE", 2)

    def stop(_progress):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        sketch_covers(three, folder=tmp_path / "sketches", progress=stop)
    decoded = []
    sketch = sketching._sketch
    monkeypatch.setattr(
        sketching, "_sketch", lambda album_set, cover: decoded.append(cover) or sketch(album_set, cover)
    )
    told = []
    sketch_covers(three, folder=tmp_path / "sketches", progress=told.append)
    assert decoded == [album.cover for album in three.albums[2:4]]
    assert [(step.done, step.total) for step in told] == [(4, 4)]


def test_a_broken_shard_is_made_again(three, tmp_path):
    sketch_covers(three, folder=tmp_path / "sketches")
    (shard,) = (tmp_path / "sketches").iterdir()
    shard.write_bytes(b"broken")
    assert sketch_covers(three, folder=tmp_path / "sketches").sizes[0].tolist() == [100, 100]


def test_a_cover_gone_from_the_disk_is_an_error_of_its_own(three, tmp_path):
    for path in three.covers_dir.rglob("*.png"):
        path.unlink()
    assert "missing from" in sketch_covers(three, folder=tmp_path / "sketches").errors[0]
