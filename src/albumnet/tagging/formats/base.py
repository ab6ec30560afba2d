"""What every format has in common: mood tags as they stand in a file, put there, and taken away again."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, ClassVar

from albumnet.marks import MARK_NAME, MoodMark, parse_mark

MOOD_NAME = "MOOD"


@dataclass(frozen=True, slots=True)
class Entry:
    """One tag as it stands in a file, exactly enough to be put back.

    Attributes:
        key: What the format calls it, in the file's own spelling.
        values: Its texts.
        form: Numbers by which the format tells kinds of text apart (encoding, data type, language).
    """

    key: str
    values: tuple[str, ...]
    form: tuple[int, ...] = ()

    @property
    def name(self) -> str:
        """Its name in capitals, without what the format puts before it."""
        return self.key.rpartition(":")[2].upper()


@dataclass(frozen=True, slots=True)
class MoodTags:
    """The mood tags of one file.

    Attributes:
        entries: By key; the mark among them.
        has_container: Whether the file has any tags at all; if not, taking ours back removes what holds them.
    """

    entries: tuple[Entry, ...] = ()
    has_container: bool = True

    def __post_init__(self) -> None:
        # Formats put tags in an order of their own when they are written.
        object.__setattr__(self, "entries", tuple(sorted(self.entries, key=lambda entry: (entry.key, entry.values))))

    def says_the_same(self, other: MoodTags) -> bool:
        """Whether two files have the same texts under the same keys."""
        return [(e.key, e.values) for e in self.entries] == [(e.key, e.values) for e in other.entries]

    @property
    def moods(self) -> tuple[str, ...]:
        """All moods, whoever wrote them."""
        found = (value for entry in self.entries if entry.name != MARK_NAME for value in entry.values)
        return tuple(dict.fromkeys(value for value in found if value.strip()))

    @property
    def mark(self) -> MoodMark | None:
        """What a model wrote, if one did."""
        texts = (value for entry in self.entries if entry.name == MARK_NAME for value in entry.values)
        return next((mark for text in texts if (mark := parse_mark(text)) is not None), None)

    @property
    def are_ours(self) -> bool:
        """Whether all moods are as a model wrote them."""
        mark = self.mark
        return mark is not None and mark.is_all_of(self.moods)

    def to_json(self) -> dict[str, Any]:
        """As an undo file keeps it."""
        return asdict(self)

    @classmethod
    def from_json(cls, content: Mapping[str, Any]) -> MoodTags:
        """Back from `to_json`."""
        entries = (Entry(e["key"], tuple(e["values"]), tuple(e["form"])) for e in content["entries"])
        return cls(tuple(entries), content["has_container"])


@dataclass
class TaggedFile(ABC):
    """An audio file opened for its mood tags; subclasses are one per kind of tags.

    Raises:
        TagError: On opening, if its tags cannot be kept as they are when moods are written.
    """

    path: Path
    title: ClassVar[str]
    _audio: Any = field(init=False, repr=False)

    def __post_init__(self) -> None:
        self._audio = self._open()

    @abstractmethod
    def _open(self) -> Any:
        """The file as mutagen has it."""

    @abstractmethod
    def read(self) -> MoodTags:
        """The mood tags as they stand."""

    @abstractmethod
    def make(self, moods: Sequence[str], mark: str) -> tuple[Entry, ...]:
        """Entries for moods and the mark, under the names that this file's tags have for them."""

    @abstractmethod
    def write(self, tags: MoodTags) -> None:
        """Put these mood tags in place of those that stand there, and save."""

    @abstractmethod
    def digest_rest(self) -> str:
        """Hash of the audio: everything in the file but tags, and what says where they lie."""


def is_mood_name(name: str) -> bool:
    """Whether a tag of this name holds moods or our mark, whatever its case."""
    return name.upper() in (MOOD_NAME, MARK_NAME)
