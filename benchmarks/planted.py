"""What AlbumNet makes of worlds whose truth is known: shares of the best possible score, and what its alarms hear.

    python benchmarks/planted.py [--set SET] [--only ceiling,drawn,switches,order,coverage,leaks] [--seed S]

ceiling   moods planted in 16 principal components of the EfficientNet-Lite0 features of SET's covers, as a head sees
          them (square roots); covers are drawn with replacement and blended a little with others to make N albums.
          Without --set the features are those of covers drawn by us.
drawn     moods planted in the dials of drawn covers; beside it how well each dial can be read from the features.
switches  what moods that the table leaves out, and rare moods, cost a model, against the clean world.
order     model 3 and ridge probes trained on ordered moods, where the order says something and where it does not.
coverage  how often 95 % intervals over artists, as `albumnet evaluate` makes them, hold the truth.
leaks     how often the leak alarms fire in clean worlds and in leaky ones; with --set also on its albums.

Scores are expected ones over 20 draws of the test albums' moods, or over endlessly many, their artists being new;
shares are those of the true probabilities. Models are the project's own, preset small, strength chosen on the
validation side. Sections switches and order plant in the same 16 principal components, but give models the 256 first
instead of all 2,688 features: they train 10 to 20 models each, and compare them with each other only.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from albumnet.dataset import AlbumSet, FeatureStore
from albumnet.dataset.splits import group_albums
from albumnet.evaluation.hidden_leaks import find_alike_covers, find_hidden_artists
from albumnet.evaluation.leaks import LeakAlarm
from albumnet.metrics import MoodScores
from albumnet.planted import draw_world
from albumnet.planted.known import (
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
from albumnet.records import MoodVocabulary
from planted_coverage import show_coverage
from planted_learning import show_order, show_switches
from planted_worlds import (
    BACKBONE,
    Split,
    base_features,
    blend_covers,
    import_drawn,
    leading_components,
    ridge_probe,
    sizes,
    split_drawn,
    split_world,
    tame,
    train_and_guess,
)

SECTIONS = ("ceiling", "drawn", "switches", "order", "coverage", "leaks")
# Each of the two statistical alarms takes half of the 1 % that both together may be wrong.
ALARM_LEVEL = 0.005


def main() -> None:
    """Run the sections that were asked for."""
    arguments = _parse()
    shown_by = {
        "ceiling": show_ceiling,
        "drawn": show_drawn,
        "switches": lambda given: show_learning(given, section="switches"),
        "order": lambda given: show_learning(given, section="order"),
        "coverage": lambda given: show_coverage(n_worlds=given.n_coverage_worlds, seed=given.seed),
        "leaks": show_leaks,
    }
    for section in arguments.only:
        start = time.perf_counter()
        print(f"\n## {section}\n")
        shown_by[section](arguments)
        print(f"\n({section}: {time.perf_counter() - start:.0f} s)")


def show_ceiling(arguments: argparse.Namespace) -> None:
    """Models as shares of the ceiling, on moods planted in features."""
    features, origin = base_features(arguments.set, seed=arguments.seed)
    for n_albums in arguments.n_albums:
        rng = np.random.default_rng(arguments.seed)
        world = plant_in_features(blend_covers(features, n_covers=n_albums, rng=rng), rng=rng)
        with tempfile.TemporaryDirectory() as folder:
            split = split_world(world, folder=Path(folder), seed=arguments.seed)
            print(f"{n_albums} albums ({sizes(split)}) with features of {origin}; {WorldOptions()}\n")
            _print_shares(split, seed=arguments.seed, models=arguments.models)


def show_drawn(arguments: argparse.Namespace) -> None:
    """Models as shares of the ceiling, on drawn covers, and how well each dial can be read."""
    n_albums = arguments.n_drawn
    with tempfile.TemporaryDirectory() as folder:
        rng = np.random.default_rng(arguments.seed)
        # The moods follow 16 principal components of the 19 dials, which hold 96 % of their variance.
        known, drawn = plant_in_dials(draw_world(n_albums=n_albums, rng=rng, cover_size=224), rng=rng)
        album_set = import_drawn(drawn, Path(folder))
        split = split_drawn(known, album_set)
        print(f"{n_albums} drawn albums ({sizes(split)})\n")
        _print_shares(split, seed=arguments.seed, models=("metadata", "1", "2"))
        inputs = tame(split.store.read(split.covers))
        guessed = ridge_probe(inputs, known.features, split.rows)
        truth = known.features[split.rows["test"]]
        r2 = 1 - ((truth - guessed) ** 2).sum(axis=0) / ((truth - truth.mean(axis=0)) ** 2).sum(axis=0)
        print("\nR2 on the test side of each dial, read from the features by a ridge probe\n")
        print("\n".join(f"| {dial} | {value:.2f} |" for dial, value in zip(DIALS, r2, strict=True)))
        print(f"| mean | {r2.mean():.2f} |")


def show_learning(arguments: argparse.Namespace, *, section: str) -> None:
    """Sections switches and order, on the first principal components of the features."""
    features, origin = base_features(arguments.set, seed=arguments.seed)
    features, held = leading_components(features)
    what = f"{features.shape[1]} principal components ({held:.0%} of the variance) of the features of {origin}"
    if section == "order":
        n_albums, n_worlds = arguments.n_order_albums, arguments.n_order_worlds
        print(f"{n_albums} albums, {what}; nDCG@5, mean of {n_worlds} worlds\n")
        show_order(features, n_albums=n_albums, n_worlds=n_worlds, seed=arguments.seed)
    else:
        print(f"Model 2 on {arguments.n_switch_albums} albums, {what}\n")
        show_switches(features, n_albums=arguments.n_switch_albums, seed=arguments.seed)


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
    if arguments.set is not None:
        _show_leaks_in_set(arguments.set, n_splits=min(n_worlds, 20))  # three seconds each


def alarms_in_world(
    n_albums: int, *, seed: int, leak_share: float = 0.0, duplicate_share: float = 0.0
) -> tuple[LeakAlarm, LeakAlarm]:
    """The artist alarm and the cover alarm in one planted world."""
    rng = np.random.default_rng(seed)
    leaky = draw_leaky_world(n_albums=n_albums, rng=rng, leak_share=leak_share, duplicate_share=duplicate_share)
    views = [leaky.world.features, leaky.world.target, leaky.world.truth.metadata]
    return _sound(views, credited=leaky.credited, side=leaky.side, rng=rng)


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
        guessed, strength = train_and_guess(split, model=name, seed=seed)
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
    views = [tame(store.read([album.cover or "" for album in albums]))]
    views += [moods[:, moods.sum(axis=0) >= 10], np.column_stack([has_genre[:, has_genre.sum(axis=0) >= 10], years])]
    artist = group_albums(albums)
    print(f"\nThe {len(albums)} albums of {path.name}, {n_splits} splits a row, artists of some test albums renamed\n")
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
    parser.add_argument("--n-order-worlds", type=int, default=10, help="of each kind of order")
    parser.add_argument("--n-switch-albums", type=int, default=6000)
    parser.add_argument("--n-coverage-worlds", type=int, default=1000, help="per size of the test side")
    parser.add_argument("--seed", type=int, default=0)
    return parser.parse_args()


if __name__ == "__main__":
    main()
