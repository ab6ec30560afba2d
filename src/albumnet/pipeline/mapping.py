"""The map as a stage: an album set through a model, laid out on a plane, its mood names placed, written."""

from __future__ import annotations

import hashlib
from pathlib import Path

import numpy as np

from albumnet.dataset import AlbumSet
from albumnet.errors import MapError
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
from albumnet.pipeline.scoring import predict_albums, predict_mood_vectors, scorable_albums
from albumnet.progress import ProgressCallback, ignore_progress

MAPPED = ("moods", "features")
N_NEIGHBOURS = 10
N_SAMPLED = 2000


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
    if not force and out.exists():
        if not out.is_dir() or (
            not (out / "config.json").is_file() and any(out.glob("[!.]*")) and not _is_cut_off(out)
        ):
            raise MapError(f"{out} exists and is no map; give another --out")
        if (out / "config.json").is_file():
            found = read_config(out)
            wanted = {
                "albums": album_set.digest,
                "run": run_digest(run),
                "of": of,
                "seed": seed,
                "perplexity": perplexity,
            }
            for what, value in wanted.items():
                if getattr(found, what) != value:
                    raise MapError(
                        f"{out} is a map with {what} {getattr(found, what)}, asked for is {what} {value}; "
                        "give another --out, or --force to replace it"
                    )
            return read_map(out), False
    return make_map(
        album_set, run, out=out, of=of, perplexity=perplexity, seed=seed, weights=weights, progress=progress
    ), True


def run_digest(run: Path) -> str:
    """16 hex digits of a run's config.json.

    Raises:
        RunError: If the folder is no finished run.
    """
    read_run_config(run)
    return hashlib.sha256((run / "config.json").read_bytes()).hexdigest()[:16]


def _is_cut_off(out: Path) -> bool:
    return any((out / name).is_file() for name in ("layout.parquet", "moods.parquet", "vectors.safetensors"))


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
    vectors = predict_mood_vectors(model, album_set, albums, store).astype(np.float32)
    rng = np.random.default_rng(seed)
    layout = lay_out(vectors, rng=rng, perplexity=perplexity, progress=progress)
    k = min(N_NEIGHBOURS, (len(albums) - 1) // 2)
    sampled = np.sort(rng.permutation(len(albums))[:N_SAMPLED])
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
    return write_map(out, MoodMap(tuple(album.album_id for album in albums), layout.xy, vectors, moods, config))
