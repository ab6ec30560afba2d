"""Windows Media: the attribute `WM/Mood`, once per mood."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any
from uuid import UUID

from albumnet.errors import TagError
from albumnet.marks import MARK_NAME
from albumnet.tagging.formats.base import Entry, MoodTags, TaggedFile, is_mood_name
from albumnet.tagging.formats.reading import digest_ranges, read_at

_MOOD_KEY = "WM/Mood"


def _guid(text: str) -> bytes:
    return UUID(text).bytes_le


# Objects of the header that hold tags or empty room, and the one that others lie in (ASF specification, chapter 10).
_NOT_AUDIO = tuple(
    map(
        _guid,
        (
            "75B22633-668E-11CF-A6D9-00AA0062CE6C",  # content description
            "D2D0A440-E307-11D2-97F0-00A0C95EA850",  # extended content description
            "C5F8CBEA-5BAF-4877-8467-AA8C44FA4CCA",  # metadata
            "44231C94-9498-49D1-A141-1D134E457054",  # metadata library
            "1806D474-CADF-4509-A4BA-9AABCB96AAE8",  # padding
        ),
    )
)
_EXTENSION = _guid("5FBF03B5-A92E-11CF-8EE3-00C00C205365")
_OBJECT_HEAD, _HEADER_HEAD, _EXTENSION_HEAD = 24, 30, 46


class AsfFile(TaggedFile):
    """Attributes in the header, several of one name allowed."""

    title = "Windows Media"

    def _open(self) -> Any:
        from mutagen.asf import ASF

        return ASF(self.path)

    def read(self) -> MoodTags:
        """The mood tags as they stand."""
        from mutagen.asf import ASFUnicodeAttribute  # type: ignore[attr-defined]  # it is documented there

        values: dict[tuple[str, int, int], list[str]] = defaultdict(list)
        for name, attribute in self._audio.tags:
            if not _is_mood(name):
                continue
            if not isinstance(attribute, ASFUnicodeAttribute):
                raise TagError(f"its tag {name} is no text; mend it with a tag editor first")
            # A second value of one name is kept where "of no language" and "of no stream" are written as 0.
            values[name, attribute.language or 0, attribute.stream or 0].append(str(attribute))
        return MoodTags(tuple(Entry(key[0], tuple(texts), key[1:]) for key, texts in values.items()))

    def make(self, moods: Sequence[str], mark: str) -> tuple[Entry, ...]:
        """`WM/Mood` once per mood, and the mark."""
        return Entry(_MOOD_KEY, tuple(moods), (0, 0)), Entry(MARK_NAME, (mark,), (0, 0))

    def write(self, tags: MoodTags) -> None:
        """Put these mood tags in place of those that stand there, and save."""
        from mutagen.asf import ASFUnicodeAttribute  # type: ignore[attr-defined]  # it is documented there

        audio = self._audio
        audio.tags[:] = [pair for pair in audio.tags if not _is_mood(pair[0])]
        for entry in tags.entries:
            language, stream = (n or None for n in entry.form)
            for value in entry.values:
                audio.tags.append((entry.key, ASFUnicodeAttribute(value, language=language, stream=stream)))
        audio.save(self.path)

    def digest_rest(self) -> str:
        """Hash of all that follows the header, and of the header's objects that describe the audio."""
        size = int.from_bytes(read_at(self.path, 16, 8), "little")
        described = sorted(_audio_objects(self.path, _HEADER_HEAD, size))
        told = hashlib.sha256("".join(described).encode()).digest()
        return digest_ranges(self.path, [(size, self.path.stat().st_size)], also=told)


def _audio_objects(path: Path, start: int, end: int) -> Iterator[str]:
    """Hashes of the objects between two places that are neither tags nor empty room."""
    while start + _OBJECT_HEAD <= end:
        head = read_at(path, start, _OBJECT_HEAD)
        size = int.from_bytes(head[16:], "little")
        if size < _OBJECT_HEAD or start + size > end:
            raise TagError(f"its header is broken at byte {start:,}")
        if head[:16] == _EXTENSION:
            yield from _audio_objects(path, start + _EXTENSION_HEAD, start + size)
        elif head[:16] not in _NOT_AUDIO:
            yield digest_ranges(path, [(start, start + size)])
        start += size


def _is_mood(name: str) -> bool:
    return name.casefold() == _MOOD_KEY.casefold() or is_mood_name(name)
