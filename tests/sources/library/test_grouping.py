"""Which tracks are one album, and what it is called."""

import pytest

from albumnet.sources.library.grouping import group_tracks
from albumnet.sources.library.tags import Track


def group(tmp_path, *tracks):
    return group_tracks(tracks, music_dir=tmp_path)


@pytest.fixture
def music(tmp_path):
    """Makes folders with empty files."""

    def make(*names):
        for name in names:
            (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / name).touch()
        return tmp_path

    return make


def test_album_artist_and_album_are_one_whatever_their_case_and_disc(music):
    music_dir = music("a/1", "b/1")
    tracks = [
        Track("a/1", album="Ege (Disc 1)", album_artist="CAN"),
        Track("b/1", album="Ege CD 2", album_artist="Can"),
    ]
    (album,) = group(music_dir, *tracks)
    assert (album.title, album.artist, album.source) == ("Ege", "CAN", "library")


def test_one_release_is_one_album_and_gives_its_id(music):
    music_dir = music("a/1", "b/1")
    albums = group(music_dir, *(Track(f"{n}/1", album="Ege", release="mbid", artist="Can") for n in "ab"))
    assert [album.album_id for album in albums] == ["mbid"]


def test_albums_of_one_name_by_two_artists_are_two(music):
    music_dir = music("a/1")
    assert (
        len(group(music_dir, *(Track("a/1", album="Greatest Hits", album_artist=who) for who in ("Abba", "Queen"))))
        == 2
    )


def test_without_an_album_artist_the_folder_decides(music):
    music_dir = music("a/CD 1/1", "a/CD2/1", "b/1")
    tracks = [Track(path, album="Hits", artist="Can") for path in ("a/CD 1/1", "a/CD2/1", "b/1")]
    assert len(group(music_dir, *tracks)) == 2


def test_a_guest_makes_no_compilation_and_many_artists_do(music):
    music_dir = music("a/1", "b/1")
    guests = [Track("a/1", album="A", artist=who) for who in ("Can", "Can", "Can feat. X")]
    many = [Track("b/1", album="B", artist=who) for who in ("Can", "Low", "Abba")]
    tagged = [Track("b/1", album="C", artist="Can", is_compilation=True)]
    assert [album.artist for album in group(music_dir, *guests, *many, *tagged)] == [
        "Can",
        "Various Artists",
        "Various Artists",
    ]


def test_moods_of_most_tracks_come_first_and_years_by_majority(music):
    music_dir = music("a/1")
    tracks = [
        Track("a/1", album="A", moods=("Sad", "Warm"), year=1999, genres=("Rock",)),
        Track("a/1", album="A", moods=("warm",), year=1977, genres=("rock", "Pop")),
        Track("a/1", album="A", moods=("Warm", "Cold"), year=1977),
    ]
    (album,) = group(music_dir, *tracks)
    assert (album.moods, album.year, album.genres) == (("Warm", "Sad", "Cold"), 1977, ("Rock", "Pop"))


def test_the_id_of_an_album_is_stable(music):
    music_dir = music("a/1", "a/2")
    tracks = [Track(f"a/{n}", album="A", album_artist="Can") for n in (1, 2)]
    assert group(music_dir, *tracks)[0].album_id == group(music_dir, tracks[1])[0].album_id


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        (("a/Cover.JPG", "a/folder.png"), "a/Cover.JPG"),
        (("a/front.png", "a/folder.jpg"), "a/folder.jpg"),
        (("a/back.jpg", "a/cover.txt"), None),
    ],
)
def test_a_picture_beside_the_tracks_is_the_cover(music, names, expected):
    (album,) = group(music("a/1", *names), Track("a/1", album="A"))
    assert album.cover_file == expected


def test_a_picture_above_the_discs_is_the_cover(music):
    (album,) = group(music("a/CD1/1", "a/cover.jpg"), Track("a/CD1/1", album="A"))
    assert album.cover_file == "a/cover.jpg"


def test_a_picture_inside_is_preferred(music):
    music_dir = music("a/1", "a/2", "a/cover.jpg")
    (album,) = group(music_dir, Track("a/1", album="A"), Track("a/2", album="A", has_picture=True))
    assert album.cover_file == "a/2"
