"""What AlbumNet makes of worlds whose truth is known: shares of the best possible score, and what its alarms hear.

    python benchmarks/planted.py [--set SET] [--only ceiling,drawn,leaks,order] [--n-albums N] [--seed S]

ceiling  moods planted in 16 principal components of the EfficientNet-Lite0 features of SET's covers, as a head sees
         them (square roots); covers are drawn with replacement and blended a little with others to make N albums.
         Without --set the features are those of covers drawn by us.
drawn    moods planted in the dials of drawn covers; beside it how well each dial can be read from the features.
leaks    how often the leak alarms fire in clean worlds and in leaky ones; with --set also on its albums.
order    model 3 and ridge probes trained on ordered moods, where the order says something and where it does not.

Scores are expected ones over 20 draws of the test albums' moods, their artists being new; shares are those of the true
probabilities. Models are the project's own, preset small, strength chosen on the validation side.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

import numpy as np

from albumnet.dataset import AlbumSet, FeatureManifest, FeatureStore, split_albums
from albumnet.dataset.splits import group_albums
from albumnet.evaluation.hidden_leaks import find_alike_covers, find_hidden_artists
from albumnet.evaluation.leaks import LeakAlarm
from albumnet.metrics import MoodScores, ndcg
from albumnet.planted import PlantedWorld, draw_world, write_world
from albumnet.planted.known import (
    KnownWorld,
    WorldOptions,
    bayes_scores,
    expected_scores,
    plant_in_dials,
    plant_in_features,
    prior_scores,
    share_of_ceiling,
)
from albumnet.planted.known.hidden_artists import draw_leaky_world, split_with_hidden_artists
from albumnet.planted.rule import DIALS
from albumnet.records import Album, MoodVocabulary

SECTIONS = ("ceiling", "drawn", "leaks", "order")
BACKBONE = "efficientnet_lite0"
# Each of the two statistical alarms takes half of the 1 % that both together may be wrong.
ALARM_LEVEL = 0.005


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


def main() -> None:
    """Run the sections that were asked for."""
    arguments = _parse()
    for section in arguments.only:
        start = time.perf_counter()
        print(f"\n## {section}\n")
        {"ceiling": show_ceiling, "drawn": show_drawn, "leaks": show_leaks, "order": show_order}[section](arguments)
        print(f"\n({section}: {time.perf_counter() - start:.0f} s)")


def show_ceiling(arguments: argparse.Namespace) -> None:
    """Models as shares of the ceiling, on moods planted in features."""
    features, origin = _base_features(arguments.set, seed=arguments.seed)
    for n_albums in arguments.n_albums:
        rng = np.random.default_rng(arguments.seed)
        world = plant_in_features(blend_covers(features, n_covers=n_albums, rng=rng), rng=rng)
        with tempfile.TemporaryDirectory() as folder:
            split = _split(world, folder=Path(folder), seed=arguments.seed)
            print(f"{n_albums} albums ({_sizes(split)}) with features of {origin}; {WorldOptions()}\n")
            _print_shares(split, seed=arguments.seed, models=arguments.models)


def show_drawn(arguments: argparse.Namespace) -> None:
    """Models as shares of the ceiling, on drawn covers, and how well each dial can be read."""
    n_albums = arguments.n_drawn
    with tempfile.TemporaryDirectory() as folder:
        rng = np.random.default_rng(arguments.seed)
        # The moods follow 16 principal components of the 19 dials, which hold 96 % of their variance.
        known, drawn = plant_in_dials(draw_world(n_albums=n_albums, rng=rng, cover_size=224), rng=rng)
        album_set = _import_drawn(drawn, Path(folder))
        split = _split_drawn(known, album_set)
        print(f"{n_albums} drawn albums ({_sizes(split)})\n")
        _print_shares(split, seed=arguments.seed, models=("metadata", "1", "2"))
        inputs = _tame(split.store.read(split.covers))
        guessed = ridge_probe(inputs, known.features, split.rows)
        truth = known.features[split.rows["test"]]
        r2 = 1 - ((truth - guessed) ** 2).sum(axis=0) / ((truth - truth.mean(axis=0)) ** 2).sum(axis=0)
        print("\nR2 on the test side of each dial, read from the features by a ridge probe\n")
        print("\n".join(f"| {dial} | {value:.2f} |" for dial, value in zip(DIALS, r2, strict=True)))
        print(f"| mean | {r2.mean():.2f} |")


def show_leaks(arguments: argparse.Namespace) -> None:
    """How often the alarms fire."""
    n_worlds = arguments.n_worlds
    print(
        f"{n_worlds} worlds a row, seeds 0 to {n_worlds - 1}, artists as alike as measured, 15 % test; "
        f"each alarm at level {ALARM_LEVEL}\n"
    )
    print(
        "| albums | hidden artists, share of test | copied covers, share of test | artist alarm | cover alarm | any |"
    )
    print("| --- | --- | --- | --- | --- | --- |")
    cases = [(0.0, 0.0), *((share, 0.0) for share in (0.1, 0.2, 0.3, 0.5, 0.75, 1.0))]
    cases += [(0.0, share) for share in (0.01, 0.02, 0.03, 0.05, 0.1)]
    for n_albums in arguments.n_leak_albums:
        for leak_share, duplicate_share in cases:
            alarms = [
                alarms_in_world(n_albums, seed=seed, leak_share=leak_share, duplicate_share=duplicate_share)
                for seed in range(n_worlds)
            ]
            _print_alarms(f"{n_albums} | {leak_share:.0%} | {duplicate_share:.0%}", alarms)


def alarms_in_world(
    n_albums: int, *, seed: int, leak_share: float = 0.0, duplicate_share: float = 0.0
) -> tuple[LeakAlarm, LeakAlarm]:
    """The artist alarm and the cover alarm in one planted world."""
    rng = np.random.default_rng(seed)
    leaky = draw_leaky_world(n_albums=n_albums, rng=rng, leak_share=leak_share, duplicate_share=duplicate_share)
    views = [leaky.world.features, leaky.world.target, leaky.world.truth.metadata]
    return _sound(views, credited=leaky.credited, side=leaky.side, rng=rng)


def show_order(arguments: argparse.Namespace) -> None:
    """Whether training on order helps, measured as nDCG@5 of rank-graded relevance on the test side."""
    features, origin = _base_features(arguments.set, seed=arguments.seed)
    n_albums = arguments.n_order_albums
    print(f"{n_albums} albums with features of {origin}, {arguments.n_order_seeds} worlds; mean nDCG@5 by world\n")
    print("| order | trained by | true order | shuffled order | difference by world |")
    print("| --- | --- | --- | --- | --- |")
    for order in ("graded", "random"):
        found = [
            _order_scores(features, order=order, n_albums=n_albums, seed=arguments.seed + k)
            for k in range(arguments.n_order_seeds)
        ]
        for name in found[0]:
            true, shuffled = (np.array([scores[name][way] for scores in found]) for way in (0, 1))
            by_world = " ".join(f"{difference:+.4f}" for difference in true - shuffled)
            print(f"| {order} | {name} | {true.mean():.4f} | {shuffled.mean():.4f} | {by_world} |", flush=True)


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


def _print_shares(split: Split, *, seed: int, models: Sequence[str]) -> None:
    truth, test = split.world.truth, split.rows["test"]

    def moods() -> np.random.Generator:
        return np.random.default_rng(seed + 1)

    prior = prior_scores(truth, rows=test, rng=moods())
    bayes = bayes_scores(truth, rows=test, rng=moods())
    print("| | macro AP | micro AP | macro ROC-AUC | micro ROC-AUC | share of Bayes macro AP | of its gain |")
    print("| --- | --- | --- | --- | --- | --- | --- |")
    _print_scores("prior", prior, prior=prior, bayes=bayes)
    for name in models:
        guessed, strength = _train_and_guess(split, model=name, seed=seed)
        found = expected_scores(truth, guessed, rows=test, rng=moods())
        _print_scores(f"model {name} (strength {strength:g})", found, prior=prior, bayes=bayes)
    _print_scores("Bayes", bayes, prior=prior, bayes=bayes)


def _print_scores(name: str, found: MoodScores, *, prior: MoodScores, bayes: MoodScores) -> None:
    share = share_of_ceiling(found.macro_ap, prior.macro_ap, bayes.macro_ap)
    values = (found.macro_ap, found.micro_ap, found.macro_roc_auc, found.micro_roc_auc)
    print(
        f"| {name} | {' | '.join(f'{v:.3f}' for v in values)} | {share.of_score:.3f} | {share.of_gain:.3f} |",
        flush=True,
    )


def _train_and_guess(split: Split, *, model: str, seed: int) -> tuple[np.ndarray, float]:
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


def _order_scores(features: np.ndarray, *, order: str, n_albums: int, seed: int) -> dict[str, tuple[float, float]]:
    """Name -> nDCG@5 with the true order and with a shuffled one in training; the test side's order is the true one."""
    rng = np.random.default_rng(seed)
    options = WorldOptions(order="graded" if order == "graded" else "random")
    world = plant_in_features(blend_covers(features, n_covers=n_albums, rng=rng), rng=rng, options=options)
    shuffled = replace(
        world, albums=tuple(replace(album, moods=tuple(rng.permutation(album.moods))) for album in world.albums)
    )
    vocabulary = MoodVocabulary(world.truth.mood_names)
    relevance = vocabulary.relevance([album.moods for album in world.albums])
    found: dict[str, list[float]] = {}
    with tempfile.TemporaryDirectory() as folder:
        split = _split(world, folder=Path(folder), seed=seed)
        test = split.rows["test"]
        inputs = np.concatenate([_tame(split.store.read(split.covers)), world.truth.metadata], axis=1)
        for one_world in (world, shuffled):
            guessed, _ = _train_and_guess(replace(split, world=one_world), model="3", seed=seed)
            found.setdefault("model 3", []).append(float(np.nanmean(ndcg(relevance[test], guessed, k=5))))
            graded = vocabulary.relevance([album.moods for album in one_world.albums])
            guessed = ridge_probe(inputs, graded, split.rows)
            found.setdefault("ridge, graded", []).append(float(np.nanmean(ndcg(relevance[test], guessed, k=5))))
    return {name: (true, other) for name, (true, other) in found.items()}


def _sound(
    views: list[np.ndarray], *, credited: np.ndarray, side: np.ndarray, rng: np.random.Generator
) -> tuple[LeakAlarm, LeakAlarm]:
    artists, sides = [str(artist) for artist in credited], side.tolist()
    return (
        find_hidden_artists(views, artists=artists, sides=sides, rng=rng, level=ALARM_LEVEL),
        find_alike_covers(views[0], artists=artists, sides=sides, rng=rng, level=ALARM_LEVEL),
    )


def _print_alarms(name: str, alarms: Sequence[tuple[LeakAlarm, LeakAlarm]]) -> None:
    by_artist, by_cover = ([pair[k].fired for pair in alarms] for k in (0, 1))
    either = [a or c for a, c in zip(by_artist, by_cover, strict=True)]
    print(f"| {name} | {sum(by_artist)} | {sum(by_cover)} | {sum(either)} |", flush=True)


def _show_leaks_in_set(path: Path, *, n_splits: int) -> None:
    album_set = AlbumSet(path)
    store = FeatureStore(album_set.features_dir(BACKBONE))
    albums = [album for album in album_set.albums if album.cover in store and album.moods]
    moods = MoodVocabulary(album_set.vocabulary.names).target([album.moods for album in albums])
    genres = sorted({genre for album in albums for genre in album.genres})
    has_genre = np.array([[genre in album.genres for genre in genres] for album in albums], dtype=float)
    years = np.array([album.year or np.nan for album in albums], dtype=float)
    years = np.nan_to_num((years - np.nanmean(years)) / np.nanstd(years))
    views = [_tame(store.read([album.cover or "" for album in albums]))]
    views += [moods[:, moods.sum(axis=0) >= 10], np.column_stack([has_genre[:, has_genre.sum(axis=0) >= 10], years])]
    artist = group_albums(albums)
    print(f"The {len(albums)} albums of {path.name}, {n_splits} splits a row, artists of some test albums renamed\n")
    print("| hidden artists, share of test | artist alarm | cover alarm | any |")
    print("| --- | --- | --- | --- |")
    for leak_share in (0.0, 0.1, 0.3, 0.6, 0.9):
        alarms = []
        for seed in range(n_splits):
            rng = np.random.default_rng(seed)
            is_test, is_leaked = split_with_hidden_artists(artist, test_share=0.15, leak_share=leak_share, rng=rng)
            credited, side = np.where(is_leaked, -1 - artist, artist), np.where(is_test, "test", "train")
            alarms.append(_sound(views, credited=credited, side=side, rng=rng))
        _print_alarms(f"{leak_share:.0%}", alarms)


def _base_features(path: Path | None, *, seed: int) -> tuple[np.ndarray, str]:
    """Square roots of EfficientNet-Lite0 features, and what they are of."""
    if path is None:
        return _features_of_drawn_covers(seed), "drawn covers"
    album_set = AlbumSet(path)
    store = FeatureStore(album_set.features_dir(BACKBONE))
    covers = list(dict.fromkeys(album.cover for album in album_set.albums if album.cover in store))
    return _tame(store.read([cover or "" for cover in covers])), f"{len(covers)} covers of {path.name}"


def _tame(features: np.ndarray) -> np.ndarray:
    """Square roots with their sign, as a head takes features."""
    wide = features.astype(np.float64)
    tamed: np.ndarray = np.sign(wide) * np.sqrt(np.abs(wide))
    return tamed


@cache
def _features_of_drawn_covers(seed: int, n_covers: int = 1500) -> np.ndarray:
    with tempfile.TemporaryDirectory() as folder:
        world = draw_world(n_albums=n_covers, rng=np.random.default_rng(seed), cover_size=224)
        album_set = _import_drawn(world, Path(folder))
        store = FeatureStore(album_set.features_dir(BACKBONE))
        return _tame(store.read([album.cover or "" for album in album_set.albums]))


def _import_drawn(world: PlantedWorld, folder: Path) -> AlbumSet:
    from albumnet.features import extract_features
    from albumnet.sources import import_table
    from albumnet.vision.backbones import load_backbone

    table = write_world(world, folder / "world")
    album_set = import_table(table, table.parent / "covers", out=folder / "set").album_set
    extract_features(album_set, load_backbone(BACKBONE), device="cpu")
    return album_set


def _split(world: KnownWorld, *, folder: Path, seed: int) -> Split:
    """Artist-disjoint sides, and a store whose features the heads will see as `world.features`."""
    manifest = FeatureManifest(BACKBONE, "planted", "planted", (world.features.shape[1],), transform={})
    store, covers = FeatureStore(folder, manifest), [album.cover or "" for album in world.albums]
    # Heads take square roots with their sign.
    store.append(covers, np.sign(world.features) * world.features**2)
    return Split(world, _rows(world.albums, split_albums(world.albums, rng=np.random.default_rng(seed))), store, covers)


def _split_drawn(known: KnownWorld, album_set: AlbumSet) -> Split:
    cover_of = {album.album_id: album.cover or "" for album in album_set.albums}
    covers = [cover_of[album.album_id] for album in known.albums]
    return Split(known, _rows(known.albums, album_set.splits), FeatureStore(album_set.features_dir(BACKBONE)), covers)


def _rows(albums: Sequence[Album], side_of: dict[str, str]) -> dict[str, np.ndarray]:
    sides = np.array([side_of[album.album_id] for album in albums])
    return {side: np.flatnonzero(sides == side) for side in ("train", "valid", "test")}


def _sizes(split: Split) -> str:
    return ", ".join(f"{side} {len(rows)}" for side, rows in split.rows.items())


def _parse() -> argparse.Namespace:
    def sections(text: str) -> list[str]:
        chosen = text.split(",")
        if unknown := set(chosen) - set(SECTIONS):
            raise argparse.ArgumentTypeError(f"no section {', '.join(unknown)}; there are {', '.join(SECTIONS)}")
        return chosen

    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--set", type=Path, help=f"album set with {BACKBONE} features")
    parser.add_argument("--only", type=sections, default=list(SECTIONS), help="some of " + ",".join(SECTIONS))
    parser.add_argument("--n-albums", type=int, nargs="+", default=[24000], help="of section ceiling")
    parser.add_argument("--n-order-albums", type=int, default=3000)
    parser.add_argument("--models", nargs="+", default=["metadata", "1", "2", "3", "4"], help="of section ceiling")
    parser.add_argument("--n-drawn", type=int, default=3000, help="covers to draw")
    parser.add_argument("--n-worlds", type=int, default=100, help="worlds a row of the alarm table")
    parser.add_argument("--n-leak-albums", type=int, nargs="+", default=[1500, 5000])
    parser.add_argument("--n-order-seeds", type=int, default=5)
    parser.add_argument("--seed", type=int, default=0)
    return parser.parse_args()


if __name__ == "__main__":
    main()
