"""Where things lie that can be made or fetched again: under the user's cache folder, which may be emptied."""

from __future__ import annotations

import hashlib
import os
import sys
from pathlib import Path


def cache_folder(kind: str) -> Path:
    """The folder for one kind of thing, not made yet: in $ALBUMNET_CACHE, or where the system keeps a user's caches."""
    return _root() / kind


def library_cache(music_dir: Path) -> Path:
    """The folder for what was read of one music library; not made yet."""
    place = os.fsencode(music_dir.resolve())
    return cache_folder("library") / hashlib.sha256(place).hexdigest()[:16]


def _root() -> Path:
    if given := os.environ.get("ALBUMNET_CACHE"):
        return Path(given)
    if base := os.environ.get("XDG_CACHE_HOME"):
        return Path(base) / "albumnet"
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Caches" / "albumnet"
    if sys.platform == "win32":
        return Path(os.environ.get("LOCALAPPDATA") or Path.home() / "AppData" / "Local") / "albumnet" / "Cache"
    return Path.home() / ".cache" / "albumnet"
