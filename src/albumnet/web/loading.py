"""Everything the app reads, opened once before it answers; what took long to compute is found again the next time."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import numpy as np

from albumnet.cache import cache_folder
from albumnet.dataset import AlbumSet, FeatureStore
from albumnet.dataset.atomic import replacing
from albumnet.errors import FeatureStoreError, MapError, MissingExtraError, ServeError, WordVectorError
from albumnet.moodmap.basis import Basis, fit_basis
from albumnet.progress import Progress, ProgressCallback, ignore_progress
from albumnet.records import Album
from albumnet.web.look import LookIndex
from albumnet.web.options import ServeOptions
from albumnet.web.state import AppState, rows_in_order

if TYPE_CHECKING:
    from albumnet.models.prediction import MoodModel
    from albumnet.moodmap import MoodMap
    from albumnet.recommend.asking import Asking

T = TypeVar("T")

_N_FITTED = 4096
_BATCH = 1024


def load_state(options: ServeOptions, *, progress: ProgressCallback = ignore_progress) -> AppState:
    """Open what is to be served.

    Raises:
        ServeError: If there is nothing to serve, or set, map and recommender do not belong together.
        AlbumNetError: If the set, the run, the map or the recommender cannot be read.
    """
    if options.album_set is None and options.model is None:
        raise ServeError("nothing to serve; give --set SET, --model RUN, or both")
    if options.mood_map is not None and options.album_set is None:
        raise ServeError("a map shows the albums of a set; give --set SET with --map")
    if options.recommender is not None and options.album_set is None:
        raise ServeError("a recommender is of the albums of a set; give --set SET with --recommend")
    album_set = AlbumSet(options.album_set) if options.album_set else None
    recommender = _load_recommender(options, album_set)
    model = _load_model(options)
    folder = _app_folder(options, album_set)
    notes: list[str] = []
    mood_map = _load_map(options, album_set, folder, notes, progress)
    if mood_map is not None and model is not None:
        _check_same_space(mood_map, model)
    if album_set is None:
        return AppState(None, model, None, folder, options.model, limits=options.limits).prepare()
    albums = rows_in_order(album_set, mood_map)
    probabilities = look = None
    if model is not None:
        probabilities = _noting(notes, lambda: _probabilities(model, album_set, albums, folder, progress))
    store = _noting(notes, lambda: _find_store(album_set, model))
    if store is not None:
        look = _look_index(store, albums, folder, progress)
    state = AppState(
        album_set,
        model,
        mood_map,
        folder,
        options.model,
        probabilities,
        look,
        recommender,
        options.limits,
        tuple(notes),
    )
    return state.prepare()


def _load_model(options: ServeOptions) -> MoodModel | None:
    if options.model is None:
        return None
    from albumnet.models.prediction import load_model

    return load_model(options.model, weights=options.weights, engine=options.engine)


def _load_recommender(options: ServeOptions, album_set: AlbumSet | None) -> Asking | None:
    if options.recommender is None or album_set is None:
        return None
    from albumnet.pipeline import open_recommender

    recommender = open_recommender(options.recommender)
    if recommender.album_set_digest != album_set.digest:
        raise ServeError(
            f"{options.recommender} was fitted to albums {recommender.album_set_digest}, {album_set.path} holds "
            f"{album_set.digest}; give the set it was fitted to, or fit again with `albumnet recommend fit`"
        )
    return recommender


def _load_map(
    options: ServeOptions,
    album_set: AlbumSet | None,
    folder: Path,
    notes: list[str],
    progress: ProgressCallback,
) -> MoodMap | None:
    """The map that was asked for, or the app's own, made when it is first needed."""
    from albumnet.moodmap import read_map

    if album_set is None:
        return None
    if options.mood_map is not None:
        mood_map = read_map(options.mood_map)
        mood_map.check_albums(album_set.digest)
        return mood_map
    if options.model is None:
        notes.append("without a model there is no map; give --model RUN or --map MAP")
        return None
    from albumnet.pipeline.mapping import find_or_make_map

    try:
        mood_map, _ = find_or_make_map(
            album_set, options.model, out=folder / "map", weights=options.weights, progress=progress
        )
    except (FeatureStoreError, MapError, MissingExtraError, WordVectorError) as error:
        notes.append(f"there is no map: {error}")
        return None
    return mood_map


def _check_same_space(mood_map: MoodMap, model: MoodModel) -> None:
    found, wanted = mood_map.config.embedding_size, model.embedding_size
    if mood_map.config.of == "moods" and found != wanted:
        raise ServeError(
            f"the map's mood vectors have {found} numbers, the model's {wanted}; "
            "give the model that the map was made with, or leave --map out"
        )


def _noting(notes: list[str], make: Callable[[], T]) -> T | None:
    """What cannot be had is left out, and said once."""
    try:
        return make()
    except FeatureStoreError as error:
        notes.append(str(error))
        return None


def _app_folder(options: ServeOptions, album_set: AlbumSet | None) -> Path:
    """A folder per set and model inside the app's, so that nothing kept is taken for something else's."""
    base = options.app_dir or cache_folder("serve")
    digests = [album_set.digest if album_set else "no set", _digest_run(options.model)]
    folder = base / hashlib.sha256("\n".join(digests).encode()).hexdigest()[:16]
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ServeError(
            f"cannot make the app's folder {folder}: {error.strerror}; give another with --app-dir DIR"
        ) from error
    return folder


def _digest_run(run: Path | None) -> str:
    if run is None:
        return "no model"
    hasher = hashlib.sha256()
    for name in ("config.json", "model.safetensors"):
        hasher.update((run / name).read_bytes())
    return hasher.hexdigest()


def _kept(path: Path, shape: tuple[int, ...], make: Callable[[], np.ndarray]) -> np.ndarray:
    """An array that is computed once and memory-mapped from then on."""
    found = _open_kept(path)
    if found is None or found.shape != shape:
        _keep(path, make())
        found = _open_kept(path)
    assert found is not None
    return found


def _open_kept(path: Path) -> np.ndarray | None:
    try:
        found: np.ndarray = np.load(path, mmap_mode="r", allow_pickle=False)
    except (OSError, ValueError, EOFError):
        return None
    return found


def _keep(path: Path, array: np.ndarray) -> None:
    with replacing(path) as temporary, temporary.open("wb") as file:
        np.save(file, array, allow_pickle=False)


def _key(albums: Sequence[Album], *parts: str) -> str:
    """Names what was computed of these rows: another map orders them differently."""
    hasher = hashlib.sha256("\n".join(parts).encode())
    hasher.update("\n".join(album.album_id for album in albums).encode())
    return hasher.hexdigest()[:16]


def _probabilities(
    model: MoodModel, album_set: AlbumSet, albums: Sequence[Album], folder: Path, progress: ProgressCallback
) -> np.ndarray:
    from albumnet.pipeline.scoring import predict_albums, scorable_albums

    usable, store = scorable_albums(model, album_set)
    made_by = store.manifest.digest if store is not None else ""

    def compute() -> np.ndarray:
        row_of = {album.album_id: row for row, album in enumerate(albums)}
        rows = np.full((len(albums), len(model.config.moods)), np.nan, dtype=np.float32)
        rows[[row_of[album.album_id] for album in usable]] = predict_albums(
            model, album_set, usable, store, progress=progress
        )
        return rows

    name = f"probabilities-{_key(albums, made_by, str(len(usable)))}.npy"
    return _kept(folder / name, (len(albums), len(model.config.moods)), compute)


def _find_store(album_set: AlbumSet, model: MoodModel | None) -> FeatureStore | None:
    """Features to compare covers by: the model's, else any that the set has."""
    if model is not None and model.config.backbone is not None:
        return FeatureStore(album_set.features_dir(model.config.backbone.backbone))
    stores = sorted(path.parent for path in (album_set.path / "features").glob("*/manifest.json"))
    return FeatureStore(stores[0]) if stores else None


def _look_index(
    store: FeatureStore, albums: Sequence[Album], folder: Path, progress: ProgressCallback
) -> LookIndex | None:
    rows = [row for row, album in enumerate(albums) if album.cover in store]
    if not rows:
        return None
    covers = [albums[row].cover or "" for row in rows]
    key = _key(albums, store.manifest.digest, str(len(rows)))
    basis = _look_basis(store, covers, folder / f"look-basis-{key}.npy")
    width = basis.components.shape[1]

    def compute() -> np.ndarray:
        vectors = np.zeros((len(albums), width), dtype=np.float32)
        for start in range(0, len(rows), _BATCH):
            part = slice(start, start + _BATCH)
            vectors[rows[part]] = basis.project(store.read(covers[part]))
            progress(Progress("looks", min(start + _BATCH, len(rows)), len(rows)))
        return vectors

    vectors = _kept(folder / f"look-{key}.npy", (len(albums), width), compute)
    has_features = np.zeros(len(albums), dtype=bool)
    has_features[rows] = True
    return LookIndex(basis, vectors, has_features, store.manifest.digest)


def _look_basis(store: FeatureStore, covers: Sequence[str], path: Path) -> Basis:
    """Fitted on a sample of the covers, kept as one array: its first row is the mean."""
    found = _open_kept(path)
    if found is None or found.ndim != 2:
        drawn = np.sort(np.random.default_rng(0).permutation(len(covers))[:_N_FITTED])
        parts = [[covers[n] for n in drawn[start : start + _BATCH]] for start in range(0, len(drawn), _BATCH)]
        fitted = fit_basis(lambda: map(store.read, parts), n_albums=len(drawn))
        found = np.vstack([fitted.mean, fitted.components.T])
        _keep(path, found)
    return Basis(np.array(found[0]), np.ascontiguousarray(found[1:].T))
