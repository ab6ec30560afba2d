"""ID3 in MP3, AIFF and WAV: `TMOO` in version 2.4, `TXXX:MOOD` in version 2.3; a file keeps its version.

Frames that are not ours stay bytes: they are neither parsed nor written anew, so nothing in them can be lost.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

from albumnet.errors import TagError
from albumnet.marks import MARK_NAME
from albumnet.tagging.formats.base import MOOD_NAME, Entry, MoodTags, TaggedFile, is_mood_name
from albumnet.tagging.formats.reading import digest_ranges, read_at

_UTF16, _UTF8 = 1, 3
_MOOD_FRAME = "TMOO"
_HEADER = 10
_V1 = 128
_UNSYNCHRONISED, _FOOTER = 0x80, 0x10


class Mp3File(TaggedFile):
    """ID3v2 before the audio."""

    title = "MP3"

    def _open(self) -> Any:
        return _check(self._load)

    def _load(self, **options: Any) -> Any:
        """The tags; None if there are none."""
        from mutagen.id3 import ID3, ID3NoHeaderError

        try:
            return ID3(self.path, load_v1=False, translate=False, **options)
        except ID3NoHeaderError:
            return None

    def read(self) -> MoodTags:
        """The mood tags as they stand."""
        if self._audio is None:
            return MoodTags(has_container=False)
        return MoodTags(tuple(_entries(self._audio)))

    def make(self, moods: Sequence[str], mark: str) -> tuple[Entry, ...]:
        """`TMOO`, or in version 2.3 `TXXX:MOOD`, with several values; the mark as `TXXX`."""
        is_v23 = self._audio is not None and self._audio.version[1] == 3
        encoding = _UTF16 if is_v23 else _UTF8
        key = f"TXXX:{MOOD_NAME}" if is_v23 else _MOOD_FRAME
        return Entry(key, tuple(moods), (encoding,)), Entry(f"TXXX:{MARK_NAME}", (mark,), (encoding,))

    def write(self, tags: MoodTags) -> None:
        """Put these mood tags in place of those that stand there, and save."""
        from mutagen.id3 import TMOO, TXXX

        if not tags.has_container:
            return self._remove()
        audio = self._audio if self._audio is not None else self._new_tags()
        for frame in [*audio.getall(_MOOD_FRAME), *audio.getall("TXXX")]:
            if frame.FrameID == _MOOD_FRAME or is_mood_name(frame.desc):
                del audio[frame.HashKey]
        for entry in tags.entries:
            kind, _, description = entry.key.partition(":")
            shared = {"encoding": entry.form[0], "text": list(entry.values)}
            audio.add(TMOO(**shared) if kind == _MOOD_FRAME else TXXX(desc=description, **shared))
        self._save(audio)
        return None

    def _save(self, audio: Any) -> None:
        last = _last_bytes(self.path)
        audio.save(self.path, v1=1, v2_version=_version(audio), v23_sep=None)
        if last[-_V1:].startswith(b"TAG"):
            # mutagen writes ID3v1 anew from the frames it knows, which are ours alone.
            with self.path.open("rb+") as file:
                file.seek(-_V1, 2)
                file.write(last[-_V1:])

    def _new_tags(self) -> Any:
        from mutagen.id3 import ID3, ID3NoHeaderError

        try:
            # Players that find ID3v2 look no further, so what ID3v1 says has to be in both.
            return ID3(self.path)
        except ID3NoHeaderError:
            return ID3()

    def _remove(self) -> None:
        from mutagen.id3 import delete

        delete(self.path, delete_v1=False, delete_v2=True)

    def digest_rest(self) -> str:
        """Hash of all that follows the ID3v2 tag."""
        head = read_at(self.path, 0, _HEADER)
        start = _HEADER + _synchsafe(head[6:10]) if head[:3] == b"ID3" else 0
        return digest_ranges(self.path, [(start, self.path.stat().st_size)])


class ChunkFile(Mp3File):
    """ID3v2 in a chunk of its own: AIFF and WAV."""

    title = "AIFF or WAV"

    def _load(self, **options: Any) -> Any:
        return self._module_class()(self.path, load_v1=False, translate=False, **options).tags

    def _module_class(self) -> Any:
        """mutagen's class for such a file."""
        from mutagen import aiff, wave

        return wave.WAVE if read_at(self.path, 0, 4) == b"RIFF" else aiff.AIFF

    def _new_tags(self) -> Any:
        audio = self._module_class()(self.path)
        audio.add_tags()
        return audio.tags

    def _save(self, audio: Any) -> None:
        audio.save(self.path, v2_version=_version(audio), v23_sep=None)

    def _remove(self) -> None:
        from mutagen import aiff, wave

        (wave if read_at(self.path, 0, 4) == b"RIFF" else aiff).delete(self.path)

    def digest_rest(self) -> str:
        """Hash of all chunks but that of the tags, in their order."""
        order = "<I" if read_at(self.path, 0, 4) == b"RIFF" else ">I"
        size, start, ranges = self.path.stat().st_size, 12, [(8, 12)]
        while start + 8 <= size:
            head = read_at(self.path, start, 8)
            end = start + 8 + struct.unpack(order, head[4:])[0]
            if head[:4].strip().lower() != b"id3":
                ranges.append((start, end))
            start = end + end % 2
        return digest_ranges(self.path, ranges)


def _check(load: Callable[..., Any]) -> Any:
    """The tags with only moods and free texts parsed, once it is sure that all can be kept; None if there are none.

    Raises:
        TagError: If not.
    """
    from mutagen.id3 import TMOO, TXXX

    raw = load(known_frames={})
    if raw is None:
        return None
    version = raw.version[1]
    if version == 2:
        raise TagError("its tags are ID3v2.2, which is not written; save them as 2.3 or 2.4 with a tag editor first")
    flags = raw._header._flags
    if version == 4 and flags & _FOOTER:
        raise TagError("its ID3v2.4 tag has a footer, which is not written; save it anew with a tag editor first")
    frames = raw.unknown_frames
    is_unsynchronised = bool(flags & _UNSYNCHRONISED)
    n_used = raw.size - _HEADER - raw._padding - (4 + len(raw._header._extdata) if raw.f_extended else 0)
    if version == 4 and (is_unsynchronised or any(_synchsafe(f[4:8]) != len(f) - _HEADER for f in frames)):
        # Raw frames would be read otherwise under the header that is written, so all are parsed.
        tags = load()
        n_parsed = len(tags.values()) + len(tags.unknown_frames)
        if n_parsed != len(frames):
            raise TagError("its ID3 tag is broken: frames would be lost; save it anew with a tag editor first")
        return tags
    if not is_unsynchronised and sum(map(len, frames)) != n_used:
        raise TagError("its ID3 tag is broken: frames would be lost; save it anew with a tag editor first")
    tags = load(known_frames={"TXXX": TXXX, "TMOO": TMOO})
    if len(tags.values()) + len(tags.unknown_frames) != len(frames):
        raise TagError("its ID3 tag is broken: free texts would be lost; save it anew with a tag editor first")
    return tags


def _entries(tags: Any) -> Iterator[Entry]:
    for frame in tags.getall(_MOOD_FRAME):
        yield Entry(_MOOD_FRAME, tuple(map(str, frame.text)), (int(frame.encoding),))
    for frame in tags.getall("TXXX"):
        if is_mood_name(frame.desc):
            yield Entry(f"TXXX:{frame.desc}", tuple(map(str, frame.text)), (int(frame.encoding),))


def _version(tags: Any) -> int:
    return 3 if tags.version[:2] == (2, 3) else 4


def _last_bytes(path: Path) -> bytes:
    return read_at(path, max(path.stat().st_size - _V1, 0), _V1)


def _synchsafe(size: bytes) -> int:
    return sum((byte & 0x7F) << shift for byte, shift in zip(size, (21, 14, 7, 0), strict=True))
