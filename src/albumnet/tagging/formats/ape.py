"""APEv2 at the end of the file, `Mood` with several values: Monkey's Audio, WavPack, Musepack."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from albumnet.errors import TagError
from albumnet.marks import MARK_NAME
from albumnet.tagging.formats.base import Entry, MoodTags, TaggedFile, is_mood_name
from albumnet.tagging.formats.reading import digest_ranges, read_at

_MOOD_KEY = "Mood"
_FOOT = 32
_V1 = 128
_HAS_HEADER = 1 << 31


class ApeFile(TaggedFile):
    """Items by name, whatever their case."""

    title = "APE"

    def _open(self) -> Any:
        from mutagen.apev2 import APENoHeaderError, APEv2

        start, end = _find_tags(self.path)
        try:
            tags = APEv2(self.path)
        except APENoHeaderError:
            return APEv2()
        if start == end:
            raise TagError("its APE tags do not lie at the end of the file; save them anew with a tag editor first")
        return tags

    def read(self) -> MoodTags:
        """The mood tags as they stand."""
        from mutagen.apev2 import TEXT

        entries = []
        for key, value in self._audio.items():
            if not is_mood_name(key):
                continue
            if value.kind != TEXT:
                raise TagError(f"its tag {key} is no text; mend it with a tag editor first")
            entries.append(Entry(key, tuple(value)))
        start, end = _find_tags(self.path)
        return MoodTags(tuple(entries), has_container=end > start)

    def make(self, moods: Sequence[str], mark: str) -> tuple[Entry, ...]:
        """`Mood` with one value per mood, and the mark."""
        return Entry(_MOOD_KEY, tuple(moods)), Entry(MARK_NAME, (mark,))

    def write(self, tags: MoodTags) -> None:
        """Put these mood tags in place of those that stand there, and save."""
        for entry in self.read().entries:
            del self._audio[entry.key]
        for entry in tags.entries:
            self._audio[entry.key] = list(entry.values)
        start, end = _find_tags(self.path)
        # mutagen would drop an ID3v1 tag behind its own, or write behind it.
        after = read_at(self.path, end, _V1)
        with self.path.open("rb+") as file:
            file.truncate(end)
            if not tags.has_container:
                file.truncate(start)
        if tags.has_container:
            self._audio.save(self.path)
        with self.path.open("ab") as file:
            file.write(after)

    def digest_rest(self) -> str:
        """Hash of all that lies before the tags and behind them."""
        start, end = _find_tags(self.path)
        return digest_ranges(self.path, [(0, start), (end, self.path.stat().st_size)])


def _find_tags(path: Path) -> tuple[int, int]:
    """Where the APE tags begin and end; both the same, where they would stand, if there are none."""
    end = path.stat().st_size
    if read_at(path, max(end - _V1, 0), 3) == b"TAG":
        end -= _V1
    foot = read_at(path, max(end - _FOOT, 0), _FOOT)
    if foot[:8] != b"APETAGEX":
        return end, end
    size, flags = int.from_bytes(foot[12:16], "little"), int.from_bytes(foot[20:24], "little")
    start = end - size - (_FOOT if flags & _HAS_HEADER else 0)
    if start < 0:
        raise TagError("its APE tags say that they are longer than the file")
    return start, end
