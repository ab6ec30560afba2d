"""Covers by content: the original bytes under the name of their sha256, so that one picture is kept once."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path

from albumnet.dataset.addresses import read_bytes
from albumnet.dataset.atomic import write_bytes
from albumnet.errors import CoverError


def store_cover(covers_dir: Path, data: bytes) -> str:
    """Keep a cover's bytes unless they are there already; returns their sha256 as 64 hex digits."""
    cover = hashlib.sha256(data).hexdigest()
    if find_cover(covers_dir, cover) is None:
        write_bytes(covers_dir / cover[:2] / f"{cover}{_extension(data)}", data)
    return cover


def find_cover(covers_dir: Path, cover: str) -> Path | None:
    """The file of a cover, or None when it is not kept here."""
    return next((path for path in _possible_files(covers_dir, cover) if path.exists()), None)


def read_cover(covers_dir: Path, cover: str) -> bytes:
    """The original bytes of a cover.

    Raises:
        CoverError: If the file is gone or cannot be read.
    """
    # Reading what is there at first guess is one request; asking first would be two.
    for path in _possible_files(covers_dir, cover):
        try:
            return read_bytes(path)
        except FileNotFoundError:
            continue
        except OSError as error:
            raise CoverError(f"cannot read {path}: {error}") from error
    raise CoverError(f"cover {cover[:12]}… is missing from {covers_dir}; import it again")


def _possible_files(covers_dir: Path, cover: str) -> Iterator[Path]:
    for extension in (*_EXTENSION_OF_MAGIC.values(), ".img"):
        yield covers_dir / cover[:2] / f"{cover}{extension}"


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
