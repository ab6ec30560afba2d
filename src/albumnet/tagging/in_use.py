"""Whether another program is writing to a file, as far as the system says."""

from __future__ import annotations

import contextlib
import errno
import os
import signal
import sys
from pathlib import Path

if sys.platform != "win32":
    import fcntl


def is_being_written(path: Path) -> bool:
    """Whether a program holds a lock on a file, or, on Linux, has it open for writing.

    A program that only reads does not count: it goes on reading the file as it was. On other systems, on network drives
    and for files of other users, only locks are seen.
    """
    if sys.platform == "win32":
        return False
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        return _is_locked(descriptor) or _has_writer(descriptor)
    finally:
        os.close(descriptor)


def _is_locked(descriptor: int) -> bool:
    for lock in (fcntl.flock, fcntl.lockf):
        try:
            lock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
            lock(descriptor, fcntl.LOCK_UN)
        except OSError as error:
            if error.errno in (errno.EWOULDBLOCK, errno.EAGAIN, errno.EACCES):
                return True
    return False


def _has_writer(descriptor: int) -> bool:
    """A read lease is refused while anybody has the file open for writing (fcntl(2), "Leases")."""
    if not sys.platform.startswith("linux"):
        return False
    try:
        # Whoever opens the file in this moment makes the system send a signal; this one is ignored by default.
        fcntl.fcntl(descriptor, fcntl.F_SETSIG, signal.SIGURG)
        fcntl.fcntl(descriptor, fcntl.F_SETLEASE, fcntl.F_RDLCK)
    except OSError as error:
        return error.errno in (errno.EAGAIN, errno.EWOULDBLOCK)
    with contextlib.suppress(OSError):
        fcntl.fcntl(descriptor, fcntl.F_SETLEASE, fcntl.F_UNLCK)
    return False
