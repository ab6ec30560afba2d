"""How long playlists are, which albums they name, and what stands in their files."""

import json
import os
from pathlib import Path

import numpy as np
import pytest

from albumnet.dataset.tracks import AlbumTrack
from albumnet.errors import PlaylistError
from albumnet.playlists import (
    Limits,
    PlaylistAlbum,
    Region,
    fill,
    fill_path,
    find_album,
    parse_region,
    rows_around,
    rows_within,
    to_m3u,
    to_smart_playlist,
)
from albumnet.records import Album

ALBUMS = [Album(album_id=f"a{n}", artist=f"Artist {n}", title=f"Title {n}") for n in range(5)]
TRACKS = {
    album.album_id: [AlbumTrack(f"{album.album_id}/{t}.flac", f"Track {t}", "Can", 300.0) for t in range(4)]
    for album in ALBUMS
}


def ids(playlist):
    return [member.album.album_id for member in playlist]


def test_albums_fill_a_playlist_in_their_order():
    assert ids(fill(ALBUMS, TRACKS, Limits(n_albums=3))) == ["a0", "a1", "a2"]
    assert ids(fill(ALBUMS, TRACKS, Limits(minutes=45))) == ["a0", "a1"]
    short = fill(ALBUMS, TRACKS, Limits(minutes=45, n_tracks=1))
    assert ids(short) == ["a0", "a1", "a2", "a3", "a4"]
    assert [track.path for track in short[0].tracks] == ["a0/0.flac"]


def test_albums_without_tracks_are_passed_over():
    assert ids(fill(ALBUMS, {"a3": TRACKS["a3"]}, Limits())) == ["a3"]
    with pytest.raises(PlaylistError, match="no album that was asked for has tracks"):
        fill(ALBUMS, {}, Limits())


def test_a_first_album_that_is_too_long_is_told():
    with pytest.raises(PlaylistError, match="the first album alone plays 20 minutes, which is more than 10"):
        fill(ALBUMS, TRACKS, Limits(minutes=10))


def test_a_path_is_shortened_as_a_whole():
    def path_of(n):
        return [ALBUMS[int(row)] for row in np.linspace(0, 4, n)]

    assert ids(fill_path(path_of, TRACKS, Limits(n_albums=5))) == ["a0", "a1", "a2", "a3", "a4"]
    assert ids(fill_path(path_of, TRACKS, Limits(n_albums=5, minutes=61))) == ["a0", "a2", "a4"]
    with pytest.raises(PlaylistError, match="no two albums"):
        fill_path(path_of, TRACKS, Limits(n_albums=5, minutes=30))


def test_albums_are_found_by_id_title_or_both_and_near_names_offered():
    albums = [*ALBUMS, Album(album_id="b", artist="Other", title="Title 1")]
    assert find_album(albums, "a3").album_id == "a3"
    assert find_album(albums, "title 2").album_id == "a2"
    assert find_album(albums, "artist 1 title 1").album_id == "a1"
    with pytest.raises(PlaylistError, match=r"2 albums are called 'Title 1': Artist 1 – Title 1 \(a1\); Other"):
        find_album(albums, "Title 1")
    with pytest.raises(PlaylistError, match="did you mean"):
        find_album(albums, "Titel 4")


def test_a_region_is_read_in_either_order_and_rubbish_refused():
    assert parse_region("0.5,.2,0.1,0.9") == Region(0.1, 0.2, 0.5, 0.9)
    for text in ("", "1,2,3", "a,b,c,d", "0,0,nan,1", "0 0 1 1"):
        with pytest.raises(PlaylistError, match="is not of the form"):
            parse_region(text)


def test_albums_of_a_region_come_from_its_middle_outwards():
    xy = np.array([[0.1, 0.1], [0.5, 0.5], [0.6, 0.5], [0.9, 0.9]], np.float32)
    assert rows_within(xy, Region(0, 0, 1, 1)).tolist()[:2] == [1, 2]
    assert rows_within(xy, Region(0.4, 0.4, 0.7, 0.7)).tolist() == [1, 2]
    assert rows_around(xy, 3).tolist() == [3, 2, 1, 0]
    with pytest.raises(PlaylistError, match="no album lies in"):
        rows_within(xy, Region(0.2, 0.2, 0.3, 0.3))


def test_m3u_has_times_names_and_paths_from_where_it_lies(tmp_path):
    music = tmp_path / "music"
    tracks = (
        AlbumTrack("Can/Ege Bamyası/01.flac", "Pinch", "Can", 568.4),
        AlbumTrack("#1/b.mp3", "", "", None),
        AlbumTrack(os.fsdecode(b"caf\xe9.flac"), "x", "y", 1.0),
        AlbumTrack("two\nlines.flac", "x", "y", 1.0),
    )
    playlist = [PlaylistAlbum(ALBUMS[0], tracks)]
    text, unnamed = to_m3u(playlist, title="rainy\nnocturnal", music_dir=music, beside=music)
    assert text.splitlines() == [
        "#EXTM3U",
        "#PLAYLIST:rainy nocturnal",
        "#EXTINF:568,Can - Pinch",
        "Can/Ege Bamyası/01.flac",
        "#EXTINF:-1,b",
        "./#1/b.mp3",
    ]
    assert unnamed == (os.fsdecode(b"caf\xe9.flac"), "two\nlines.flac")
    elsewhere, _ = to_m3u(playlist, title="t", music_dir=music, beside=tmp_path / "lists" / "moods")
    assert "../../music/Can/Ege Bamyası/01.flac" in elsewhere.splitlines()
    assert (tmp_path / "lists" / "moods" / Path("../../music/Can")).resolve() == music / "Can"


def test_a_smart_playlist_is_what_navidrome_reads():
    content = json.loads(to_smart_playlist(("Wistful", "Laid-Back/Mellow"), title="rainy", n_tracks=30))
    assert content["any"] == [{"contains": {"mood": "Wistful"}}, {"contains": {"mood": "Laid-Back"}}]
    assert (content["name"], content["sort"], content["limit"]) == ("rainy", "random", 30)
