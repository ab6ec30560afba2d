"""What a rule looks at, and what it answers."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from albumnet.cleaning.options import CleaningOptions
from albumnet.cleaning.sketching import SketchedCovers
from albumnet.records import Album


@dataclass(frozen=True)
class Material:
    """Albums that the rules before have left, and what is known of their covers.

    Attributes:
        albums: In the order of the set.
        failures: File name of a cover that could not be imported -> why.
        covers: Sizes, errors and sketches of all covers.
        copies: sha256 of a cover -> that of the largest cover of which it is a copy, encoded or scaled anew; covers
            without another are left out.
        pictures: The same of covers that show one picture, though one be cropped or of a series of much the same look.
        options: Limits.
    """

    albums: Sequence[Album]
    failures: Mapping[str, str]
    covers: SketchedCovers
    copies: Mapping[str, str]
    pictures: Mapping[str, str]
    options: CleaningOptions

    def original_of(self, album: Album) -> str | None:
        """What is equal for albums that have one cover, whatever its bytes; None without a cover."""
        return None if album.cover is None else self.copies.get(album.cover, album.cover)

    def picture_of(self, album: Album) -> str | None:
        """What is equal for albums that show the same picture; None without a cover."""
        return None if album.cover is None else self.pictures.get(album.cover, album.cover)


@dataclass(frozen=True)
class Finding:
    """What a rule says about one album.

    Attributes:
        album: Which.
        reason: Why, in one line.
        other: Id of an album that it has to do with.
        changed: The album as it should be; None to leave the choice to the rule's default.
        is_merged: Whether `other` stands for it from now on.
    """

    album: Album
    reason: str
    other: str | None = None
    changed: Album | None = None
    is_merged: bool = False


@dataclass(frozen=True)
class Rule:
    """A rule of cleaning.

    Attributes:
        name: As on the command line.
        step: What the albums that it leaves are, for the funnel.
        leaves_out: Whether albums that it flags are left out by default, unless it changes or merges them.
        find: The albums that it flags, each once.
    """

    name: str
    step: str
    leaves_out: bool
    find: Callable[[Material], Iterator[Finding]]
