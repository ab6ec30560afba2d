"""Tags of every format, as real files have them."""

import hashlib
import io
from dataclasses import replace

import pytest
from mutagen import id3
from PIL import Image

import audio_files
import real_audio
from albumnet.errors import CoverError
from albumnet.marks import MoodMark
from albumnet.sources.library.pictures import read_picture
from albumnet.sources.library.tags import Track, read_track


def png(colour="red"):
    file = io.BytesIO()
    Image.new("RGB", (20, 20), colour).save(file, "PNG")
    return file.getvalue()


RELEASE = "f5093c06-23e3-404f-aeaa-40f72885ee3a"
TAGGED = Track(
    path="track",
    album="Ege Bamyası",
    album_artist="Can",
    artist="Can feat. A Guest",
    year=1972,
    genres=("Krautrock", "Funk / Soul"),
    moods=("Hypnotic", "Laid-Back/Mellow"),
    release=RELEASE,
    is_compilation=False,
    has_picture=True,
    front_pictures=(hashlib.sha256(png()).hexdigest()[:16],),
)
VORBIS = {
    "album": TAGGED.album,
    "ALBUMARTIST": "Can",
    "artist": TAGGED.artist,
    "date": "2004-09-20",
    "originaldate": "1972-11-29",
    "genre": ["Krautrock", "Funk / Soul"],
    "MOOD": "Hypnotic; Laid-Back/Mellow",
    "musicbrainz_albumid": RELEASE,
}


def write_tagged(path, kind):
    if kind in ("flac", "ogg", "opus"):
        write = {"flac": audio_files.write_flac, "ogg": audio_files.write_vorbis, "opus": audio_files.write_opus}[kind]
        return write(path, picture=png(), **VORBIS)
    if kind == "m4a":
        free = {"MusicBrainz Album Id": RELEASE, "MOOD": "Hypnotic,Laid-Back/Mellow"}
        return audio_files.write_m4a(
            path, picture=png(), free=free, alb=TAGGED.album, aART="Can", ART=TAGGED.artist, day="1972",
            gen=["Krautrock", "Funk / Soul"],
        )  # fmt: skip
    if kind == "wma":
        return audio_files.write_wma(
            path, picture=png(), WM_AlbumTitle=TAGGED.album, WM_AlbumArtist="Can", Author=TAGGED.artist, WM_Year="2004",
            WM_OriginalReleaseYear="1972", WM_Genre=["Krautrock", "Funk / Soul"],
            WM_Mood=["Hypnotic", "Laid-Back/Mellow"], **{"MusicBrainz_Album Id": RELEASE},
        )  # fmt: skip
    return audio_files.write_mp3(
        path, version=int(kind[-1]), picture=png(), TALB=TAGGED.album, TPE2="Can", TPE1=TAGGED.artist,
        TDRC="2004-09-20", TDOR="1972-11-29", TCON="Krautrock;Funk / Soul",
        TMOO="Hypnotic;Laid-Back/Mellow", texts={"MusicBrainz Album Id": RELEASE},
    )  # fmt: skip


KINDS = ("mp3 v2.3", "mp3 v2.4", "flac", "ogg", "opus", "m4a", "wma")


@pytest.fixture(params=KINDS)
def tagged(request, tmp_path):
    return write_tagged(tmp_path / f"track.{request.param.split()[0]}", request.param)


def test_every_format_gives_the_same_tags(tagged, request):
    expected = TAGGED
    if "v2.3" in request.node.name:
        # ID3v2.3 has no mood frame: mutagen leaves TMOO out when it converts.
        expected = Track(**{**vars_of(TAGGED), "moods": ()})
    assert _but_length(read_track(tagged, name="track")) == expected


def vars_of(track):
    return {name: getattr(track, name) for name in track.__dataclass_fields__}


def test_the_picture_inside_is_given_as_it_is(tagged):
    assert read_picture(tagged) == png()


def test_id3v23_moods_as_free_text_are_read(tmp_path):
    path = audio_files.write_mp3(tmp_path / "a.mp3", version=3, TALB="Low", texts={"MOOD": "Warm|Sad"})
    assert read_track(path, name="a").moods == ("Warm", "Sad")


def test_genres_by_number_are_spelled_out(tmp_path):
    path = audio_files.write_mp3(tmp_path / "a.mp3", TCON=["17", "8"])
    assert read_track(path, name="a").genres == ("Rock", "Jazz")


def test_the_front_cover_is_preferred_to_other_pictures(tmp_path):
    path = audio_files.write_mp3(tmp_path / "a.mp3", picture=png("blue"), kind=4)
    assert read_picture(path) == png("blue")
    tags = id3.ID3(path)
    tags.add(id3.APIC(encoding=0, mime="image/png", type=3, desc="front", data=png("red")))
    tags.save(path)
    assert read_picture(path) == png("red")


def _but_length(track):
    """Some of the smallest files say how long they would play, others do not."""
    return replace(track, seconds=None)


def test_how_long_a_track_plays_and_where_it_stands(tmp_path):
    real_audio.need_ffmpeg()
    for kind in real_audio.FORMATS:
        path, version = real_audio.named(tmp_path, kind)
        real_audio.write_audio(path, id3_version=version, title="Pinch", tracknumber="3")
        track = read_track(path, name="a")
        assert (track.title, track.number) == ("Pinch", 3)
        assert track.seconds == pytest.approx(0.3, abs=0.15)


def test_moods_that_albumnet_wrote_are_not_the_albums_own(tmp_path):
    mark = MoodMark("run@0123", (("Wistful", 0.5),)).to_text()
    path = audio_files.write_flac(tmp_path / "a.flac", mood=["Wistful", "Sad"], albumnet_mood=mark)
    assert read_track(path, name="a").moods == ("Sad",)
    tagged = audio_files.write_mp3(tmp_path / "a.mp3", TMOO=["Wistful"], texts={"ALBUMNET_MOOD": mark})
    assert read_track(tagged, name="a").moods == ()


def test_ape_tags_and_their_cover_are_read(tmp_path):
    real_audio.need_ffmpeg()
    path = real_audio.write_audio(
        tmp_path / "a.wv", cover=png(), album="Low", albumartist="Bowie", date="1977", mood=["Sad", "Cold"]
    )
    track = read_track(path, name="a")
    assert (track.album, track.album_artist, track.year, track.moods) == ("Low", "Bowie", 1977, ("Sad", "Cold"))
    assert read_picture(path) == png()


def test_different_front_covers_in_one_file_are_told_apart(tmp_path):
    path = audio_files.write_mp3(tmp_path / "a.mp3", picture=png("red"))
    tags = id3.ID3(path)
    tags.add(id3.APIC(encoding=0, mime="image/png", type=3, desc="another", data=png("blue")))
    tags.save(path)
    assert len(read_track(path, name="a").front_pictures) == 2


def test_a_file_without_tags_has_none(tmp_path):
    assert _but_length(read_track(audio_files.write_mp3(tmp_path / "a.mp3"), name="a")) == Track("a")
    assert read_picture(tmp_path / "a.mp3") is None


@pytest.mark.parametrize("content", [b"", b"not audio at all", b"fLaC" + b"\xff" * 40, b"OggS" + bytes(30)])
@pytest.mark.parametrize("suffix", ["mp3", "flac", "ogg", "m4a", "wma"])
def test_a_broken_file_is_an_error_in_one_line(tmp_path, suffix, content):
    path = tmp_path / f"a.{suffix}"
    path.write_bytes(content)
    track = read_track(path, name="a")
    assert track.error
    assert "\n" not in track.error


def test_a_broken_picture_in_a_comment_is_passed_over(tmp_path):
    path = audio_files.write_vorbis(tmp_path / "a.ogg", album="Low", metadata_block_picture=["!!", "AAAA"])
    assert read_track(path, name="a").has_picture is False


def test_a_picture_of_a_file_that_is_gone_is_a_cover_error(tmp_path):
    with pytest.raises(CoverError, match="cannot be read"):
        read_picture(tmp_path / "gone.mp3")


@pytest.mark.parametrize(
    ("date", "year"), [("1977", 1977), ("01.05.1977", 1977), ("77", None), ("", None), ("19771", None)]
)
def test_years_are_found_in_dates(tmp_path, date, year):
    assert read_track(audio_files.write_flac(tmp_path / "a.flac", date=date), name="a").year == year
