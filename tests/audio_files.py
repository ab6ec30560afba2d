"""The smallest audio files that mutagen reads and writes, made by hand: no sound, but true containers."""

from __future__ import annotations

import base64
import struct
from pathlib import Path
from typing import Any

from mutagen import apev2, asf, flac, id3, mp4, ogg, oggopus, oggvorbis

FRONT = 3


def write_mp3(path: Path, *, version: int = 4, picture: bytes | None = None, kind: int = FRONT, **frames: Any) -> Path:
    """An MP3 with ID3v2.3 or 2.4; frames by name (TALB="Low"), descriptions of TXXX in `texts`."""
    # MPEG 1 layer III, 128 kbit/s, 44.1 kHz: frames of 417 bytes.
    path.write_bytes((b"\xff\xfb\x90\x64" + bytes(413)) * 4)
    texts = frames.pop("texts", {})
    tags = id3.ID3()
    for name, value in frames.items():
        tags.add(id3.Frames[name](encoding=1, text=value if isinstance(value, list) else [value]))
    for description, value in texts.items():
        tags.add(id3.TXXX(encoding=1, desc=description, text=[value]))
    if picture is not None:
        tags.add(id3.APIC(encoding=0, mime="image/png", type=kind, desc="", data=picture))
    if version == 3:
        tags.update_to_v23()
    tags.save(path, v2_version=version)
    return path


def write_flac(path: Path, *, picture: bytes | None = None, **tags: Any) -> Path:
    """A FLAC whose only block says that nothing follows."""
    stream = (
        struct.pack(">HH", 4096, 4096) + bytes(6) + (44100 << 44 | 1 << 41 | 15 << 36).to_bytes(8, "big") + bytes(16)
    )
    path.write_bytes(b"fLaC" + b"\x80" + len(stream).to_bytes(3, "big") + stream)
    audio = flac.FLAC(path)
    audio.update({name: value if isinstance(value, list) else [value] for name, value in tags.items()})
    if picture is not None:
        audio.add_picture(_block_picture(picture))
    audio.save()
    return path


def write_vorbis(path: Path, *, picture: bytes | None = None, **tags: Any) -> Path:
    """An Ogg Vorbis of three headers."""
    head = b"\x01vorbis" + struct.pack("<IBIiiiBB", 0, 2, 44100, 0, 128000, 0, 0xB8, 1)
    comment = b"\x03vorbis" + struct.pack("<II", 0, 0) + b"\x01"
    _write_pages(path, [[head], [comment, b"\x05vorbis" + bytes(8)]])
    _save_comments(oggvorbis.OggVorbis(path), tags, picture)
    return path


def write_opus(path: Path, *, picture: bytes | None = None, **tags: Any) -> Path:
    """An Opus of two headers."""
    head = b"OpusHead" + struct.pack("<BBHIhB", 1, 2, 0, 48000, 0, 0)
    _write_pages(path, [[head], [b"OpusTags" + struct.pack("<II", 0, 0)]])
    _save_comments(oggopus.OggOpus(path), tags, picture)
    return path


def write_m4a(path: Path, *, picture: bytes | None = None, free: dict[str, str] | None = None, **atoms: Any) -> Path:
    """An M4A of one silent track; tags by atom (`alb` for `\xa9alb`), free-form ones by name."""
    header = _atom(b"mdhd", bytes(12) + struct.pack(">II", 44100, 44100) + bytes(4))
    handler = _atom(b"hdlr", bytes(8) + b"soun" + bytes(13))
    sample = bytes(6) + b"\0\1" + bytes(8) + struct.pack(">HHII", 2, 16, 0, 44100 << 16)
    entry = _atom(b"mp4a", sample + _atom(b"free", b""))
    table = _atom(b"stbl", _atom(b"stsd", bytes(4) + struct.pack(">I", 1) + entry))
    track = _atom(b"trak", _atom(b"mdia", header + handler + _atom(b"minf", table)))
    path.write_bytes(_atom(b"ftyp", b"M4A \0\0\0\0M4A ") + _atom(b"moov", track) + _atom(b"mdat", b""))
    audio = mp4.MP4(path)
    for name, value in atoms.items():
        audio[name if name == "aART" or name == "cpil" else f"\xa9{name}"] = (
            value if isinstance(value, list) else [value]
        )
    for name, value in (free or {}).items():
        audio[f"----:com.apple.iTunes:{name}"] = [mp4.MP4FreeForm(value.encode())]
    if picture is not None:
        audio["covr"] = [mp4.MP4Cover(picture, imageformat=mp4.MP4Cover.FORMAT_PNG)]
    audio.save()
    return path


def write_wma(path: Path, *, picture: bytes | None = None, **tags: Any) -> Path:
    """A WMA of a header alone; tags by name, with `_` for `/`."""
    properties = bytes.fromhex("a1dcab8c47a9cf118ee400c00c205365") + struct.pack("<Q", 104) + bytes(80)
    header = bytes.fromhex("3026b2758e66cf11a6d900aa0062ce6c") + struct.pack("<QIBB", 30 + 104, 1, 1, 2)
    data = bytes.fromhex("3626b2758e66cf11a6d900aa0062ce6c") + struct.pack("<Q", 50) + bytes(26)
    path.write_bytes(header + properties + data)
    audio = asf.ASF(path)
    for name, value in tags.items():
        audio[name.replace("_", "/")] = value if isinstance(value, list) else [value]
    if picture is not None:
        value = struct.pack("<BI", FRONT, len(picture)) + "image/png\0\0".encode("utf-16-le")[:-2] + b"\0\0" + picture
        audio["WM/Picture"] = [asf.ASFByteArrayAttribute(value)]
    audio.save()
    return path


def write_monkeys_audio(path: Path, **tags: Any) -> Path:
    """A Monkey's Audio of a descriptor and a header; APEv2 items by name."""
    descriptor = b"MAC " + struct.pack("<HHIIIIIII", 3990, 0, 52, 24, 0, 0, 0, 0, 0) + bytes(16)
    header = struct.pack("<HHIIIHHI", 2000, 0, 73728, 100, 1, 16, 1, 44100)
    path.write_bytes(descriptor + header + bytes(64))
    return _save_ape(path, tags)


def write_musepack(path: Path, **tags: Any) -> Path:
    """A Musepack (stream version 7) of a header; APEv2 items by name."""
    path.write_bytes(b"MP+\x07" + struct.pack("<II", 1, 0) + bytes(64))
    return _save_ape(path, tags)


def _save_ape(path: Path, tags: dict[str, Any]) -> Path:
    items = apev2.APEv2()
    items.update({name: value if isinstance(value, list) else [value] for name, value in tags.items()})
    items.save(path)
    return path


def _block_picture(data: bytes) -> flac.Picture:
    picture = flac.Picture()
    picture.type, picture.mime, picture.data = FRONT, "image/png", data
    return picture


def _save_comments(audio: Any, tags: dict[str, Any], picture: bytes | None) -> None:
    audio.update({name: value if isinstance(value, list) else [value] for name, value in tags.items()})
    if picture is not None:
        audio["metadata_block_picture"] = [base64.b64encode(_block_picture(picture).write()).decode()]
    audio.save()


def _write_pages(path: Path, pages: list[list[bytes]]) -> None:
    with path.open("wb") as file:
        for n, packets in enumerate(pages):
            page = ogg.OggPage()
            page.packets, page.sequence, page.serial = packets, n, 1
            page.first, page.last = n == 0, n == len(pages) - 1
            file.write(page.write())


def _atom(name: bytes, content: bytes) -> bytes:
    return struct.pack(">I", 8 + len(content)) + name + content
