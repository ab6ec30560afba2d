"""Vorbis comments, `MOOD` once per mood: FLAC, Ogg Vorbis, Opus, Speex and FLAC in Ogg."""

from __future__ import annotations

import hashlib
import struct
from collections import defaultdict
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from albumnet.errors import TagError
from albumnet.marks import MARK_NAME
from albumnet.tagging.formats.base import MOOD_NAME, Entry, MoodTags, TaggedFile, is_mood_name
from albumnet.tagging.formats.reading import digest_ranges, read_at

_COMMENT_BLOCK, _PADDING_BLOCK = 4, 1
_NOT_FINISHED = 0xFFFFFFFFFFFFFFFF


class VorbisFile(TaggedFile):
    """Comments in an Ogg stream."""

    title = "Ogg"

    def _open(self) -> Any:
        import mutagen

        audio = mutagen.File(self.path)
        if audio is None:
            raise TagError("is no Ogg file after all")
        return audio

    def read(self) -> MoodTags:
        """The mood tags as they stand."""
        if self._audio.tags is None:
            return MoodTags(has_container=False)
        values: dict[str, list[str]] = defaultdict(list)
        for key, value in self._audio.tags:
            if is_mood_name(key):
                values[key].append(value)
        return MoodTags(tuple(Entry(key, tuple(texts)) for key, texts in values.items()))

    def make(self, moods: Sequence[str], mark: str) -> tuple[Entry, ...]:
        """`MOOD` once per mood, and the mark."""
        return Entry(MOOD_NAME, tuple(moods)), Entry(MARK_NAME, (mark,))

    def write(self, tags: MoodTags) -> None:
        """Put these mood tags in place of those that stand there, and save."""
        audio = self._audio
        if audio.tags is None:
            audio.add_tags()
        audio.tags[:] = [pair for pair in audio.tags if not is_mood_name(pair[0])]
        audio.tags.extend((entry.key, value) for entry in tags.entries for value in entry.values)
        if not tags.has_container:
            self._forget_container()
        audio.save(self.path)

    def _forget_container(self) -> None:
        """Ogg streams always have comments."""

    def digest_rest(self) -> str:
        """Hash of all packets but the comments', and of their times; pages are cut and counted anew by any change."""
        hasher = hashlib.sha256()
        n_whole: dict[int, int] = defaultdict(int)
        commented: int | None = None
        for serial, granule, parts in _pages(self.path):
            commented = serial if commented is None else commented
            for part, is_end in parts:
                if serial != commented or n_whole[serial] != 1:
                    # Comments share pages with what follows them, so where a page ends within a packet says nothing.
                    hasher.update(part + (struct.pack("<II", serial, n_whole[serial]) if is_end else b""))
                n_whole[serial] += is_end
            if granule not in (0, _NOT_FINISHED):
                hasher.update(struct.pack("<IQI", serial, granule, n_whole[serial]))
        return hasher.hexdigest()


class FlacFile(VorbisFile):
    """Comments in a metadata block before the audio."""

    title = "FLAC"

    def _open(self) -> Any:
        from mutagen.flac import FLAC

        return FLAC(self.path)

    def _forget_container(self) -> None:
        self._audio.metadata_blocks[:] = [b for b in self._audio.metadata_blocks if b is not self._audio.tags]

    def digest_rest(self) -> str:
        """Hash of the audio and of all metadata blocks but comments and padding."""
        start = _find_flac(self.path)
        ranges, place, is_last = [(0, start)], start + 4, False
        while not is_last:
            head = read_at(self.path, place, 4)
            if len(head) < 4:
                raise TagError("its metadata blocks end too early")
            is_last, kind, size = bool(head[0] & 0x80), head[0] & 0x7F, int.from_bytes(head[1:], "big")
            if kind not in (_COMMENT_BLOCK, _PADDING_BLOCK):
                # The flag for the last block is another one's when padding comes or goes.
                ranges.append((place + 1, place + 4 + size))
            place += 4 + size
        return digest_ranges(self.path, [*ranges, (place, self.path.stat().st_size)])


def _find_flac(path: Path) -> int:
    """Where `fLaC` stands: at the start, or after an ID3v2 tag that somebody put there."""
    head = read_at(path, 0, 10)
    if head[:3] != b"ID3":
        return 0
    return 10 + sum((byte & 0x7F) << shift for byte, shift in zip(head[6:10], (21, 14, 7, 0), strict=True))


def _pages(path: Path) -> Iterator[tuple[int, int, list[tuple[bytes, bool]]]]:
    """Serial, granule position, and pieces of packets with whether the packet ends there, page by page."""
    with path.open("rb") as file:
        while head := file.read(27):
            if len(head) < 27 or head[:4] != b"OggS":
                raise TagError(f"its Ogg pages are broken before byte {file.tell():,}")
            granule, serial = struct.unpack_from("<QI", head, 6)
            lacing = file.read(head[26])
            body = file.read(sum(lacing))
            if len(body) != sum(lacing):
                raise TagError("its last Ogg page is cut off")
            yield serial, granule, _split(lacing, body)


def _split(lacing: bytes, body: bytes) -> list[tuple[bytes, bool]]:
    parts, start, size = [], 0, 0
    for value in lacing:
        size += value
        if value < 255:
            parts.append((body[start : start + size], True))
            start, size = start + size, 0
    if size:
        parts.append((body[start:], False))
    return parts
