"""Covers and features of a cleaned set: hard links to the same bytes where the disk can, copies where it cannot."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterable
from pathlib import Path

from albumnet.dataset.atomic import replacing
from albumnet.dataset.covers import find_cover
from albumnet.progress import Progress, ProgressCallback, ignore_progress
from albumnet.records import Album

_TOLD_EVERY = 1000


def link_covers(
    albums: Iterable[Album], covers_dir: Path, *, out: Path, progress: ProgressCallback = ignore_progress
) -> None:
    """Bring the covers of some albums into another set's folder, unless they are there."""
    covers = sorted({album.cover for album in albums if album.cover})
    for prefix in {cover[:2] for cover in covers}:
        (out / prefix).mkdir(parents=True, exist_ok=True)
    for n, cover in enumerate(covers, start=1):
        if path := find_cover(covers_dir, cover):
            _link(path, out / cover[:2] / path.name)
        if n % _TOLD_EVERY == 0 or n == len(covers):
            progress(Progress("linking covers", n, len(covers)))


def link_features(features_dir: Path, *, out: Path) -> None:
    """Bring all features along: they go by cover, so that none has to be computed again."""
    for path in sorted(features_dir.rglob("*")):
        # A name with a dot in front is unfinished work.
        if path.is_file() and not path.name.startswith("."):
            _link(path, out / path.relative_to(features_dir))


def _link(path: Path, new: Path) -> None:
    # Files of a set are replaced by renaming and never written into, so that a link is as good as a copy.
    try:
        os.link(path, new)
    except FileExistsError:
        return
    except OSError:
        if not new.parent.is_dir():
            new.parent.mkdir(parents=True, exist_ok=True)
            _link(path, new)
            return
        with replacing(new) as temporary:
            shutil.copyfile(path, temporary)
