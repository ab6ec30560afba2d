"""Moods into and out of files with real sound, in every format."""

import mutagen
import pytest
from mutagen import id3

import audio_files
import real_audio
from albumnet.errors import TagError
from albumnet.marks import MoodMark
from albumnet.tagging import MoodTags, open_tags
from albumnet.tagging.writing import write_tags

MOODS = ("Wistful", "Amiable/Good-Natured")
MARK = MoodMark("run@0123", (("Wistful", 0.5), ("Amiable/Good-Natured", 0.4)))
PERSONS = {"album": "Ege Bamyası", "artist": "Can", "title": "Vitamin C", "genre": "Rock", "date": "1972"}


@pytest.fixture(params=real_audio.FORMATS)
def file(request, tmp_path):
    """A tagged file with a cover, in each format."""
    real_audio.need_ffmpeg()
    path, version = real_audio.named(tmp_path, request.param)
    return real_audio.write_audio(path, id3_version=version, cover=real_audio.picture(), **PERSONS)


def write_moods(path):
    before = open_tags(path).read()
    write_tags(path, MoodTags(open_tags(path).make(MOODS, MARK.to_text())), expected=before)
    return before


def test_moods_are_written_and_all_else_stays(file):
    before, sound = real_audio.all_tags(file), real_audio.sound_digest(file)
    write_moods(file)
    found = open_tags(file).read()
    assert (set(found.moods), found.mark, found.are_ours) == (set(MOODS), MARK, True)
    assert real_audio.sound_digest(file) == sound
    after = real_audio.all_tags(file)
    assert {key: value for key, value in after.items() if "MOO" not in key.upper()} == before


def test_moods_taken_back_leave_the_tags_and_the_sound_that_were_there(file):
    tags, sound = real_audio.all_tags(file), real_audio.sound_digest(file)
    before = write_moods(file)
    write_tags(file, before, expected=open_tags(file).read())
    assert (real_audio.all_tags(file), real_audio.sound_digest(file)) == (tags, sound)


@pytest.mark.parametrize("kind", real_audio.FORMATS)
def test_a_file_without_tags_is_without_tags_again(kind, tmp_path):
    real_audio.need_ffmpeg()
    path, _ = real_audio.named(tmp_path, kind)
    path.write_bytes(real_audio.sound(path.suffix))
    tags, sound = real_audio.all_tags(path), real_audio.sound_digest(path)
    before = write_moods(path)
    assert set(open_tags(path).read().moods) == set(MOODS)
    write_tags(path, before, expected=open_tags(path).read())
    assert (real_audio.all_tags(path), real_audio.sound_digest(path)) == (tags, sound)
    if path.suffix in (".mp3", ".wv", ".aiff", ".wav"):
        assert path.read_bytes() == real_audio.sound(path.suffix)


@pytest.mark.parametrize("kind", real_audio.FORMATS)
def test_a_persons_moods_come_back_as_they_were(kind, tmp_path):
    real_audio.need_ffmpeg()
    path, version = real_audio.named(tmp_path, kind)
    real_audio.write_audio(path, id3_version=version, mood=["Sad", "Görünmez"], **PERSONS)
    tags = real_audio.all_tags(path)
    before = write_moods(path)
    assert before.moods == ("Sad", "Görünmez")
    assert not before.are_ours
    assert set(open_tags(path).read().moods) == set(MOODS)
    write_tags(path, before, expected=open_tags(path).read())
    assert real_audio.all_tags(path) == tags


@pytest.mark.parametrize(
    ("kind", "key"),
    [
        ("mp3 v2.4", "TMOO"),
        ("mp3 v2.3", "TXXX:MOOD"),
        ("flac", "mood"),
        ("opus", "mood"),
        ("ogg", "mood"),
        ("m4a", "----:com.apple.iTunes:MOOD"),
        ("wma", "WM/Mood"),
        ("wv", "Mood"),
    ],
)
def test_moods_stand_where_players_look_for_them(kind, key, tmp_path):
    real_audio.need_ffmpeg()
    path, version = real_audio.named(tmp_path, kind)
    write_moods(real_audio.write_audio(path, id3_version=version, **PERSONS))
    value = mutagen.File(path)[key]
    texts = value.text if hasattr(value, "text") else list(value)
    assert [bytes(t).decode() if isinstance(t, bytes) else str(t) for t in texts] == list(MOODS)


def test_id3_keeps_its_version(tmp_path):
    real_audio.need_ffmpeg()
    for kind, version in (("mp3 v2.3", (2, 3, 0)), ("mp3 v2.4", (2, 4, 0))):
        path, number = real_audio.named(tmp_path, kind)
        write_moods(real_audio.write_audio(path, id3_version=number, **PERSONS))
        assert id3.ID3(path, translate=False).version == version


def test_frames_that_nobody_knows_stay_as_they_are(tmp_path):
    real_audio.need_ffmpeg()
    path = real_audio.write_audio(tmp_path / "a.mp3", id3_version=3, **PERSONS)
    tags = id3.ID3(path, translate=False)
    tags.unknown_frames = [b"XABC" + (5).to_bytes(4, "big") + bytes(2) + b"bytes"]
    tags.save(path, v2_version=3, v23_sep=None)
    write_moods(path)
    assert b"XABC" + (5).to_bytes(4, "big") + bytes(2) + b"bytes" in path.read_bytes()
    assert str(id3.ID3(path, translate=False)["TYER"]) == "1972"


def test_an_id3v1_tag_stays_and_is_taken_over_where_it_was_alone(tmp_path):
    real_audio.need_ffmpeg()
    path = tmp_path / "a.mp3"
    first = b"TAG" + b"Vitamin C".ljust(30, b"\0") + b"Can".ljust(30, b"\0") + bytes(64) + b"\x11"
    assert len(first) == 128
    path.write_bytes(real_audio.sound(".mp3") + first)
    before = write_moods(path)
    assert path.read_bytes().endswith(first)
    assert str(id3.ID3(path, load_v1=False)["TIT2"]) == "Vitamin C"
    write_tags(path, before, expected=open_tags(path).read())
    assert path.read_bytes() == real_audio.sound(".mp3") + first


def test_id3v2_2_and_broken_tags_are_refused(tmp_path):
    real_audio.need_ffmpeg()
    path = tmp_path / "a.mp3"
    path.write_bytes(b"ID3\x02\x00\x00\x00\x00\x00\x0bTT2\x00\x00\x05\x00Abcd" + real_audio.sound(".mp3"))
    with pytest.raises(TagError, match=r"ID3v2\.2"):
        open_tags(path)
    broken = b"\xffXYZ" + (4).to_bytes(4, "big") + bytes(2) + b"\0abc"
    path.write_bytes(b"ID3\x03\x00\x00\x00\x00\x00" + bytes([len(broken)]) + broken + real_audio.sound(".mp3"))
    with pytest.raises(TagError, match="broken"):
        open_tags(path)


def test_sizes_as_itunes_wrote_them_are_understood(tmp_path):
    real_audio.need_ffmpeg()
    path = tmp_path / "a.mp3"
    text = b"\x03" + b"x" * 300
    frame = b"TIT2" + len(text).to_bytes(4, "big") + bytes(2) + text
    artist = b"TPE1" + (4).to_bytes(4, "big") + bytes(2) + b"\x03Can"
    body = frame + artist
    size = bytes([0, 0, len(body) >> 7, len(body) & 0x7F])
    path.write_bytes(b"ID3\x04\x00\x00" + size + body + real_audio.sound(".mp3"))
    write_moods(path)
    tags = id3.ID3(path)
    assert (str(tags["TIT2"]), str(tags["TPE1"]), list(tags["TMOO"].text)) == ("x" * 300, "Can", list(MOODS))


def test_ape_keeps_what_lies_behind_its_tags(tmp_path):
    real_audio.need_ffmpeg()
    first = b"TAG" + bytes(125)
    path = real_audio.write_audio(tmp_path / "a.wv", **PERSONS)
    path.write_bytes(path.read_bytes() + first)
    tags = real_audio.all_tags(path)
    before = write_moods(path)
    assert path.read_bytes().endswith(first)
    write_tags(path, before, expected=open_tags(path).read())
    assert path.read_bytes().endswith(first)
    assert real_audio.all_tags(path) == tags


@pytest.mark.parametrize("write", [audio_files.write_monkeys_audio, audio_files.write_musepack])
def test_formats_that_ffmpeg_does_not_write_take_moods_too(write, tmp_path):
    path = write(tmp_path / "a.bin", Title="Vitamin C")
    content = path.read_bytes()
    before = write_moods(path)
    assert set(open_tags(path).read().moods) == set(MOODS)
    write_tags(path, before, expected=open_tags(path).read())
    assert path.read_bytes() == content


def test_a_mood_that_is_no_text_is_refused(tmp_path):
    path = audio_files.write_m4a(tmp_path / "a.m4a")
    audio = mutagen.File(path)
    audio["----:com.apple.iTunes:MOOD"] = [b"\xff\xfe"]
    audio.save()
    with pytest.raises(TagError, match="is no text"):
        open_tags(path).read()


def test_what_is_no_audio_is_refused(tmp_path):
    (tmp_path / "a.mp3").write_bytes(b"broken")
    with pytest.raises(TagError, match=r"cannot be read|no audio file"):
        open_tags(tmp_path / "a.mp3")
    (tmp_path / "b.aac").write_bytes(b"\xff\xf1\x50\x80\x01\x3f\xfc" * 40)
    with pytest.raises(TagError):
        open_tags(tmp_path / "b.aac")
