"""An album set as large as the origin's with a map, made in seconds: many albums share few drawn covers.

As a script: `python tests/web/planted_127k.py DIR [N]` writes DIR/set and DIR/map, for
`albumnet serve --set DIR/set --map DIR/map`.
"""

import sys
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from albumnet.dataset import AlbumSet, FeatureManifest, FeatureStore, write_album_set
from albumnet.dataset.covers import store_cover
from albumnet.moodmap import MapConfig, MoodMap, MoodPlace, write_map
from albumnet.moodspace import embed_labels, load_packaged_vectors
from albumnet.planted import draw_world
from albumnet.planted.drawing import draw_cover
from albumnet.records import Album, MoodVocabulary

N_ALBUMS = 127_467
N_COVERS = 48
N_ISLANDS = 40
MOODS = (
    "Aggressive", "Angry", "Atmospheric", "Bittersweet", "Bleak", "Calm", "Cheerful", "Cold", "Dark", "Dreamy",
    "Earnest", "Energetic", "Epic", "Gloomy", "Happy", "Intimate", "Lonely", "Melancholy", "Mysterious", "Nostalgic",
    "Passionate", "Peaceful", "Playful", "Rebellious", "Romantic", "Sad", "Sentimental", "Soothing", "Warm", "Wistful",
)  # fmt: skip
GENRES = ("Rock", "Jazz", "Electronic", "Folk", "Hip-Hop", "Classical", "Metal", "Soul")
_FIRST = ("Silver", "Hollow", "Northern", "Paper", "Velvet", "Broken", "Distant", "Golden", "Quiet", "Burning")
_SECOND = ("Rivers", "Machines", "Gardens", "Wolves", "Signals", "Mirrors", "Harbour", "Engines", "Orchard", "Ghosts")


@dataclass(frozen=True)
class PlantedApp:
    """Where the set and its map lie."""

    album_set: Path
    mood_map: Path


def write_planted(directory: Path, *, n_albums: int = N_ALBUMS, seed: int = 0) -> PlantedApp:
    """Write a planted set and a map of it."""
    rng = np.random.default_rng(seed)
    app = PlantedApp(directory / "set", directory / "map")
    covers = write_covers(app.album_set)
    island = rng.integers(0, N_ISLANDS, n_albums)
    albums = draw_albums(island, covers, rng)
    album_set = write_album_set(app.album_set, albums, vocabulary=MoodVocabulary(MOODS), import_digest="planted")
    write_map(app.mood_map, draw_map(album_set, albums, island, rng))
    write_features(album_set, covers, rng)
    return app


def write_covers(path: Path) -> list[str]:
    world = draw_world(n_albums=N_COVERS, rng=np.random.default_rng(1), cover_size=160)
    return [store_cover(path / "covers", draw_cover(world, n)) for n in range(N_COVERS)]


def draw_albums(island: np.ndarray, covers: list[str], rng: np.random.Generator) -> list[Album]:
    """Albums of one island share a first mood, and mostly a genre."""
    n = len(island)
    moods = np.stack([island % len(MOODS), rng.integers(0, len(MOODS), n), rng.integers(0, len(MOODS), n)], axis=1)
    n_moods = rng.integers(1, 4, n)
    genre = np.where(rng.random(n) < 0.7, island % len(GENRES), rng.integers(0, len(GENRES), n))
    year = rng.integers(1955, 2024, n)
    cover = rng.integers(0, len(covers), n)
    has_cover, has_year = rng.random(n) < 0.97, rng.random(n) < 0.95
    names = rng.integers(0, 10, (n, 4))
    return [
        Album(
            album_id=f"planted-{row:06d}",
            artist=f"{_FIRST[names[row, 0]]} {_SECOND[names[row, 1]]}",
            title=f"{_FIRST[names[row, 2]]} {_SECOND[names[row, 3]]} {row}",
            moods=tuple(dict.fromkeys(MOODS[m] for m in moods[row, : n_moods[row]])),
            genres=(GENRES[genre[row]],),
            year=int(year[row]) if has_year[row] else None,
            cover=covers[cover[row]] if has_cover[row] else None,
            source="planted",
        )
        for row in range(n)
    ]


def draw_map(album_set: AlbumSet, albums: list[Album], island: np.ndarray, rng: np.random.Generator) -> MoodMap:
    """Islands on a plane, each around a mood; vectors near the words of the album's moods."""
    centres = rng.uniform(0.1, 0.9, (N_ISLANDS, 2))
    xy = centres[island] + rng.normal(scale=0.035, size=(len(island), 2))
    labels = embed_labels(MOODS, load_packaged_vectors())
    target = album_set.vocabulary.target([album.moods for album in albums]).astype(np.float32)
    vectors = target @ labels + rng.normal(scale=0.02, size=(len(island), labels.shape[1])).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    counts = target.sum(axis=0).astype(int)
    places = [
        MoodPlace(mood, float(x), float(y), int(counts[m]), float(counts[m]))
        for m, mood in enumerate(MOODS)
        for x, y in [centres[m]]
    ]
    config = MapConfig(
        albums=album_set.digest,
        run="planted",
        of="moods",
        seed=0,
        perplexity=30.0,
        used_perplexity=min(30.0, (len(island) - 1) / 3),
        unit=0.01,
        n_albums=len(island),
        embedding_size=vectors.shape[1],
        left_out=0,
        trustworthiness=0.95,
        neighbour_preservation=0.4,
        n_neighbours=10,
        n_sampled=2000,
    )
    places.sort(key=lambda place: -place.n_albums)
    plane = np.clip(xy, 0, 1).astype(np.float32)
    return MoodMap(tuple(album.album_id for album in albums), plane, vectors, tuple(places), config)


def write_features(album_set: AlbumSet, covers: list[str], rng: np.random.Generator) -> None:
    manifest = FeatureManifest("planted", "w" * 16, "t" * 12, (16,), {"channels": "RGB"})
    FeatureStore(album_set.features_dir("planted"), manifest).append(covers, rng.normal(size=(len(covers), 16)))


if __name__ == "__main__":
    planted = write_planted(Path(sys.argv[1]), n_albums=int(sys.argv[2]) if len(sys.argv) > 2 else N_ALBUMS)
    print(planted.album_set, planted.mood_map)
