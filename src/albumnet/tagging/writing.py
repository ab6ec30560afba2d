"""One file's mood tags changed so that it is, at any moment, either as it was or as it should be.

A copy beside the file is changed, checked and flushed, then renamed over it. The copy keeps owner, permissions and
extended attributes; its time of change is new, because players and backups find changed files by it.
"""

from __future__ import annotations

import errno
import os
import secrets
import shutil
import stat
from collections.abc import Iterable
from pathlib import Path

from albumnet.errors import TagError
from albumnet.tagging.formats import MoodTags, open_tags
from albumnet.tagging.in_use import is_being_written

TEMPORARY_PREFIX = ".albumnet-tagging-"


def write_tags(path: Path, tags: MoodTags, *, expected: MoodTags) -> None:
    """Replace the mood tags of a file.

    Args:
        path: The file.
        tags: What its mood tags shall be.
        expected: What they are thought to be.

    Raises:
        TagError: If that cannot be done, or not without changing anything else; the file is then as it was.
    """
    try:
        before = path.lstat()
        _check_may_be_written(path, before)
        temporary = path.with_name(f"{TEMPORARY_PREFIX}{secrets.token_hex(8)}{path.suffix}")
        try:
            _copy(path, temporary, before)
            _change(temporary, tags, expected=expected)
            _flush(temporary)
            _check_unchanged(path, before)
            temporary.replace(path)
        except BaseException:
            temporary.unlink(missing_ok=True)
            raise
        _flush(path.parent)
    except TagError:
        raise
    except OSError as error:
        raise TagError(_describe(error)) from error


def remove_leftovers(folders: Iterable[Path]) -> None:
    """Remove copies that a killed program left in these folders, beside the files that it was about to change."""
    for folder in set(folders):
        for path in folder.glob(f"{TEMPORARY_PREFIX}*"):
            path.unlink(missing_ok=True)


def _check_may_be_written(path: Path, state: os.stat_result) -> None:
    if not stat.S_ISREG(state.st_mode):
        raise TagError("is no regular file")
    # Renaming asks for the folder's permission only, but a file that its owner made read-only is meant to stay.
    if not state.st_mode & (stat.S_IWUSR | stat.S_IWGRP | stat.S_IWOTH) or not os.access(path, os.W_OK):
        raise TagError("is read-only; allow writing (chmod u+w) and tag again")
    if not os.access(path.parent, os.W_OK):
        raise TagError("lies in a folder that may not be written; allow writing and tag again")
    if is_being_written(path):
        raise TagError("is in use: another program is writing to it or has locked it; tag again when that is done")


def _copy(path: Path, temporary: Path, state: os.stat_result) -> None:
    shutil.copyfile(path, temporary)
    made = temporary.stat()
    if (made.st_uid, made.st_gid) != (state.st_uid, state.st_gid):
        try:
            os.chown(temporary, state.st_uid, state.st_gid)
        except PermissionError:
            raise TagError("belongs to another user or group, which could not be kept; tag as its owner") from None
    shutil.copystat(path, temporary)


def _change(temporary: Path, tags: MoodTags, *, expected: MoodTags) -> None:
    """Change the copy, and check that nothing else changed in it.

    Raises:
        TagError: If something did, or the tags are not what they were thought to be.
    """
    try:
        file = open_tags(temporary)
        if not file.read().says_the_same(expected):
            raise TagError("its mood tags were changed meanwhile; tag again")
        rest = file.digest_rest()
        file.write(tags)
        written = open_tags(temporary)
        if written.digest_rest() != rest:
            raise TagError("writing its tags would have changed its audio; it is left alone")
        if not written.read().says_the_same(tags):
            raise TagError("its tags did not come out as they should; it is left alone")
    except (TagError, OSError):
        raise
    except Exception as error:  # mutagen fed unusual files may raise anything
        if isinstance(error.__cause__ or error.__context__, OSError):
            raise (error.__cause__ or error.__context__) from error  # type: ignore[misc]  # checked just above
        raise TagError(f"cannot be written: {' '.join(str(error).split()) or type(error).__name__}") from error


def _check_unchanged(path: Path, before: os.stat_result) -> None:
    now = path.lstat()
    if (now.st_ino, now.st_size, now.st_mtime_ns) != (before.st_ino, before.st_size, before.st_mtime_ns):
        raise TagError("was changed by another program meanwhile; tag again")


def _flush(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _describe(error: OSError) -> str:
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return "the disk is full; free some space (the largest file's size is enough) and tag again"
    if error.errno == errno.ENOENT:
        return "is not there any more"
    return f"cannot be written: {error.strerror or error}"
