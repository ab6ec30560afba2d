"""Where things lie that can be made again: under the user's cache folder."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path


def cache_folder(kind: str) -> Path:
    """AlbumNet's folder for one kind of thing, under `XDG_CACHE_HOME` or else `~/.cache`; not made yet."""
    base = os.environ.get("XDG_CACHE_HOME")
    return (Path(base) if base else Path("~/.cache").expanduser()) / "albumnet" / kind


def library_cache(music_dir: Path) -> Path:
    """The folder for what was read of one music library; not made yet."""
    place = os.fsencode(music_dir.resolve())
    return cache_folder("library") / hashlib.sha256(place).hexdigest()[:16]
