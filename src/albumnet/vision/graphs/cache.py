"""Graphs made once per machine and kept in the user's cache, where every run finds them."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable
from pathlib import Path

from albumnet.cache import cache_folder

# Raised whenever a graph of the same weights would be another.
GRAPH_VERSION = 1


def find_or_make(key: str, make: Callable[[], bytes], *, is_whole: Callable[[bytes], bool]) -> bytes:
    """The bytes kept under a key, or made now and kept; where nothing can be kept, made every time.

    Args:
        key: A file name that tells apart whatever must be told apart.
        make: Makes them.
        is_whole: Whether kept bytes are what they should be; others are made again.
    """
    # A home that cannot be found, read or written costs time, not the answer.
    with contextlib.suppress(OSError, RuntimeError):
        kept = (cache_folder("graphs") / key).read_bytes()
        if is_whole(kept):
            return kept
    made = make()
    with contextlib.suppress(OSError, RuntimeError):
        _keep(cache_folder("graphs") / key, made)
    return made


def _keep(path: Path, data: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        temporary.write_bytes(data)
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)
