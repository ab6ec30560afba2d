"""A music library through a model: its albums' covers read, moods chosen, and planned for every file."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

from albumnet.cache import library_cache
from albumnet.errors import CoverError, TagError
from albumnet.progress import Progress, ProgressCallback, ignore_progress
from albumnet.records import Album
from albumnet.sources.library import SCAN_FILE, Library, check_library, load_cover, read_library
from albumnet.sources.library.scanning import AUDIO_SUFFIXES
from albumnet.sources.library.tags import Track
from albumnet.tagging import AlbumPlan, Choice, TagPlan, TagResult, plan_file, take_back

if TYPE_CHECKING:
    from albumnet.models.answers import Prediction
    from albumnet.models.prediction import MoodModel

_BATCH = 32
# Of a run's configuration.
_PLACES = ("album_set", "weights", "vectors", "backbone")
# Files that hold audio in formats that neither library nor tagging reads; named so that nobody wonders.
_OTHER_AUDIO = frozenset((".aac", ".ac3", ".dff", ".dsf", ".mka", ".ofr", ".ra", ".shn", ".tak", ".tta", ".wvc"))


def plan_tags(
    music_dir: Path,
    run: Path | str,
    *,
    choice: Choice = Choice(),
    weights: Path | None = None,
    force: bool = False,
    progress: ProgressCallback = ignore_progress,
) -> TagPlan:
    """Say what moods would be written into which files of a library; nothing is.

    Args:
        music_dir: The library.
        run: The model: a run's folder, or the name of one that is packaged.
        choice: Which moods, and how.
        weights: The backbone's weights file, if it no longer lies where it lay.
        force: Also over people's own moods.
        progress: Told about files, covers, and files again.

    Raises:
        InputTableError: If the folder holds no audio files that are of an album.
        RunError: If the model is none.
    """
    from albumnet.models.prediction import load_model

    library = read_library(music_dir, scan_file=library_cache(music_dir) / SCAN_FILE, progress=progress)
    model = load_model(run, weights=weights)
    model_id = name_model(model, run)
    attention = [*library.failures, *_others(music_dir), *_oddities(library)]
    albums = []
    n_done, n_files = 0, sum(len(tracks) for _, tracks in library.albums)
    for (album, tracks), prediction in _predict(model, music_dir, library, progress=progress):
        n_done += len(tracks)
        if isinstance(prediction, str):
            attention.append((_title(album), prediction))
            continue
        mark = choice.choose(prediction, model=model_id)
        files = []
        for track in tracks:
            try:
                files.append(plan_file(music_dir / track.path, name=track.path, mark=mark, force=force))
            except TagError as error:
                attention.append((track.path, str(error)))
        albums.append(AlbumPlan(album, album.cover_file, mark, tuple(files)))
        progress(Progress("planning", n_done, n_files))
    return TagPlan(music_dir, model_id, tuple(albums), tuple(attention))


def undo_tags(music_dir: Path, *, force: bool = False, progress: ProgressCallback = ignore_progress) -> TagResult:
    """Take back what was written into the files of a library.

    Raises:
        InputTableError: If there is no such folder.
        TagError: If another program is at work on it.
    """
    check_library(music_dir)
    names = [
        Path(folder, name).relative_to(music_dir).as_posix()
        for folder, _, files in os.walk(music_dir)
        for name in sorted(files)
        if Path(name).suffix.lower() in AUDIO_SUFFIXES and not name.startswith(".")
    ]
    return take_back(music_dir, names, force=force, progress=progress)


def name_model(model: MoodModel, run: Path | str) -> str:
    """A model's name with a digest of what it was made of, as marks have it; where files lie does not count."""
    made_of = {name: value for name, value in asdict(model.config).items() if name not in _PLACES}
    if model.config.backbone is not None:
        made_of["backbone"] = model.config.backbone.digest
    content = json.dumps(made_of, sort_keys=True, default=str)
    return f"{Path(run).name}@{hashlib.sha256(content.encode()).hexdigest()[:12]}"


def _predict(
    model: MoodModel, music_dir: Path, library: Library, *, progress: ProgressCallback
) -> Iterator[tuple[tuple[Album, Sequence[Track]], Prediction | str]]:
    """Each album with its prediction, or with the reason why there is none."""
    for start in range(0, len(library.albums), _BATCH):
        batch = library.albums[start : start + _BATCH]
        covers = [_read_cover(music_dir, album) for album, _ in batch]
        usable = [n for n, cover in enumerate(covers) if isinstance(cover, bytes)]
        predictions = model.predict(
            [cover for cover in covers if isinstance(cover, bytes)],
            genres=[batch[n][0].genres for n in usable],
            years=[batch[n][0].year for n in usable],
        )
        told = dict(zip(usable, predictions, strict=True))
        for n, (pair, cover) in enumerate(zip(batch, covers, strict=True)):
            if n not in told:
                yield pair, str(cover)
            elif told[n].error is not None:
                yield pair, f"its cover ({pair[0].cover_file}) {told[n].error}"
            else:
                yield pair, told[n]
        progress(Progress("covers", start + len(batch), len(library.albums)))


def _read_cover(music_dir: Path, album: Album) -> bytes | str:
    """The cover's bytes, or why there are none."""
    if album.cover_file is None:
        return "has no cover, neither in its files nor beside them"
    try:
        return load_cover(music_dir, album.cover_file)
    except CoverError as error:
        return f"its cover ({album.cover_file}) {error}"


def _others(music_dir: Path) -> Iterator[tuple[str, str]]:
    for folder, _, names in os.walk(music_dir):
        for name in sorted(names):
            if Path(name).suffix.lower() in _OTHER_AUDIO and not name.startswith("."):
                path = Path(folder, name).relative_to(music_dir).as_posix()
                yield path, f"{Path(name).suffix} is no format that moods are written into"


def _oddities(library: Library) -> Iterator[tuple[str, str]]:
    """What is tagged all the same, but should be known."""
    for album, tracks in library.albums:
        fronts = dict.fromkeys(front for track in tracks for front in track.front_pictures)
        if len(fronts) > 1:
            yield _title(album), f"has {len(fronts)} different front covers; its moods are read from {album.cover_file}"
        for track in tracks:
            if not _is_utf8(track.path):
                yield track.path, "its name is no UTF-8; it is tagged, but a playlist cannot name it"


def _is_utf8(name: str) -> bool:
    try:
        name.encode()
    except UnicodeEncodeError:
        return False
    return True


def _title(album: Album) -> str:
    return " – ".join(part for part in (album.artist, album.title) if part)
