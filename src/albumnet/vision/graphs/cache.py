"""Graphs made once per machine and kept in the user's cache, where every run finds them."""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Callable
from pathlib import Path

# Raised whenever a graph of the same weights would be another.
GRAPH_VERSION = 1


def cache_dir() -> Path:
    """Where AlbumNet keeps what can be made again: $ALBUMNET_CACHE, or the system's place for a user's caches."""
    if given := os.environ.get("ALBUMNET_CACHE"):
        return Path(given)
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Caches" / "albumnet"
    if sys.platform == "win32":
        return Path(os.environ.get("LOCALAPPDATA") or Path.home() / "AppData" / "Local") / "albumnet" / "Cache"
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "albumnet"


def find_or_make(key: str, make: Callable[[], bytes], *, is_whole: Callable[[bytes], bool]) -> bytes:
    """The bytes kept under a key, or made now and kept; where nothing can be kept, made every time.

    Args:
        key: A file name that tells apart whatever must be told apart.
        make: Makes them.
        is_whole: Whether kept bytes are what they should be; others are made again.
    """
    # A home that cannot be found, read or written costs time, not the answer.
    with contextlib.suppress(OSError, RuntimeError):
        kept = (cache_dir() / "graphs" / key).read_bytes()
        if is_whole(kept):
            return kept
    made = make()
    with contextlib.suppress(OSError, RuntimeError):
        _keep(cache_dir() / "graphs" / key, made)
    return made


def _keep(path: Path, data: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        temporary.write_bytes(data)
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)
