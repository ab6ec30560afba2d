"""What would be done to each file, before anything is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from albumnet.errors import TagError
from albumnet.marks import MoodMark
from albumnet.records import Album
from albumnet.tagging.formats import MoodTags, open_tags

Action = Literal["write", "take back", "keep", "nothing"]


@dataclass(frozen=True, slots=True)
class FilePlan:
    """What becomes of one file.

    Attributes:
        name: Relative to the library.
        action: "write" moods, "take back" ours, "keep" a person's, or "nothing" where all is as it should be.
        before: Its mood tags.
        after: Its mood tags afterwards.
    """

    name: str
    action: Action
    before: MoodTags
    after: MoodTags


@dataclass(frozen=True, slots=True)
class AlbumPlan:
    """What becomes of the files of one album.

    Attributes:
        album: The album.
        cover: Where its moods were read from; None where they were not.
        mark: The moods chosen; None where there are none to write.
        files: In the order of their names.
    """

    album: Album
    cover: str | None
    mark: MoodMark | None
    files: tuple[FilePlan, ...]


@dataclass(frozen=True)
class TagPlan:
    """What would be done to a library.

    Attributes:
        music_dir: The library.
        model: Name and digest of the model.
        albums: With a cover that could be read.
        attention: Files and albums that somebody should look at, and why.
    """

    music_dir: Path
    model: str
    albums: tuple[AlbumPlan, ...]
    attention: tuple[tuple[str, str], ...]

    def count(self, *actions: Action) -> int:
        """Files with any of these actions."""
        return sum(file.action in actions for album in self.albums for file in album.files)


def plan_file(path: Path, *, name: str, mark: MoodMark | None, force: bool = False) -> FilePlan:
    """What becomes of one file.

    Moods that are no model's are left alone, and so is a file whose moods somebody took out or changed afterwards,
    unless `force` is set. Our own are replaced, or taken back where there are none to write any more.

    Raises:
        TagError: If the file cannot be read, or its tags could not be kept as they are.
    """
    reason = _reason_to_refuse(path)
    if reason:
        raise TagError(reason)
    file = open_tags(path)
    before = file.read()
    is_free = before.are_ours or not before.entries
    if not is_free and not force:
        return FilePlan(name, "keep", before, before)
    if mark is None:
        if not before.are_ours:
            return FilePlan(name, "nothing", before, before)
        return FilePlan(name, "take back", before, MoodTags(has_container=before.has_container))
    after = MoodTags(file.make(mark.values, mark.to_text()))
    if before.entries and _texts(before) == _texts(after):
        return FilePlan(name, "nothing", before, before)
    return FilePlan(name, "write", before, after)


def _reason_to_refuse(path: Path) -> str:
    """Why a file is not written to, whatever is in it; empty if it may be."""
    if path.is_symlink():
        return f"is a link to {path.readlink()}; tag that file where it lies"
    n_names = path.stat().st_nlink
    if n_names > 1:
        return f"has {n_names} names (hard links), which writing would part; give the library a copy of its own first"
    return ""


def _texts(tags: MoodTags) -> Sequence[tuple[str, tuple[str, ...]]]:
    return sorted((entry.name, entry.values) for entry in tags.entries)
