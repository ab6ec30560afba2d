"""Covers by content: the original bytes under the name of their sha256, so that one picture is kept once."""

from __future__ import annotations

import hashlib
from pathlib import Path

from albumnet.dataset.atomic import write_bytes


def store_cover(covers_dir: Path, data: bytes) -> str:
    """Keep a cover's bytes unless they are there already; returns their sha256 as 64 hex digits."""
    cover = hashlib.sha256(data).hexdigest()
    if find_cover(covers_dir, cover) is None:
        write_bytes(covers_dir / cover[:2] / f"{cover}{_extension(data)}", data)
    return cover


def find_cover(covers_dir: Path, cover: str) -> Path | None:
    """The file of a cover, or None when it is not kept here."""
    for extension in (*_EXTENSION_OF_MAGIC.values(), ".img"):
        path = covers_dir / cover[:2] / f"{cover}{extension}"
        if path.exists():
            return path
    return None


def _extension(data: bytes) -> str:
    return next((ext for magic, ext in _EXTENSION_OF_MAGIC.items() if data.startswith(magic)), ".img")


_EXTENSION_OF_MAGIC = {
    b"\xff\xd8\xff": ".jpg",
    b"\x89PNG": ".png",
    b"RIFF": ".webp",
    b"GIF8": ".gif",
    b"BM": ".bmp",
    b"II*\0": ".tif",
    b"MM\0*": ".tif",
}
