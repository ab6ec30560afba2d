"""Parts of files, read and hashed without holding a whole file in memory."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from pathlib import Path

_BLOCK = 1 << 20


def read_at(path: Path, start: int, size: int) -> bytes:
    """At most `size` bytes from `start` on."""
    with path.open("rb") as file:
        file.seek(start)
        return file.read(size)


def digest_ranges(path: Path, ranges: Iterable[tuple[int, int]], *, also: bytes = b"") -> str:
    """Hash of the bytes from each start to each end, and of something said about them."""
    hasher = hashlib.sha256(also)
    with path.open("rb") as file:
        for start, end in ranges:
            file.seek(start)
            left = end - start
            while left > 0 and (block := file.read(min(_BLOCK, left))):
                hasher.update(block)
                left -= len(block)
    return hasher.hexdigest()
