"""`albumnet playlist` on a folder of music, read once."""

import json
import os

import pytest

import real_audio
from cli.music import KINDS, make_music


@pytest.fixture(autouse=True)
def cache(tmp_path_factory, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path_factory.mktemp("cache")))


@pytest.fixture
def music(work, tmp_path):
    return make_music(tmp_path / "music", work.covers)


def paths_in(text):
    return [line for line in text.splitlines() if not line.startswith("#")]


def test_words_make_a_list_that_players_read(run, work, music):
    said = run("playlist", "rainy", "nocturnal", "--library", music, "--model", work.run, "--length", 2)
    assert said.code == 0, said.err
    assert said.out.startswith("#EXTM3U\n#PLAYLIST:rainy nocturnal\n#EXTINF:")
    assert len(paths_in(said.out)) == 2 * len(KINDS)
    assert all((music / path).is_file() for path in paths_in(said.out))
    assert "2 albums, 6 tracks, 0:02" in said.err


def test_a_file_has_paths_from_where_it_lies_and_is_not_replaced_unasked(run, work, music, tmp_path):
    out = tmp_path / "lists" / "rainy.m3u8"
    out.parent.mkdir()
    command = ("playlist", "rainy", "--library", music, "--model", work.run, "--out", out)
    assert run(*command).code == 0
    paths = paths_in(out.read_text("utf-8"))
    assert len(paths) == 4 * len(KINDS)
    assert all((out.parent / path).resolve().is_file() for path in paths)
    assert "exists" in run(*command).error_line
    assert run(*command, "--force", "--length", 1).code == 0
    assert len(paths_in(out.read_text("utf-8"))) == len(KINDS)


def test_a_second_call_opens_no_audio_file_and_computes_no_features(run, work, music, monkeypatch):
    from albumnet.models.prediction import MoodModel
    from albumnet.sources.library import scanning

    command = ("playlist", "rainy", "--library", music, "--model", work.run)
    first = run(*command)
    monkeypatch.setattr(scanning, "read_track", None)
    monkeypatch.setattr(MoodModel, "features", None)
    assert run(*command).out == first.out
    monkeypatch.undo()


def test_a_library_that_grew_is_read_again(run, work, music, monkeypatch):
    command = ("playlist", "rainy", "--library", music, "--model", work.run)
    run(*command)
    cover = sorted(work.covers.iterdir())[9].read_bytes()
    real_audio.write_audio(music / "new.flac", cover=cover, album="New", albumartist="Nobody", title="One")
    assert "new.flac" in paths_in(run(*command).out)


def test_an_imported_library_gives_the_same_list(run, work, music, tmp_path):
    album_set = tmp_path / "set"
    assert run("import", "library", music, "--out", album_set).code == 0
    command = ("playlist", "rainy", "--model", work.run, "--library")
    assert run(*command, album_set).out == run(*command, music).out


def test_from_one_mood_to_another_each_album_comes_once(run, work, music):
    command = ("playlist", "--from", "menacing", "--to", "serene", "--library", music, "--model", work.run)
    said = run(*command, "--per-album", 1)
    assert said.code == 0, said.err
    assert len(set(paths_in(said.out))) == 4
    back = run("playlist", "--from", "serene", "--to", "menacing", *command[5:], "--per-album", 1)
    assert paths_in(back.out) == paths_in(said.out)[::-1]


def test_json_tells_albums_and_tracks(run, work, music):
    made = run("playlist", "rainy", "--library", music, "--model", work.run, "--json").json
    assert len(made["albums"]) == 4
    assert len(made["albums"][0]["tracks"]) == len(KINDS)


def test_a_smart_playlist_takes_no_library(run, work, tmp_path):
    out = tmp_path / "rainy.nsp"
    said = run("playlist", "gloomy", "--model", work.run, "--out", out, "--length", 30)
    assert said.code == 0, said.err
    content = json.loads(out.read_text("utf-8"))
    assert content["limit"] == 30
    assert all(set(rule) == {"contains"} and set(rule["contains"]) == {"mood"} for rule in content["any"])


def test_files_that_cannot_be_named_are_listed(run, work, music):
    odd = os.fsdecode(b"caf\xe9.flac")
    real_audio.write_audio(music / "artist 1/album 1" / odd, album="Album 1", albumartist="Artist 1")
    said = run("playlist", "rainy", "--library", music, "--model", work.run)
    assert said.code == 3
    assert r"caf\xe9.flac: its name is no line of UTF-8" in said.err
    assert len(paths_in(said.out)) == 4 * len(KINDS)


@pytest.mark.parametrize(
    ("options", "line"),
    [
        ((), "give one of: words"),
        (("rainy", "--from", "a", "--to", "b"), "give one of"),
        (("--from", "bleak"), "--from and --to go together"),
        (("--region", "0,0,1,1"), "--map goes with --region or --around"),
        (("rainy", "--out", "list.txt"), "ends in neither"),
        (("rainy",), "is needed, except for a .nsp"),
        (("--from", "bleak", "--to", "warm", "--out", "a.nsp"), "takes words"),
    ],
)
def test_wrong_usage_is_told(run, options, line):
    said = run("playlist", *options)
    assert said.code == 2
    assert line in " ".join(said.err.replace("│", " ").split())
