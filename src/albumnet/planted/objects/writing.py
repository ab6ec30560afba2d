"""An object world as files anyone could have brought: a table of albums and a folder of covers."""

from __future__ import annotations

import csv
from pathlib import Path

from albumnet.planted.objects.world import ObjectWorld
from albumnet.progress import Progress, ProgressCallback, ignore_progress


def write_objects(world: ObjectWorld, directory: Path, *, progress: ProgressCallback = ignore_progress) -> Path:
    """Write `covers/*.jpg` and `albums.csv`, the table last; covers that are there are not drawn again.

    Args:
        world: What to write; the directory is taken to hold nothing else.
        directory: Made if missing.
        progress: Told after every cover.

    Returns:
        The path of `albums.csv`; list columns are separated by `|`.
    """
    covers, table = directory / "covers", directory / "albums.csv"
    covers.mkdir(parents=True, exist_ok=True)
    for n, album in enumerate(world.albums):
        path = covers / (album.cover_file or f"{album.album_id}.jpg")
        if not path.exists():
            path.write_bytes(world.draw(n))
        progress(Progress("covers", done=n + 1, total=len(world.albums)))
    with table.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(("album_id", "artist", "title", "year", "genres", "moods", "cover"))
        for album in world.albums:
            lists = ("|".join(album.genres), "|".join(album.moods))
            writer.writerow((album.album_id, album.artist, album.title, album.year or "", *lists, album.cover_file))
    return table
