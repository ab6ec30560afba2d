"""What moods look at over a whole set: a map per album and mood, kept as it is made, and what falls on which region."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from albumnet.dataset import AlbumSet
from albumnet.dataset.atomic import read_json, write_bytes, write_json
from albumnet.errors import CoverError, ExplainError, RunError
from albumnet.pipeline.explaining.covers import find_mood
from albumnet.progress import Progress, ProgressCallback, ignore_progress

if TYPE_CHECKING:
    from albumnet.explain.attribution import Method, MoodScorer
    from albumnet.explain.looking.regions import Look, RegionRatio
    from albumnet.models.prediction import MoodModel
    from albumnet.records import Album

SCHEMA_VERSION = 1
MAX_MOODS_PER_ALBUM = 5


def explain_set(
    model: MoodModel,
    album_set: AlbumSet,
    out: Path,
    *,
    moods: Sequence[str] = (),
    method: str | None = None,
    n_albums: int | None = None,
    min_maps: int = 20,
    n_resamples: int = 1000,
    seed: int = 0,
    force: bool = False,
    progress: ProgressCallback = ignore_progress,
) -> tuple[list[RegionRatio], int, list[tuple[str, str]]]:
    """Explain the moods that a set's albums have, and compare what maps fall on with how large it is.

    Each album's maps are kept in OUT/maps, so that a second call goes on where the first was stopped.

    Args:
        model: A trained model that looks at covers.
        album_set: Any.
        out: Folder of the maps: per album `<key>.npy` (moods, 28, 28) and, written after it, `<key>.json`.
        moods: Which; none for the first five of each album's own that the model knows.
        method: How; None for the one that did best on planted covers.
        n_albums: At most so many, drawn at random; None for all.
        min_maps: Moods with fewer maps are not told of.
        n_resamples: Resamples of artists.
        seed: Of the draw and the resamples.
        force: Whether maps of another model or method in OUT are replaced.
        progress: Called after each album.

    Returns:
        The ratios, how many maps there are, and the albums that could not be explained, with reasons.

    Raises:
        RunError: If OUT holds maps of another model or method.
        ExplainError: If a mood is unknown, the model looks at no pixels, or no album has such a mood.
        MissingExtraError: If OpenCV or the face detector is not installed.
    """
    from albumnet.explain.attribution import DEFAULT_METHOD, MoodScorer, get_method
    from albumnet.explain.looking.regions import compare_with_areas

    how = get_method(method or DEFAULT_METHOD)
    wanted = [model.config.moods[find_mood(model, mood)] for mood in moods]
    scorer = MoodScorer(model)
    _claim(out, model, method=how.name, force=force)
    chosen = _choose(album_set, model, wanted=wanted, n_albums=n_albums, seed=seed)
    looks: list[Look] = []
    failures = []
    for done, (album, of_album) in enumerate(chosen, start=1):
        try:
            looks += _explain_album(album, of_album, album_set, out / "maps", how=how, scorer=scorer)
        except CoverError as error:
            failures.append((album.album_id, str(error)))
        progress(Progress("explaining", done, len(chosen)))
    ratios = compare_with_areas(looks, min_maps=min_maps, n_resamples=n_resamples, rng=np.random.default_rng(seed))
    return ratios, len(looks), failures


def _claim(out: Path, model: MoodModel, *, method: str, force: bool) -> None:
    """Say whose maps these are, or refuse a folder that says something else."""
    weights = hashlib.sha256(
        b"".join(p.detach().numpy().tobytes() for p in model.in_torch.head.parameters())
    ).hexdigest()[:16]
    identity = {"model": weights, "vocabulary": model.config.vocabulary.digest, "method": method}
    path = out / "maps.json"
    if path.is_file():
        found = {key: read_json(path, schema_version=SCHEMA_VERSION).get(key) for key in identity}
        if found != identity and not force:
            raise RunError(f"{path} is of {found}, but this is {identity}; choose another --out, or pass --force")
        if found != identity:
            for old in (out / "maps").glob("*.json"):
                old.unlink()
    write_json(path, identity, schema_version=SCHEMA_VERSION)


def _choose(
    album_set: AlbumSet, model: MoodModel, *, wanted: Sequence[str], n_albums: int | None, seed: int
) -> list[tuple[Album, tuple[str, ...]]]:
    """Albums and the moods to explain on them."""
    chosen = []
    for album in album_set.albums:
        known = tuple(m for m in album.moods if m in model.config.vocabulary and (not wanted or m in wanted))
        if album.cover and known:
            chosen.append((album, known[:MAX_MOODS_PER_ALBUM]))
    if not chosen:
        raise ExplainError(f"no album of {album_set.path} has a cover and one of the moods asked for")
    order = np.random.default_rng(seed).permutation(len(chosen))[:n_albums]
    return [chosen[n] for n in sorted(order.tolist())]


def _explain_album(
    album: Album, moods: tuple[str, ...], album_set: AlbumSet, folder: Path, *, how: Method, scorer: MoodScorer
) -> list[Look]:
    from albumnet.explain.looking.regions import Look

    key = hashlib.sha256(album.album_id.encode()).hexdigest()[:20]
    listing = folder / f"{key}.json"
    content = read_json(listing, schema_version=SCHEMA_VERSION) if listing.is_file() else {}
    if content.get("moods") != list(moods):
        content = _make_maps(album, moods, album_set, folder / f"{key}.npy", how=how, scorer=scorer)
        write_json(listing, content, schema_version=SCHEMA_VERSION)
    area = _numbers(content["area"])
    return [
        Look(album.artist or album.album_id, mood, _numbers(share), area)
        for mood, share in zip(moods, content["shares"], strict=True)
    ]


def _make_maps(
    album: Album, moods: tuple[str, ...], album_set: AlbumSet, path: Path, *, how: Method, scorer: MoodScorer
) -> dict[str, object]:
    import torch

    from albumnet.explain.belief import to_cells
    from albumnet.explain.looking.regions import find_regions, shares_of_regions
    from albumnet.vision.decoding import decode_cover

    transform = scorer.backbone.transform
    data = album_set.read_cover(album.cover or "")
    pixels = decode_cover(data, size=transform.size, interpolation=transform.interpolation)
    regions = find_regions(pixels)
    of_album = scorer.with_metadata(album.genres, album.year)
    covers = scorer.normalise(pixels[None])
    maps, shares = [], []
    for mood in moods:
        direction = torch.zeros(len(scorer.model.config.moods))
        direction[scorer.model.config.moods.index(mood)] = 1.0
        values = how.attribute(of_album, covers, direction)[0].numpy()
        maps.append(to_cells(values))
        shares.append(_plain(shares_of_regions(values, regions)))
    file = io.BytesIO()
    np.save(file, np.stack(maps).astype(np.float32))
    write_bytes(path, file.getvalue())
    area = {name: float(mask.mean()) if mask.any() else float("nan") for name, mask in regions.items()}
    return {"album_id": album.album_id, "moods": list(moods), "area": _plain(area), "shares": shares}


def _plain(values: dict[str, float]) -> dict[str, float | None]:
    """JSON has no nan: what is undefined is missing."""
    return {name: None if np.isnan(value) else value for name, value in values.items()}


def _numbers(values: dict[str, float | None]) -> dict[str, float]:
    return {name: float("nan") if value is None else value for name, value in values.items()}
