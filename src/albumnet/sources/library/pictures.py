"""Pictures inside audio files: the front cover first."""

from __future__ import annotations

import base64
import hashlib
import struct
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from albumnet.errors import CoverError

# "Cover (front)" in ID3v2.4, section 4.14, which FLAC, Vorbis and Windows Media took over.
_FRONT = 3


def read_picture(path: Path) -> bytes | None:
    """The front cover inside an audio file, or whatever picture is first; None without one.

    Raises:
        CoverError: If the file cannot be read.
    """
    import mutagen

    try:
        return next(find_pictures(mutagen.File(path)), None)
    except Exception as error:  # a parser fed broken files may raise anything
        raise CoverError(f"cannot be read: {' '.join(str(error).split()) or type(error).__name__}") from error


def find_pictures(audio: Any) -> Iterator[bytes]:
    """Pictures of an opened audio file, front covers first; those that are broken are passed over."""
    pictures = [(kind, data) for kind, data in _all_pictures(audio) if data]
    yield from (data for kind, data in pictures if kind == _FRONT)
    yield from (data for kind, data in pictures if kind != _FRONT)


def front_digests(audio: Any) -> tuple[str, ...]:
    """Digests of the different front covers inside an opened audio file."""
    fronts = (data for kind, data in _all_pictures(audio) if data and kind == _FRONT)
    return tuple(dict.fromkeys(hashlib.sha256(data).hexdigest()[:16] for data in fronts))


def _all_pictures(audio: Any) -> Iterator[tuple[int, bytes]]:
    """Kind and bytes of every picture."""
    from mutagen.apev2 import APEv2
    from mutagen.flac import Picture
    from mutagen.id3 import ID3

    if audio is None:
        return
    for picture in getattr(audio, "pictures", ()):  # FLAC
        yield picture.type, picture.data
    tags = audio.tags
    if tags is None:
        return
    if isinstance(tags, ID3):
        for frame in tags.getall("APIC"):
            yield int(frame.type), frame.data
        return
    for text in tags.get("metadata_block_picture", ()):  # Ogg, Opus
        try:
            picture = Picture(base64.b64decode(text))
        except (ValueError, struct.error, EOFError):
            continue
        except Exception:  # noqa: BLE001  mutagen's own error, which is no ValueError
            continue
        yield picture.type, picture.data
    for n, data in enumerate(tags.get("covr", ())):  # MP4: the first is the front
        yield 0 if n else _FRONT, bytes(data)
    for attribute in tags.get("WM/Picture", ()):
        yield _parse_windows_media(bytes(attribute.value))
    if isinstance(tags, APEv2):
        for name, kind in (("Cover Art (Front)", _FRONT), ("Cover Art (Other)", 0)):
            if name in tags:
                yield kind, bytes(tags[name].value).partition(b"\0")[2]  # a file name comes first


def _parse_windows_media(value: bytes) -> tuple[int, bytes]:
    """WM/Picture: kind, length, type and description as UTF-16 texts that end in a zero, then the picture."""
    kind, length = struct.unpack_from("<BI", value)
    place = 5
    for _ in range(2):
        while value[place : place + 2] not in (b"\0\0", b""):
            place += 2
        place += 2
    return kind, value[place : place + length]
