"""`albumnet tag`: the plan, what is written, and what is listed."""

import os

import pytest

import audio_files
import real_audio
from albumnet.tagging import open_tags
from cli.music import KINDS, make_music

N_FILES = 4 * len(KINDS)


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))


@pytest.fixture
def music(work, tmp_path):
    return make_music(tmp_path / "music", work.covers)


@pytest.fixture
def tag(run, work, music):
    """Run `albumnet tag` with moods likely enough for a model of few albums."""

    def call(*options):
        return run("tag", music, "--model", work.run, "--min-probability", 0.05, *options)

    return call


def files_of(music):
    return sorted(path for path in music.rglob("*.*") if path.suffix in (".flac", ".mp3", ".m4a"))


def test_the_plan_is_a_diff_and_writes_nothing(tag, music):
    before = {path: path.read_bytes() for path in files_of(music)}
    said = tag()
    assert said.code == 0, said.err
    assert said.out.count("@@ Artist") == 4
    assert said.out.count("\n+MOOD ") + said.out.count("\n+TXXX:MOOD ") > 0
    assert "+ALBUMNET_MOOD {" in said.out
    assert f"{N_FILES} files to write" in said.err
    assert "nothing was written; --yes writes" in said.err
    assert tag("--dry-run").out == said.out
    assert {path: path.read_bytes() for path in files_of(music)} == before
    assert tag("--dry-run", "--yes").code == 2


def test_moods_are_written_once_and_taken_back(tag, run, music):
    before = {path: (real_audio.all_tags(path), real_audio.sound_digest(path)) for path in files_of(music)}
    said = tag("--yes", "--top", 2)
    assert said.code == 0, said.err
    assert f"moods written into {N_FILES} files" in said.err
    for path in files_of(music):
        tags = open_tags(path).read()
        assert 1 <= len(tags.moods) <= 2
        assert tags.are_ours
        assert tags.mark.model.startswith("run@")
        assert real_audio.sound_digest(path) == before[path][1]
    again = tag("--yes", "--top", 2)
    assert "moods written into 0 files" in again.err
    undone = run("tag", music, "--undo")
    assert undone.code == 0
    assert f"{N_FILES} files have the mood tags again" in undone.err
    assert {path: (real_audio.all_tags(path), real_audio.sound_digest(path)) for path in files_of(music)} == before


def test_the_moods_are_those_that_predict_gives(tag, run, work, music):
    tag("--yes", "--top", 1)
    cover = sorted(work.covers.iterdir())[0]
    command = ("predict", cover, "--model", work.run, "--genre", "Rock", "--year", 1970, "--json")
    (prediction,) = run(*command).json
    likely = [m["mood"] for m in prediction["moods"] if m["probability"] > m["base_rate"]]
    assert open_tags(music / "artist 0/album 0/flac.flac").read().moods == (likely[0],)


def test_joined_moods_are_one_value(tag, music):
    assert tag("--yes", "--join", "; ").code == 0
    assert len(open_tags(files_of(music)[0]).read().moods) == 1


def test_json_tells_the_plan_and_the_result(tag):
    plan = tag("--json").json
    assert len(plan["albums"]) == 4
    assert plan["albums"][0]["files"][0]["action"] == "write"
    assert plan["attention"] == []
    result = tag("--yes", "--json").json
    assert (result["n_written"], result["failures"]) == (N_FILES, [])


def test_a_persons_moods_are_kept(tag, music):
    path = music / "artist 0/album 0/flac.flac"
    real_audio.write_audio(path, album="Album 0", albumartist="Artist 0", mood=["Görünmez", "Sad"])
    said = tag("--yes")
    assert "1 with people's own moods left alone" in said.err
    assert open_tags(path).read().moods == ("Görünmez", "Sad")
    assert "=MOOD Görünmez, Sad (kept; --force replaces)" in tag().out


def test_what_cannot_be_tagged_is_listed_and_the_rest_is_tagged(tag, music, monkeypatch):
    odd = os.fsdecode(b"caf\xe9.flac")
    real_audio.write_audio(music / "artist 1/album 1" / odd, album="Album 1", albumartist="Artist 1")
    (music / "artist 0/album 0/flac.flac").chmod(0o444)
    (music / "artist 0/broken.mp3").write_bytes(b"broken")
    (music / "artist 0/tone.aac").write_bytes(b"\xff\xf1")
    audio_files.write_flac(music / "bare.flac", album="Bare", albumartist="Nobody")
    (music / "gone.flac").symlink_to(music / "nowhere")
    real_audio.write_audio(
        music / "artist 3/album 3/extra.flac", album="Album 3", albumartist="Artist 3", cover=real_audio.picture("pink")
    )
    (music / "artist 2/album 2/cover.jpg").write_bytes(b"no picture")
    monkeypatch.setattr("albumnet.cli.output._MAX_LISTED", 50)
    said = tag("--yes")
    assert said.code == 3
    for line in (
        "artist 0/album 0/flac.flac: is read-only",
        "artist 0/broken.mp3: ",
        "artist 0/tone.aac: .aac is no format",
        "Nobody – Bare: has no cover",
        "gone.flac: cannot be read",
        "Artist 3 – Album 3: has 2 different front covers",
        "Artist 2 – Album 2: its cover",
        r"artist 1/album 1/caf\xe9.flac: its name is no UTF-8; it is tagged",
    ):
        assert f"  {line}" in said.err, line
    assert open_tags(music / "artist 1/album 1" / odd).read().are_ours
    assert open_tags(music / "artist 0/album 0/m4a.m4a").read().are_ours
    assert not open_tags(music / "artist 0/album 0/flac.flac").read().entries


def test_ctrl_c_ends_with_130_and_what_was_done_can_be_taken_back(tag, run, music, monkeypatch):
    from albumnet.tagging import applying

    write = applying.write_tags
    done = []

    def stop(path, tags, *, expected):
        if len(done) == 5:
            raise KeyboardInterrupt
        write(path, tags, expected=expected)
        done.append(path)

    monkeypatch.setattr(applying, "write_tags", stop)
    assert tag("--yes").code == 130
    monkeypatch.undo()
    assert sum(open_tags(path).read().are_ours for path in files_of(music)) == 5
    assert "5 files have the mood tags again" in run("tag", music, "--undo").err


def test_a_folder_that_is_none_and_a_model_that_is_none_are_one_line(run, music, tmp_path):
    assert "is not a folder" in run("tag", tmp_path / "nowhere", "--model", tmp_path).error_line
    assert run("tag", music, "--model", tmp_path / "none").code == 1
