"""MP4 and M4A: `----:com.apple.iTunes:MOOD` with one piece of data per mood."""

from __future__ import annotations

import hashlib
import struct
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from albumnet.errors import TagError
from albumnet.marks import MARK_NAME
from albumnet.tagging.formats.base import MOOD_NAME, Entry, MoodTags, TaggedFile, is_mood_name
from albumnet.tagging.formats.reading import digest_ranges, read_at

_FREE_FORM = "----:com.apple.iTunes:"
_UTF8 = 1
# What holds tags or empty room, and what other atoms lie in.
_NOT_AUDIO = (b"udta", b"meta", b"free", b"skip")
_NESTED = (b"moov", b"trak", b"mdia", b"minf", b"stbl")


class Mp4File(TaggedFile):
    """Atoms; a free-form atom has a reverse domain and a name."""

    title = "MP4"

    def _open(self) -> Any:
        from mutagen.mp4 import MP4

        return MP4(self.path)

    def read(self) -> MoodTags:
        """The mood tags as they stand."""
        tags = self._audio.tags
        if tags is None:
            return MoodTags(has_container=False)
        entries = []
        for key in tags:
            if key.startswith("----:") and is_mood_name(key.rpartition(":")[2]):
                forms = {(int(value.dataformat), int(value.version)) for value in tags[key]}
                try:
                    values = tuple(bytes(value).decode() for value in tags[key])
                except UnicodeDecodeError:
                    raise TagError(f"its tag {key} is no text; mend it with a tag editor first") from None
                if len(forms) != 1:
                    raise TagError(f"its tag {key} has values of several kinds; mend it with a tag editor first")
                entries.append(Entry(key, values, forms.pop()))
        return MoodTags(tuple(entries))

    def make(self, moods: Sequence[str], mark: str) -> tuple[Entry, ...]:
        """Free-form atoms of moods and the mark."""
        return (
            Entry(_FREE_FORM + MOOD_NAME, tuple(moods), (_UTF8, 0)),
            Entry(_FREE_FORM + MARK_NAME, (mark,), (_UTF8, 0)),
        )

    def write(self, tags: MoodTags) -> None:
        """Put these mood tags in place of those that stand there, and save."""
        from mutagen.mp4 import MP4FreeForm

        audio = self._audio
        if audio.tags is None:
            audio.add_tags()
        for entry in self.read().entries:
            del audio.tags[entry.key]
        if not tags.has_container:
            return audio.delete(self.path)  # type: ignore[no-any-return]  # it gives nothing
        for entry in tags.entries:
            kind, version = entry.form
            audio.tags[entry.key] = [MP4FreeForm(value.encode(), kind, version) for value in entry.values]
        return audio.save(self.path)  # type: ignore[no-any-return]  # likewise

    def digest_rest(self) -> str:
        """Hash of all atoms but tags and empty room; chunk offsets count from where the audio begins."""
        hasher = hashlib.sha256()
        size = self.path.stat().st_size
        audio_start = next((start for name, start, _ in _atoms(self.path, 0, size) if name == b"mdat"), 0)
        _hash_atoms(self.path, 0, size, audio_start=audio_start, hasher=hasher)
        return hasher.hexdigest()


def _hash_atoms(path: Path, start: int, end: int, *, audio_start: int, hasher: Any) -> None:
    for name, body, stop in _atoms(path, start, end):
        if name in _NOT_AUDIO:
            continue
        hasher.update(name)
        if name in _NESTED:
            _hash_atoms(path, body, stop, audio_start=audio_start, hasher=hasher)
        elif name in (b"stco", b"co64"):
            hasher.update(_relative_offsets(read_at(path, body, stop - body), name=name, audio_start=audio_start))
        else:
            hasher.update(digest_ranges(path, [(body, stop)]).encode())


def _atoms(path: Path, start: int, end: int) -> Iterator[tuple[bytes, int, int]]:
    """Name, start of content and end of each atom side by side."""
    while start + 8 <= end:
        head = read_at(path, start, 16)
        size, head_size = int.from_bytes(head[:4], "big"), 8
        if size == 1:
            size, head_size = int.from_bytes(head[8:16], "big"), 16
        elif size == 0:
            size = end - start
        if size < head_size or start + size > end:
            raise TagError(f"its atoms are broken at byte {start:,}")
        yield head[4:8], start + head_size, start + size
        start += size


def _relative_offsets(content: bytes, *, name: bytes, audio_start: int) -> bytes:
    width, n = (8 if name == b"co64" else 4), int.from_bytes(content[4:8], "big")
    if len(content) != 8 + n * width:
        raise TagError("its table of chunks is broken")
    offsets = struct.unpack(f">{n}{'Q' if width == 8 else 'I'}", content[8:])
    return struct.pack(f">{n}q", *(offset - audio_start for offset in offsets))
