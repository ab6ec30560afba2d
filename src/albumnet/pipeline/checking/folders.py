"""Whether a folder that AlbumNet wrote is whole, and still belongs to what it was made from."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path

from albumnet.dataset import AlbumSet, FeatureStore
from albumnet.dataset.covers import find_cover
from albumnet.dataset.predictions import read_predictions
from albumnet.dataset.splits import group_albums
from albumnet.errors import AlbumNetError
from albumnet.pipeline.checking.checks import Check, State
from albumnet.progress import Progress, ProgressCallback, ignore_progress


def check_folder(path: Path, *, progress: ProgressCallback = ignore_progress) -> tuple[Check, ...]:
    """Look at an album set or a run: every cover's bytes against its name, splits, features, weights, predictions.

    Args:
        path: SET or RUN; anything else is told to be neither.
        progress: Called per cover.
    """
    if (path / "albums.parquet").is_file():
        checks = _check_set(path, progress)
    elif any((path / name).is_file() for name in ("config.json", "model.safetensors", "checkpoint.safetensors")):
        checks = _check_run(path)
    else:
        told = "neither an album set (no albums.parquet) nor a run (no config.json); give SET or RUN"
        return (Check(str(path), State.BROKEN, told),)
    return (*checks, *_leftovers(path))


def _check_set(path: Path, progress: ProgressCallback) -> Iterator[Check]:
    try:
        album_set = AlbumSet(path)
    except AlbumNetError as error:
        yield Check(f"{path}: albums", State.BROKEN, str(error))
        return
    n_albums = len(album_set.albums)
    told = f"{n_albums:,}, {len(album_set.vocabulary.names):,} moods, digest {album_set.digest}"
    yield Check(f"{path}: albums", State.OK, told)
    yield _check_covers(album_set, progress)
    yield _check_splits(album_set)
    for folder in sorted(path.glob("features/*/manifest.json")):
        yield _check_features(album_set, folder.parent)


def _check_covers(album_set: AlbumSet, progress: ProgressCallback) -> Check:
    covers = list(dict.fromkeys(album.cover for album in album_set.albums if album.cover))
    missing, changed = [], []
    for n, cover in enumerate(covers, start=1):
        file = find_cover(album_set.covers_dir, cover)
        if file is None:
            missing.append(cover)
        elif hashlib.sha256(file.read_bytes()).hexdigest() != cover:
            changed.append(cover)
        progress(Progress("covers", n, len(covers)))
    if missing or changed:
        first = [*missing, *changed][0]
        told = f"{len(missing):,} missing and {len(changed):,} with other bytes than at import, first {first[:12]}…"
        return Check(f"{album_set.path}: covers", State.BROKEN, f"{told}; run the import again")
    return Check(f"{album_set.path}: covers", State.OK, f"{len(covers):,}, all as they were imported")


def _check_splits(album_set: AlbumSet) -> Check:
    what = f"{album_set.path}: sides"
    try:
        splits = album_set.splits
    except AlbumNetError as error:
        return Check(what, State.BROKEN, str(error))
    sides_of: dict[int, set[str]] = {}
    for album, group in zip(album_set.albums, group_albums(album_set.albums).tolist(), strict=True):
        sides_of.setdefault(group, set()).add(splits[album.album_id])
    n_divided = sum(len(sides) > 1 for sides in sides_of.values())
    if n_divided:
        told = f"{n_divided:,} groups of albums with one artist or cover lie on two sides, so scores would flatter"
        return Check(what, State.BROKEN, f"{told}; run `albumnet split {album_set.path} --force`")
    counts = {side: list(splits.values()).count(side) for side in ("train", "valid", "test")}
    return Check(what, State.OK, ", ".join(f"{side} {n:,}" for side, n in counts.items()))


def _check_features(album_set: AlbumSet, folder: Path) -> Check:
    what = f"{album_set.path}: features {folder.name}"
    try:
        store = FeatureStore(folder)
    except AlbumNetError as error:
        return Check(what, State.BROKEN, str(error))
    covers = {album.cover for album in album_set.albums if album.cover}
    n_lacking = sum(cover not in store and cover not in store.failed_covers for cover in covers)
    if n_lacking:
        command = f"`albumnet features {album_set.path} --backbone {store.manifest.backbone}`"
        return Check(what, State.ABSENT, f"{n_lacking:,} of {len(covers):,} covers still to be done; run {command}")
    return Check(what, State.OK, f"of {len(store):,} covers, {store.manifest.digest}")


def _check_run(path: Path) -> Iterator[Check]:
    from albumnet.models.run import read_config

    try:
        config = read_config(path)
    except AlbumNetError as error:
        yield Check(f"{path}: run", State.BROKEN, str(error))
        return
    yield Check(f"{path}: run", State.OK, f"model {config.model}, preset {config.preset}, {len(config.moods)} moods")
    yield _check_model(path)
    yield _check_predictions(path)
    yield _check_origin(path, Path(config.album_set), config.albums_digest)


def _check_model(path: Path) -> Check:
    from albumnet.models.prediction import load_model

    try:
        model = load_model(path)
        told = f"loads, backbone {model.backbone.name} as in training" if model.config.backbone else "loads"
    except AlbumNetError as error:
        return Check(f"{path}: model", State.BROKEN, str(error))
    return Check(f"{path}: model", State.OK, told)


def _check_predictions(path: Path) -> Check:
    try:
        found = read_predictions(path / "predictions.parquet")
    except AlbumNetError as error:
        return Check(f"{path}: predictions", State.BROKEN, str(error))
    return Check(f"{path}: predictions", State.OK, f"of {len(found.album_ids):,} albums")


def _check_origin(path: Path, album_set: Path, wanted: str) -> Check:
    what = f"{path}: its album set"
    try:
        found = AlbumSet(album_set).digest
    except AlbumNetError:
        return Check(what, State.ABSENT, f"{album_set} is not there; predicting works without it, evaluating does not")
    if found != wanted:
        told = (
            f"{album_set} holds albums {found}, the model was trained on {wanted}; evaluate it on another set with --on"
        )
        return Check(what, State.ABSENT, told)
    return Check(what, State.OK, f"{album_set}, unchanged")


def _leftovers(path: Path) -> Iterator[Check]:
    """Temporary files of a process that was killed; they cost room and nothing else."""
    left = [file for file in path.rglob(".*.tmp") if file.is_file()]
    if left:
        size = sum(file.stat().st_size for file in left) / 2**20
        told = f"{len(left):,} temporary files of killed processes, {size:.1f} MiB; may be deleted while nothing runs"
        yield Check(f"{path}: leftovers", State.ABSENT, told)
