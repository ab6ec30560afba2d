"""The map as a stage: an album set through a model, laid out on a plane, its mood names placed, written."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import numpy as np
from PIL import Image

from albumnet.dataset import AlbumSet, FeatureStore
from albumnet.errors import CoverError, MapError
from albumnet.metrics import neighbour_scores
from albumnet.models.prediction import load_model
from albumnet.models.run import read_config as read_run_config
from albumnet.moodmap import (
    DEFAULT_PERPLEXITY,
    MapConfig,
    MoodMap,
    lay_out,
    place_moods,
    read_config,
    read_map,
    write_map,
)
from albumnet.moodmap.atlas import write_atlas
from albumnet.moodmap.basis import Basis, fit_basis
from albumnet.moodmap.mood_map import MAP_FILES
from albumnet.moodmap.neighbours import one_blas_thread
from albumnet.pipeline.scoring import predict_albums, predict_mood_vectors, scorable_albums
from albumnet.progress import ProgressCallback, ignore_progress
from albumnet.records import Album

MAPPED = ("moods", "features")
N_NEIGHBOURS = 10
N_SAMPLED = 2000
_BATCH = 256
_THUMBNAIL_SIDE = 96


def find_or_make_map(
    album_set: AlbumSet,
    run: Path,
    *,
    out: Path,
    of: str = "moods",
    perplexity: float = DEFAULT_PERPLEXITY,
    seed: int = 0,
    weights: Path | None = None,
    force: bool = False,
    progress: ProgressCallback = ignore_progress,
) -> tuple[MoodMap, bool]:
    """The map that lies at `out` if it is just this one, else a new one, as `make_map` makes it.

    Returns:
        The map, and whether it is new.

    Raises:
        MapError: If another map lies there, or something that is no map, and `force` is not set.
    """
    asked = {"albums": album_set.digest, "run": run_digest(run), "of": of, "seed": seed, "perplexity": perplexity}
    if not force and out.exists() and _is_there(out, asked):
        return read_map(out), False
    return make_map(
        album_set, run, out=out, of=of, perplexity=perplexity, seed=seed, weights=weights, progress=progress
    ), True


def _is_there(out: Path, asked: Mapping[str, object]) -> bool:
    """Whether just the map that is asked for lies at `out`; False where nothing does, or a map that was cut off."""
    names = {file.name for file in out.iterdir() if not file.name.startswith(".")} if out.is_dir() else {""}
    if "config.json" not in names:
        if names - {*MAP_FILES, "figures"}:
            raise MapError(f"{out} exists and is no map; give another --out")
        return False
    found = read_config(out)
    for what, wanted in asked.items():
        if getattr(found, what) != wanted:
            raise MapError(
                f"{out} is a map with {what} {getattr(found, what)}, asked for is {what} {wanted}; "
                "give another --out, or --force to replace it"
            )
    return True


def run_digest(run: Path) -> str:
    """16 hex digits of a run's config.json.

    Raises:
        RunError: If the folder is no finished run.
    """
    read_run_config(run)
    return hashlib.sha256((run / "config.json").read_bytes()).hexdigest()[:16]


def make_map(
    album_set: AlbumSet,
    run: Path,
    *,
    out: Path,
    of: str = "moods",
    perplexity: float = DEFAULT_PERPLEXITY,
    seed: int = 0,
    weights: Path | None = None,
    progress: ProgressCallback = ignore_progress,
) -> MoodMap:
    """Lay out the albums of a set by what a model says of them, and write the map.

    Args:
        album_set: Its albums; those without a usable cover are left out if the model looks at covers.
        run: The model.
        out: The map's folder; what is there is replaced.
        of: "moods" lays out the albums' mood vectors, "features" what the backbone sees of their covers.
        perplexity: About how many neighbours count.
        seed: Of what is drawn at random; one seed gives one map, bit for bit.
        weights: The backbone's weights file, if it no longer lies where it lay.
        progress: Called while scoring, searching neighbours and laying out.

    Raises:
        MapError: If there are too few albums, or their vectors cannot be laid out.
        WordVectorError: If the model has no mood space.
    """
    model = load_model(run, weights=weights)
    albums, store = scorable_albums(model, album_set)
    if not albums:
        raise MapError(f"{album_set.path} has no album with a usable cover; a map takes 5")
    basis = _fit_basis(albums, store, run) if of == "features" else None
    vectors = predict_mood_vectors(model, album_set, albums, store) if basis is None else _project(basis, albums, store)
    rng = np.random.default_rng(seed)
    layout = lay_out(vectors, rng=rng, perplexity=perplexity, progress=progress)
    k = min(N_NEIGHBOURS, (len(albums) - 1) // 2)
    sampled = np.sort(rng.permutation(len(albums))[:N_SAMPLED])
    with one_blas_thread():
        trustworthiness, preservation = neighbour_scores(vectors, layout.xy, k=k, rows=sampled)
    moods = place_moods(
        model.config.moods,
        xy=layout.xy,
        probabilities=predict_albums(model, album_set, albums, store, progress=progress),
        n_albums=(model.config.vocabulary.target([album.moods for album in albums]) > 0).sum(axis=0),
    )
    config = MapConfig(
        albums=album_set.digest,
        run=run_digest(run),
        of=of,
        seed=seed,
        perplexity=perplexity,
        used_perplexity=layout.perplexity,
        unit=layout.unit,
        n_albums=len(albums),
        embedding_size=vectors.shape[1],
        left_out=len(album_set.albums) - len(albums),
        trustworthiness=trustworthiness,
        neighbour_preservation=preservation,
        n_neighbours=k,
        n_sampled=len(sampled),
    )
    album_ids = tuple(album.album_id for album in albums)
    return write_map(out, MoodMap(album_ids, layout.xy, vectors.astype(np.float32), moods, config, basis))


def write_atlas_of(
    album_set: AlbumSet, mood_map: MoodMap, *, out: Path, progress: ProgressCallback = ignore_progress
) -> Path:
    """Write a map's atlas.parquet, which embedding-atlas shows.

    Raises:
        MapError: If the map is of other albums than the set's.
    """
    mood_map.check_albums(album_set.digest)
    album_of = {album.album_id: album for album in album_set.albums}
    path = out / "atlas.parquet"
    write_atlas(
        path,
        mood_map,
        [album_of[album_id] for album_id in mood_map.album_ids],
        read_thumbnail=lambda album: _read_thumbnail(album_set, album),
        progress=progress,
    )
    return path


def _fit_basis(albums: Sequence[Album], store: FeatureStore | None, run: Path) -> Basis:
    if store is None:
        raise MapError(
            f"{run} has no stored features to lay out (it does not look at covers, or was fine-tuned); use --of moods"
        )
    return fit_basis(lambda: _read_features(albums, store), n_albums=len(albums))


def _project(basis: Basis, albums: Sequence[Album], store: FeatureStore | None) -> np.ndarray:
    assert store is not None
    return np.concatenate([basis.project(batch) for batch in _read_features(albums, store)])


def _read_features(albums: Sequence[Album], store: FeatureStore) -> Iterator[np.ndarray]:
    for start in range(0, len(albums), _BATCH):
        yield store.read([album.cover or "" for album in albums[start : start + _BATCH]])


def _read_thumbnail(album_set: AlbumSet, album: Album) -> bytes | None:
    from albumnet.vision.decoding import decode_cover

    if album.cover is None:
        return None
    try:
        pixels = decode_cover(album_set.read_cover(album.cover), size=_THUMBNAIL_SIDE)
    except CoverError:
        return None
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "JPEG", quality=80)
    return file.getvalue()
