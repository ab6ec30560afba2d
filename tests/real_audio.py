"""Audio files with real sound in every format that ffmpeg writes, tagged through mutagen, and the sound read back."""

from __future__ import annotations

import functools
import io
import os
import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import Any

import mutagen
import pytest
from mutagen import apev2, asf, flac, id3, mp4
from PIL import Image

# Suffix -> how ffmpeg writes it; "mp3 v2.3" is told from "mp3 v2.4" by the tags alone.
ENCODERS = {
    ".mp3": ("-c:a", "libmp3lame", "-b:a", "32k", "-write_xing", "0", "-id3v2_version", "0"),
    ".flac": ("-c:a", "flac"),
    ".ogg": ("-c:a", "libvorbis", "-b:a", "48k"),
    ".opus": ("-c:a", "libopus", "-b:a", "16k"),
    ".m4a": ("-c:a", "aac", "-b:a", "32k"),
    ".wma": ("-c:a", "wmav2", "-b:a", "32k"),
    ".wv": ("-c:a", "wavpack"),
    ".aiff": ("-c:a", "pcm_s16be"),
    ".wav": ("-c:a", "pcm_s16le"),
}
FORMATS = ("mp3 v2.3", "mp3 v2.4", "flac", "ogg", "opus", "m4a", "wma", "wv", "aiff", "wav")


def need_ffmpeg() -> None:
    """Skip where there is no ffmpeg; fail where it must be."""
    if shutil.which("ffmpeg") is None:
        if os.environ.get("CI"):
            pytest.fail("tests of real audio need ffmpeg (apt-get install ffmpeg)")
        pytest.skip("needs ffmpeg")


@functools.cache
def sound(suffix: str, *, seconds: float = 0.3) -> bytes:
    """A file with a tone of 440 Hz and no tags."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, f"tone{suffix}")
        tone = ("-f", "lavfi", "-i", f"sine=frequency=440:sample_rate=48000:duration={seconds}", "-ac", "1")
        command = ["ffmpeg", "-v", "error", *tone, *ENCODERS[suffix], "-map_metadata", "-1", "-bitexact", str(path)]
        subprocess.run(command, check=True)
        return path.read_bytes()


def write_audio(path: Path, *, id3_version: int = 4, cover: bytes | None = None, **tags: Any) -> Path:
    """A file with sound; tags by Vorbis name (`album`, `albumartist`, `tracknumber`, …), as the format has them.

    A tag `mood` is a person's.
    """
    path.write_bytes(sound(path.suffix))
    audio = mutagen.File(path)
    if audio.tags is None:
        audio.add_tags()
    if isinstance(audio.tags, id3.ID3):
        _tag_id3(audio.tags, tags, cover, version=id3_version)
        if path.suffix == ".mp3":
            audio.save(v2_version=id3_version, v23_sep=None)
        else:
            audio.tags.save(path, v2_version=id3_version, v23_sep=None)
        return path
    names = _NAMES.get(type(audio.tags).__name__, {})
    for name, value in tags.items():
        values = value if isinstance(value, list) else [value]
        key = names.get(name, name)
        if key.startswith("----:"):
            values = [mp4.MP4FreeForm(v.encode()) for v in values]
        elif key == "trkn":
            values = [(int(values[0]), 0)]
        audio[key] = values
    if cover is not None:
        _add_cover(audio, cover)
    audio.save()
    return path


_NAMES = {
    "MP4Tags": {
        "album": "\xa9alb", "albumartist": "aART", "artist": "\xa9ART", "title": "\xa9nam", "genre": "\xa9gen",
        "date": "\xa9day", "tracknumber": "trkn", "mood": "----:com.apple.iTunes:MOOD",
    },
    "ASFTags": {
        "album": "WM/AlbumTitle", "albumartist": "WM/AlbumArtist", "artist": "Author", "title": "Title",
        "genre": "WM/Genre", "date": "WM/Year", "tracknumber": "WM/TrackNumber", "mood": "WM/Mood",
    },
    "APEv2": {
        "album": "Album", "albumartist": "Album Artist", "artist": "Artist", "title": "Title", "genre": "Genre",
        "date": "Year", "tracknumber": "Track", "mood": "Mood",
    },
}  # fmt: skip
_FRAMES = {
    "album": "TALB", "albumartist": "TPE2", "artist": "TPE1", "title": "TIT2", "genre": "TCON", "tracknumber": "TRCK",
}  # fmt: skip


def _tag_id3(tags: id3.ID3, wanted: dict[str, Any], cover: bytes | None, *, version: int) -> None:
    for name, value in wanted.items():
        values = value if isinstance(value, list) else [value]
        if name == "date":
            tags.add(id3.TYER(encoding=1, text=values) if version == 3 else id3.TDRC(encoding=1, text=values))
        elif name == "mood":
            mood = id3.TXXX(encoding=1, desc="MOOD", text=values) if version == 3 else id3.TMOO(encoding=3, text=values)
            tags.add(mood)
        else:
            tags.add(id3.Frames[_FRAMES[name]](encoding=1, text=values))
    if cover is not None:
        tags.add(id3.APIC(encoding=0, mime=_mime(cover), type=3, desc="", data=cover))


def _add_cover(audio: Any, data: bytes) -> None:
    import base64
    import struct

    if isinstance(audio.tags, mp4.MP4Tags):
        kind = mp4.MP4Cover.FORMAT_PNG if _mime(data) == "image/png" else mp4.MP4Cover.FORMAT_JPEG
        audio["covr"] = [mp4.MP4Cover(data, imageformat=kind)]
    elif isinstance(audio.tags, asf.ASFTags):
        head = struct.pack("<BI", 3, len(data)) + f"{_mime(data)}\0".encode("utf-16-le") + b"\0\0"
        audio["WM/Picture"] = [asf.ASFByteArrayAttribute(head + data)]
    elif isinstance(audio.tags, apev2.APEv2):
        audio["Cover Art (Front)"] = apev2.APEValue(b"cover.png\0" + data, apev2.BINARY)
    else:
        picture = flac.Picture()
        picture.type, picture.mime, picture.data = 3, _mime(data), data
        if isinstance(audio, flac.FLAC):
            audio.add_picture(picture)
        else:
            audio["metadata_block_picture"] = [base64.b64encode(picture.write()).decode()]


def _mime(data: bytes) -> str:
    return "image/png" if data.startswith(b"\x89PNG") else "image/jpeg"


def picture(colour: str = "teal", *, side: int = 64) -> bytes:
    """A PNG of one colour."""
    file = io.BytesIO()
    Image.new("RGB", (side, side), colour).save(file, "PNG")
    return file.getvalue()


def named(folder: Path, kind: str) -> tuple[Path, int]:
    """A file name for one of FORMATS, and the ID3 version it stands for."""
    suffix, _, version = kind.partition(" v2.")
    return folder / f"{kind.replace(' ', '-')}.{suffix}", int(version or 4)


def sound_digest(path: Path) -> str:
    """MD5 of the decoded samples; an undecodable file fails."""
    command = ["ffmpeg", "-v", "error", "-xerror", "-i", os.fsencode(path), "-map", "0:a", "-f", "md5", "-"]
    done = subprocess.run(command, capture_output=True, check=False)
    assert done.returncode == 0, done.stderr.decode(errors="replace")
    assert not done.stderr, done.stderr.decode(errors="replace")
    return done.stdout.decode().strip()


def all_tags(path: Path) -> dict[str, str]:
    """Every tag as mutagen has it, in a form that compares."""
    audio = mutagen.File(path)
    if audio.tags is None:
        return {}
    if isinstance(audio.tags, id3.ID3):
        return {"version": str(audio.tags.version), **{key: repr(frame) for key, frame in audio.tags.items()}}
    if isinstance(audio.tags, asf.ASFTags):
        return {key: repr(sorted(map(repr, audio.tags[key]))) for key in audio.tags.keys()}  # noqa: SIM118  pairs
    pairs = audio.tags.as_dict() if hasattr(audio.tags, "as_dict") else dict(audio.tags)
    return {str(key): repr(value) for key, value in pairs.items()}
