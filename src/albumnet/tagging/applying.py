"""Plans carried out, and what was written taken back."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from albumnet.errors import TagError
from albumnet.progress import Progress, ProgressCallback, ignore_progress
from albumnet.tagging.formats import MoodTags, open_tags
from albumnet.tagging.planning import TagPlan
from albumnet.tagging.undo import UndoFile, open_undo_file
from albumnet.tagging.writing import remove_leftovers, write_tags


@dataclass
class TagResult:
    """What was done.

    Attributes:
        n_written: Files that moods were written into.
        n_taken_back: Files that are as they were before AlbumNet wrote into them.
        failures: Files that were left alone, and why.
    """

    n_written: int = 0
    n_taken_back: int = 0
    failures: list[tuple[str, str]] = field(default_factory=list)


def apply_plan(plan: TagPlan, *, progress: ProgressCallback = ignore_progress) -> TagResult:
    """Write what a plan says; safe to stop at any moment and to plan and apply again.

    Raises:
        TagError: If another program is at work on the library.
        OSError: If the undo file cannot be written; no file is touched then.
    """
    result = TagResult()
    n_files, n_done = plan.count("write", "take back"), 0
    if not n_files:
        return result
    with open_undo_file(plan.music_dir) as undo:
        for album in plan.albums:
            files = [file for file in album.files if file.action in ("write", "take back")]
            remove_leftovers((plan.music_dir / file.name).parent for file in files)
            undo.remember({file.name: file.before for file in files})
            for file in files:
                try:
                    if file.action == "write":
                        write_tags(plan.music_dir / file.name, file.after, expected=file.before)
                        result.n_written += 1
                    else:
                        _restore(plan.music_dir, file.name, undo, current=file.before)
                        result.n_taken_back += 1
                except TagError as error:
                    result.failures.append((file.name, str(error)))
                n_done += 1
                progress(Progress("tagging", n_done, n_files))
    return result


def take_back(
    music_dir: Path,
    names: Sequence[str],
    *,
    and_recorded: bool = True,
    force: bool = False,
    progress: ProgressCallback = ignore_progress,
) -> TagResult:
    """Give files the mood tags that they had before AlbumNet wrote into them; safe to stop and run again.

    Files that bear our mark without a record, because they were moved or copied, lose what we wrote.

    Args:
        music_dir: The library.
        names: Audio files of it.
        and_recorded: Also all others that the undo file knows.
        force: Also where moods were changed by somebody since; their change is lost.
        progress: Told about files.

    Raises:
        TagError: If another program is at work on the library.
        OSError: If the undo file cannot be read.
    """
    result = TagResult()
    with open_undo_file(music_dir) as undo:
        every = list(dict.fromkeys([*(undo.originals if and_recorded else ()), *names]))
        remove_leftovers((music_dir / name).parent for name in every)
        for n, name in enumerate(every, start=1):
            try:
                result.n_taken_back += _take_back_one(music_dir, name, undo, force=force)
            except TagError as error:
                if name in undo.originals:
                    result.failures.append((name, str(error)))
            progress(Progress("taking back", n, len(every)))
    return result


def _take_back_one(music_dir: Path, name: str, undo: UndoFile, *, force: bool) -> bool:
    """Whether the file had to be changed."""
    path = music_dir / name
    if not path.is_file():
        if force:
            undo.forget(name)
        raise TagError(
            "is not there any more; if it was moved within the library, what we wrote is taken back where it lies now "
            "(--force forgets what stood in it before)"
        )
    current = open_tags(path).read()
    original = undo.originals.get(name)
    if original is None:
        if not current.are_ours or path.is_symlink():
            return False
        write_tags(path, MoodTags(has_container=current.has_container), expected=current)
        return True
    if current.says_the_same(original):
        undo.forget(name)
        return False
    if not current.are_ours and not force:
        raise TagError("its moods were changed since; --force puts back what stood there before")
    _restore(music_dir, name, undo, current=current)
    return True


def _restore(music_dir: Path, name: str, undo: UndoFile, *, current: MoodTags) -> None:
    original = undo.originals.get(name, MoodTags(has_container=current.has_container))
    write_tags(music_dir / name, original, expected=current)
    undo.forget(name)
