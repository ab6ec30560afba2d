"""What everything is about: an album with its ordered moods, and the vocabulary of moods."""

from __future__ import annotations

import csv
import hashlib
import unicodedata
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from albumnet.errors import InputTableError, VocabularyMismatchError

if TYPE_CHECKING:
    from jaxtyping import Float, UInt8


@dataclass(frozen=True, slots=True)
class Album:
    """One album: who made it, what it is said to feel like, and which picture is on its front.

    Attributes:
        album_id: Unique within a set.
        artist: As printed; empty when unknown.
        title: As printed; empty when unknown.
        moods: Mood names, strongest first; empty when nobody said.
        genres: Genre names; empty when unknown, which models take as a stated input.
        styles: Finer genres; kept, not used as model input.
        year: Year of release; None when unknown.
        cover: sha256 of the cover's original bytes, as 64 hex digits; None when there is no usable cover.
        cover_file: The name the cover had where it came from; its address where that was the web.
        source: Where the row came from ("albums.csv").
        picture: sha256 of the cover that stands for all covers which show the same picture, found by cleaning; None
            where there is no other. Such covers are never on two sides of a split.
    """

    album_id: str
    artist: str = ""
    title: str = ""
    moods: tuple[str, ...] = ()
    genres: tuple[str, ...] = ()
    styles: tuple[str, ...] = ()
    year: int | None = None
    cover: str | None = None
    cover_file: str | None = None
    source: str = ""
    picture: str | None = None


def normalise_name(name: str) -> str:
    """A mood name (or artist) as it is compared: case, spaces, hyphens and underscores do not count.

    `Good-Natured`, `good natured` and `GoodNatured` are one name, and so are the two ways to write the ö of `Björk`.
    """
    return "".join(unicodedata.normalize("NFKC", name).casefold().translate(_NOT_COMPARED).split())


# Hyphens, dashes and the minus sign: tables that went through a word processor mix them.
_NOT_COMPARED = dict.fromkeys(map(ord, "-_\u2010\u2011\u2012\u2013\u2014\u2212"))


@dataclass(frozen=True)
class MoodVocabulary:
    """Mood names in a fixed order; column m of every target, score and weight matrix belongs to `names[m]`."""

    names: tuple[str, ...]

    def __post_init__(self) -> None:
        seen: dict[str, str] = {}
        for name in self.names:
            key = normalise_name(name)
            if not key:
                raise InputTableError("a mood name is empty; give every mood a name")
            if key in seen:
                raise InputTableError(
                    f"moods {seen[key]!r} and {name!r} are the same name once case, spaces and hyphens are set aside; "
                    "keep one of them"
                )
            seen[key] = name

    def __len__(self) -> int:
        return len(self.names)

    @cached_property
    def digest(self) -> str:
        """16 hex digits that differ whenever a name or the order differs."""
        return hashlib.sha256("\n".join(self.names).encode()).hexdigest()[:16]

    @cached_property
    def _index(self) -> dict[str, int]:
        return {normalise_name(name): m for m, name in enumerate(self.names)}

    def index(self, name: str) -> int:
        """The column of a mood, however its name is spaced, hyphened or cased.

        Raises:
            VocabularyMismatchError: If no mood of the vocabulary has that name.
        """
        m = self._index.get(normalise_name(name))
        if m is None:
            raise VocabularyMismatchError(
                f"mood {name!r} is not among the {len(self)} moods of vocabulary {self.digest}; "
                f"it has {', '.join(self.names[:5])}, …"
            )
        return m

    def __contains__(self, name: str) -> bool:
        return normalise_name(name) in self._index

    def target(self, moods: Sequence[Iterable[str]]) -> UInt8[np.ndarray, "N M"]:
        """Multi-hot encoding (N, M): 1 where album n has mood m. Moods outside the vocabulary are passed over."""
        encoded = np.zeros((len(moods), len(self)), dtype=np.uint8)
        for row, album_moods in zip(encoded, moods, strict=True):
            row[[self._index[normalise_name(mood)] for mood in album_moods if mood in self]] = 1
        return encoded

    def relevance(self, moods: Sequence[Iterable[str]]) -> Float[np.ndarray, "N M"]:
        """Rank-graded encoding (N, M) in [0, 1]: the r-th of an album's n moods gets (n - r + 1) / n, the others 0.

        Moods outside the vocabulary are passed over before ranks are counted.
        """
        encoded = np.zeros((len(moods), len(self)), dtype=np.float32)
        for row, album_moods in zip(encoded, moods, strict=True):
            columns = list(dict.fromkeys(self._index[normalise_name(mood)] for mood in album_moods if mood in self))
            row[columns] = 1 - np.arange(len(columns)) / max(len(columns), 1)
        return encoded


@dataclass(frozen=True)
class MoodAliases:
    """Variant spellings of moods and the name each stands for, keyed by normalised variant."""

    mood_of_variant: Mapping[str, str] = field(default_factory=dict)

    def canonical(self, name: str) -> str:
        """The name that `name` stands for; `name` itself, trimmed, when it is no known variant."""
        return self.mood_of_variant.get(normalise_name(name), " ".join(name.split()))


def read_aliases(path: Path) -> MoodAliases:
    """Aliases from a CSV file with columns `variant` and `mood` (`Amiable/GoodNatured,Amiable/Good-Natured`).

    Raises:
        InputTableError: If the file cannot be read, lacks those columns, or gives one variant two moods.
    """
    try:
        reader = csv.DictReader(path.read_text("utf-8-sig").splitlines(), restval="")
        rows = list(reader)
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise InputTableError(f"cannot read alias file {path}: {error}; expected a UTF-8 CSV file") from error
    columns = list(reader.fieldnames or ())
    if not {"variant", "mood"} <= set(columns):
        raise InputTableError(f"{path} has columns {', '.join(columns) or 'none'}; an alias file needs variant,mood")
    mood_of_variant: dict[str, str] = {}
    for row in rows:
        variant, mood = normalise_name(row["variant"]), " ".join(row["mood"].split())
        if not variant or not normalise_name(mood):
            continue
        known = mood_of_variant.setdefault(variant, mood)
        if known != mood:
            raise InputTableError(
                f"{path} says that {row['variant']!r} stands for {known!r} and for {mood!r}; keep one of the rows"
            )
    return MoodAliases(mood_of_variant)


def build_vocabulary(moods: Iterable[Iterable[str]]) -> MoodVocabulary:
    """The vocabulary of all moods that occur, in alphabetical order; of several spellings the commonest wins."""
    spellings: dict[str, Counter[str]] = {}
    for album_moods in moods:
        for mood in album_moods:
            spellings.setdefault(normalise_name(mood), Counter())[mood] += 1
    commonest = (max(sorted(counts), key=counts.__getitem__) for key, counts in spellings.items() if key)
    return MoodVocabulary(tuple(sorted(commonest, key=lambda name: (name.casefold(), name))))
