"""A folder of real audio files becomes a set; it is only read, and read once."""

import io
import os

import pytest
from PIL import Image

import audio_files
from albumnet.dataset.tracks import read_tracks
from albumnet.errors import InputTableError, MissingExtraError
from albumnet.sources import import_library
from albumnet.sources.library import SCAN_FILE, scanning
from albumnet.sources.library.scanning import scan_tracks


def png(colour):
    file = io.BytesIO()
    Image.new("RGB", (40, 40), colour).save(file, "PNG")
    return file.getvalue()


@pytest.fixture
def music(tmp_path):
    music_dir = tmp_path / "music"
    for folder in ("Can/Ege", "Low/CD1", "Low/CD2", "loose"):
        (music_dir / folder).mkdir(parents=True)
    tags = {"album": "Ege", "albumartist": "Can", "date": "1972", "genre": "Rock", "mood": ["Hypnotic", "Warm"]}
    audio_files.write_flac(music_dir / "Can/Ege/01.flac", picture=png("red"), **tags)
    audio_files.write_opus(music_dir / "Can/Ege/02.opus", **{**tags, "mood": "warm"})
    for disc in (1, 2):
        audio_files.write_mp3(music_dir / f"Low/CD{disc}/01.mp3", TALB=f"Things (CD {disc})", TPE1="Low", TMOO="Sad")
    (music_dir / "Low/cover.png").write_bytes(png("blue"))
    audio_files.write_m4a(music_dir / "loose/demo.m4a", ART="Somebody")
    (music_dir / "loose/broken.mp3").write_bytes(b"broken")
    (music_dir / "loose/._hidden.mp3").write_bytes(b"not looked at")
    return music_dir


def test_a_folder_of_audio_files_becomes_a_set(music, tmp_path):
    result = import_library(music, out=tmp_path / "set")
    albums = {album.title: album for album in result.album_set.albums}
    assert set(albums) == {"Ege", "Things"}
    assert albums["Ege"].moods == ("Warm", "Hypnotic")
    assert (albums["Ege"].artist, albums["Ege"].year, albums["Ege"].genres) == ("Can", 1972, ("Rock",))
    assert result.album_set.read_cover(albums["Ege"].cover) == png("red")
    assert result.album_set.read_cover(albums["Things"].cover) == png("blue")
    assert albums["Things"].artist == "Low"


def test_files_that_are_no_album_are_listed(music, tmp_path):
    result = import_library(music, out=tmp_path / "set")
    assert {failure.item for failure in result.failures} == {"loose/broken.mp3", "loose/demo.m4a"}
    assert result.album_set.failures == result.failures


def test_the_library_is_only_read(music, tmp_path):
    before = {path: (path.stat().st_mtime_ns, path.read_bytes()) for path in music.rglob("*") if path.is_file()}
    import_library(music, out=tmp_path / "set")
    assert {path: (path.stat().st_mtime_ns, path.read_bytes()) for path in music.rglob("*") if path.is_file()} == before


def test_again_reads_no_file_and_changes_nothing(music, tmp_path, monkeypatch):
    import_library(music, out=tmp_path / "set")
    monkeypatch.setattr(scanning, "read_track", None)
    assert import_library(music, out=tmp_path / "set").was_there_already


def test_an_interrupted_scan_goes_on_where_it_was(music, tmp_path, monkeypatch):
    def stop(progress):
        if progress.done == 3:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        import_library(music, out=tmp_path / "set", progress=stop)
    read = []
    read_track = scanning.read_track
    monkeypatch.setattr(scanning, "read_track", lambda path, name: read.append(name) or read_track(path, name=name))
    told = []
    import_library(music, out=tmp_path / "set", progress=told.append)
    assert read == ["Low/CD2/01.mp3", "loose/broken.mp3", "loose/demo.m4a"]
    assert [(step.done, step.total) for step in told if step.stage == "files"] == [(4, 6), (5, 6), (6, 6)]


def test_only_files_that_changed_are_read_again(music, tmp_path, monkeypatch):
    first = scan_tracks(music, scan_file=tmp_path / SCAN_FILE)
    audio_files.write_flac(music / "Can/Ege/01.flac", album="Renamed")
    (music / "loose/broken.mp3").unlink()
    read = []
    read_track = scanning.read_track
    monkeypatch.setattr(scanning, "read_track", lambda path, name: read.append(name) or read_track(path, name=name))
    second = scan_tracks(music, scan_file=tmp_path / SCAN_FILE)
    assert read == ["Can/Ege/01.flac"]
    assert (len(first), len(second), second[0].album) == (6, 5, "Renamed")


def test_a_line_cut_off_in_the_scan_is_read_again(music, tmp_path):
    scan_file = tmp_path / SCAN_FILE
    whole = scan_tracks(music, scan_file=scan_file)
    scan_file.write_bytes(scan_file.read_bytes()[:-30])
    assert scan_tracks(music, scan_file=scan_file) == whole
    scan_file.write_text("[]\n7\n{}\nrubbish")
    assert scan_tracks(music, scan_file=scan_file) == whole


def test_a_picture_that_is_none_is_listed_and_the_album_kept(music, tmp_path):
    (music / "Low/cover.png").write_bytes(b"no picture")
    result = import_library(music, out=tmp_path / "set")
    assert "Low/cover.png" in {failure.item for failure in result.failures}
    assert len(result.album_set.albums) == 2


def test_the_set_remembers_which_files_are_whose_in_playing_order(music, tmp_path):
    for number in (2, 1):
        name = f"Low/CD2/{9 - number:02d}.mp3"
        audio_files.write_mp3(music / name, TALB="Things", TPE1="Low", TRCK=f"{number}/2", TIT2=f"T{number}", TPOS="2")
    album_set = import_library(music, out=tmp_path / "set").album_set
    tracks = read_tracks(album_set)
    of_title = {album.title: tracks.of_album[album.album_id] for album in album_set.albums}
    assert tracks.music_dir == music.resolve()
    assert [track.path for track in of_title["Ege"]] == ["Can/Ege/01.flac", "Can/Ege/02.opus"]
    assert [track.path for track in of_title["Things"]][-2:] == ["Low/CD2/08.mp3", "Low/CD2/07.mp3"]


def test_links_to_nowhere_and_names_that_are_no_utf8_stop_nothing(music, tmp_path):
    (music / "gone.flac").symlink_to(music / "nowhere")
    folder = music / os.fsdecode(b"caf\xe9")
    folder.mkdir()
    audio_files.write_flac(folder / "a.flac", picture=png("green"), album="Odd", artist="Nobody")
    result = import_library(music, out=tmp_path / "set")
    assert "gone.flac" in {failure.item for failure in result.failures}
    odd = next(album for album in result.album_set.albums if album.title == "Odd")
    assert result.album_set.read_cover(odd.cover) == png("green")
    assert odd.cover_file == r"caf\xe9/a.flac"
    again = import_library(music, out=tmp_path / "set")
    assert again.was_there_already
    assert [track.path for track in read_tracks(again.album_set).of_album[odd.album_id]] == [
        os.fsdecode(b"caf\xe9/a.flac")
    ]


def test_a_folder_without_audio_or_albums_is_refused(tmp_path):
    with pytest.raises(InputTableError, match="is not a folder"):
        import_library(tmp_path / "nowhere", out=tmp_path / "set")
    (tmp_path / "music").mkdir()
    with pytest.raises(InputTableError, match="holds no audio files"):
        import_library(tmp_path / "music", out=tmp_path / "set")
    audio_files.write_mp3(tmp_path / "music" / "a.mp3")
    with pytest.raises(InputTableError, match=r"none of the 1 audio files in .* has an album tag"):
        import_library(tmp_path / "music", out=tmp_path / "set")


def test_without_mutagen_the_extra_is_named(tmp_path, monkeypatch):
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(MissingExtraError, match=r"pip install 'albumnet\[library\]'"):
        import_library(tmp_path, out=tmp_path / "set")
