"""The mark beside moods that a model wrote into an audio file, so that nobody takes them for a person's tags."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass

from albumnet.records import normalise_name

MARK_NAME = "ALBUMNET_MOOD"
_VERSION = 1
# Players that keep one text join several moods, and others take a text of several apart.
_SEPARATORS = re.compile(r"[;|,\0]")


@dataclass(frozen=True, slots=True)
class MoodMark:
    """What a model wrote.

    Attributes:
        model: Its name and digest.
        moods: Each mood with its probability, likeliest first.
        join: What stands between them in the one value that was written; None for a value per mood.
    """

    model: str
    moods: tuple[tuple[str, float], ...]
    join: str | None = None

    @property
    def values(self) -> tuple[str, ...]:
        """The moods as they are written."""
        names = tuple(mood for mood, _ in self.moods)
        return names if self.join is None else (self.join.join(names),)

    def to_text(self) -> str:
        """As it stands in the file: one line of JSON."""
        moods = {mood: round(probability, 3) for mood, probability in self.moods}
        content = {"version": _VERSION, "model": self.model, "moods": moods}
        return json.dumps(content if self.join is None else {**content, "join": self.join}, ensure_ascii=False)

    def is_all_of(self, moods: Iterable[str]) -> bool:
        """Whether these moods, as they stand in a file, are just the model's, also if a player joined them."""
        found = tuple(moods)
        return found == self.values or mood_keys(found) == mood_keys(mood for mood, _ in self.moods)


def parse_mark(text: str) -> MoodMark | None:
    """A mark as `to_text` writes it; None if it is none, or one of another version."""
    try:
        content = json.loads(text)
        if content["version"] != _VERSION:
            return None
        moods = tuple((str(mood), float(probability)) for mood, probability in content["moods"].items())
        return MoodMark(str(content["model"]), moods, content.get("join"))
    except (ValueError, KeyError, TypeError, AttributeError):
        return None


def mood_keys(moods: Iterable[str]) -> frozenset[str]:
    """Moods as they are compared, joined ones taken apart."""
    parts = (part for mood in moods for part in _SEPARATORS.split(mood))
    return frozenset(key for part in parts if (key := normalise_name(part)))
