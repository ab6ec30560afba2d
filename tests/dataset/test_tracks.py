"""The audio files behind a set's albums: written with it, refused when its albums are others."""

import os

import pytest

from albumnet.dataset import write_album_set
from albumnet.dataset.tracks import AlbumTrack, has_tracks, read_tracks, write_tracks
from albumnet.errors import AlbumSetError
from albumnet.records import Album, build_vocabulary


def make_set(path, *titles):
    albums = [Album(album_id=title, title=title) for title in titles]
    return write_album_set(path, albums, vocabulary=build_vocabulary([["Warm"]]), import_digest="test")


def test_tracks_come_back_in_their_order_whatever_their_names(tmp_path):
    album_set = make_set(tmp_path / "set", "a", "b")
    odd = os.fsdecode(b"caf\xe9/2.flac")
    tracks = {"a": [AlbumTrack("z.flac", "One", "Can", 2.5), AlbumTrack(odd, "", "", None)], "b": []}
    write_tracks(album_set, tracks, music_dir=tmp_path / os.fsdecode(b"m\xfcsic"))
    found = read_tracks(album_set)
    assert found.of_album == {"a": tuple(tracks["a"])}
    assert os.fsencode(found.music_dir).endswith(b"m\xfcsic")


def test_a_set_without_tracks_and_one_with_other_albums_are_told(tmp_path):
    album_set = make_set(tmp_path / "set", "a")
    with pytest.raises(AlbumSetError, match="import library"):
        read_tracks(album_set)
    assert not has_tracks(album_set)
    write_tracks(album_set, {}, music_dir=tmp_path)
    assert has_tracks(album_set)
    replaced = make_set(tmp_path / "set", "a", "b")
    with pytest.raises(AlbumSetError, match="is of other albums"):
        read_tracks(replaced)
