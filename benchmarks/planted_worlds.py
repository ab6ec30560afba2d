"""What the sections of `planted.py` share: features to plant in, worlds ready to train on, models trained on them."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

import numpy as np

from albumnet.dataset import AlbumSet, FeatureManifest, FeatureStore, split_albums
from albumnet.planted import PlantedWorld, draw_world, write_world
from albumnet.planted.known import KnownWorld
from albumnet.records import Album

BACKBONE = "efficientnet_lite0"


@dataclass(frozen=True)
class Split:
    """A known world with its sides, ready to train on; rows are in the order of `world.albums`."""

    world: KnownWorld
    rows: dict[str, np.ndarray]
    store: FeatureStore
    covers: list[str]

    def albums(self, side: str) -> list[Album]:
        """The albums of one side."""
        return [replace(self.world.albums[n], cover=self.covers[n]) for n in self.rows[side]]


def blend_covers(features: np.ndarray, *, n_covers: int, rng: np.random.Generator, share: float = 0.3) -> np.ndarray:
    """Features of new covers: one drawn with replacement and a little of another, the covariance kept."""
    centre = features.mean(axis=0)
    first, second = (features[rng.integers(len(features), size=n_covers)] - centre for _ in range(2))
    return np.asarray(centre + (first + share * second) / np.sqrt(1 + share**2))


def ridge_probe(
    inputs: np.ndarray,
    target: np.ndarray,
    rows: dict[str, np.ndarray],
    strengths: Sequence[float] = (10, 100, 1e3, 1e4),
) -> np.ndarray:
    """Test-side guesses of a ridge regression on standardised inputs, strength chosen on the validation side."""
    train, valid = rows["train"], rows["valid"]
    mean, spread = inputs[train].mean(axis=0), np.maximum(inputs[train].std(axis=0), 1e-6)
    standard, centre = (inputs - mean) / spread, target[train].mean(axis=0)
    gram, moment = standard[train].T @ standard[train], standard[train].T @ (target[train] - centre)
    fits = [np.linalg.solve(gram + strength * np.eye(len(gram)), moment) for strength in strengths]
    errors = [((standard[valid] @ fit + centre - target[valid]) ** 2).sum() for fit in fits]
    return np.asarray(standard[rows["test"]] @ fits[int(np.argmin(errors))] + centre)


def train_and_guess(split: Split, *, model: str, seed: int) -> tuple[np.ndarray, float]:
    """Probabilities of one of the project's models, preset small, on the test side; and the strength it chose."""
    from albumnet.models.presets import get_model
    from albumnet.moodspace import load_packaged_vectors
    from albumnet.training.assembly import TrainingOptions, train_model

    kind = get_model(model)
    options = TrainingOptions(
        model=model,
        seed=seed,
        moods=split.world.truth.mood_names,
        vectors=load_packaged_vectors() if kind.uses_vectors else None,
        device="cpu",
    )
    trained = train_model({side: split.albums(side) for side in ("train", "valid")}, split.store, options=options)
    test = split.albums("test")
    features = split.store.read([album.cover or "" for album in test]) if kind.uses_cover else None
    guessed = trained.model.probabilities(features, [album.genres for album in test], [album.year for album in test])
    return guessed, trained.model.config.strength


def base_features(path: Path | None, *, seed: int) -> tuple[np.ndarray, str]:
    """Square roots of EfficientNet-Lite0 features, and what they are of."""
    if path is None:
        return _features_of_drawn_covers(seed), "drawn covers"
    album_set = AlbumSet(path)
    store = FeatureStore(album_set.features_dir(BACKBONE))
    covers = list(dict.fromkeys(album.cover for album in album_set.albums if album.cover in store))
    return tame(store.read([cover or "" for cover in covers])), f"{len(covers)} covers of {path.name}"


def leading_components(features: np.ndarray, n_components: int = 256) -> tuple[np.ndarray, float]:
    """The first principal components, as wide as they are, and the share of the variance that they hold."""
    left, spread, _ = np.linalg.svd(features - features.mean(axis=0), full_matrices=False)
    share = (spread[:n_components] ** 2).sum() / (spread**2).sum()
    return left[:, :n_components] * spread[:n_components], float(share)


def tame(features: np.ndarray) -> np.ndarray:
    """Square roots with their sign, as a head takes features."""
    wide = features.astype(np.float64)
    tamed: np.ndarray = np.sign(wide) * np.sqrt(np.abs(wide))
    return tamed


@cache
def _features_of_drawn_covers(seed: int, n_covers: int = 1500) -> np.ndarray:
    with tempfile.TemporaryDirectory() as folder:
        world = draw_world(n_albums=n_covers, rng=np.random.default_rng(seed), cover_size=224)
        album_set = import_drawn(world, Path(folder))
        store = FeatureStore(album_set.features_dir(BACKBONE))
        return tame(store.read([album.cover or "" for album in album_set.albums]))


def import_drawn(world: PlantedWorld, folder: Path) -> AlbumSet:
    """Draw a world's covers, import them, and compute their features."""
    from albumnet.features import extract_features
    from albumnet.sources import import_table
    from albumnet.vision.backbones import load_backbone

    table = write_world(world, folder / "world")
    album_set = import_table(table, table.parent / "covers", out=folder / "set").album_set
    extract_features(album_set, load_backbone(BACKBONE), device="cpu")
    return album_set


def split_world(world: KnownWorld, *, folder: Path, seed: int) -> Split:
    """Artist-disjoint sides, and a store whose features the heads will see as `world.features`."""
    manifest = FeatureManifest(BACKBONE, "planted", "planted", (world.features.shape[1],), transform={})
    store, covers = FeatureStore(folder, manifest), [album.cover or "" for album in world.albums]
    # Heads take square roots with their sign.
    store.append(covers, np.sign(world.features) * world.features**2)
    return Split(world, _rows(world.albums, split_albums(world.albums, rng=np.random.default_rng(seed))), store, covers)


def split_drawn(known: KnownWorld, album_set: AlbumSet) -> Split:
    """The sides and features of an imported world."""
    cover_of = {album.album_id: album.cover or "" for album in album_set.albums}
    covers = [cover_of[album.album_id] for album in known.albums]
    return Split(known, _rows(known.albums, album_set.splits), FeatureStore(album_set.features_dir(BACKBONE)), covers)


def _rows(albums: Sequence[Album], side_of: dict[str, str]) -> dict[str, np.ndarray]:
    sides = np.array([side_of[album.album_id] for album in albums])
    return {side: np.flatnonzero(sides == side) for side in ("train", "valid", "test")}


def sizes(split: Split) -> str:
    """Albums per side, in words."""
    return ", ".join(f"{side} {len(rows)}" for side, rows in split.rows.items())
