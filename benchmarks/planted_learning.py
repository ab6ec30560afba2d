"""What training makes of ordered, untold and rare moods in planted worlds: sections order, switches of `planted.py`."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

import numpy as np
from scipy import stats

from albumnet.metrics import ndcg
from albumnet.planted.known import CeilingShare, WorldOptions, plant_in_features, score_without_end, share_of_ceiling
from albumnet.records import MoodVocabulary
from planted_worlds import blend_covers, ridge_probe, split_world, tame, train_and_guess

N_RARE = 8
SWITCHES = {
    "clean": WorldOptions(),
    "30 % of the moods untold": WorldOptions(missing_mood_share=0.3),
    "60 % untold": WorldOptions(missing_mood_share=0.6),
    "8 moods on 2 % of the albums each": WorldOptions(n_rare_moods=N_RARE, rare_frequency=0.02),
    "8 moods on 0.5 % each": WorldOptions(n_rare_moods=N_RARE, rare_frequency=0.005),
}


def show_order(features: np.ndarray, *, n_albums: int, n_worlds: int, seed: int) -> None:
    """Whether training on order helps, where the order says something and where it does not."""
    print("| order | trained by | true order | shuffled order | true less shuffled, 95 % over worlds | so |")
    print("| --- | --- | --- | --- | --- | --- |")
    for order in ("graded", "random"):
        by_world = [score_order(features, order=order, n_albums=n_albums, seed=seed + k) for k in range(n_worlds)]
        for name in by_world[0]:
            true, shuffled = np.array([scores[name] for scores in by_world]).T
            low, high = mean_interval(true - shuffled)
            print(
                f"| {order} | {name} | {true.mean():.4f} | {shuffled.mean():.4f} "
                f"| {(true - shuffled).mean():+.4f} [{low:+.4f}, {high:+.4f}] | {say_whether_order_helps(low, high)} |",
                flush=True,
            )


def score_order(
    features: np.ndarray, *, order: Literal["graded", "random"], n_albums: int, seed: int
) -> dict[str, tuple[float, float]]:
    """Learner -> mean nDCG@5 on a test side in true order, trained on moods in true order and in shuffled order."""
    rng = np.random.default_rng(seed)
    covers = blend_covers(features, n_covers=n_albums, rng=rng)
    world = plant_in_features(covers, rng=rng, options=WorldOptions(order=order))
    shuffled = replace(
        world, albums=tuple(replace(album, moods=tuple(rng.permutation(album.moods))) for album in world.albums)
    )
    vocabulary = MoodVocabulary(world.truth.mood_names)
    relevance = vocabulary.relevance([album.moods for album in world.albums])
    found: dict[str, list[float]] = {"model 3": [], "ridge on graded moods": []}
    with tempfile.TemporaryDirectory() as folder:
        split = split_world(world, folder=Path(folder), seed=seed)
        test = split.rows["test"]
        inputs = np.concatenate([tame(split.store.read(split.covers)), world.truth.metadata], axis=1)
        for one_world in (world, shuffled):
            graded = vocabulary.relevance([album.moods for album in one_world.albums])
            by_model, _ = train_and_guess(replace(split, world=one_world), model="3", seed=seed)
            for name, guessed in zip(found, (by_model, ridge_probe(inputs, graded, split.rows)), strict=True):
                found[name].append(float(np.nanmean(ndcg(relevance[test], guessed, k=5))))
    return {name: (true, other) for name, (true, other) in found.items()}


def mean_interval(values: np.ndarray, *, level: float = 0.95) -> tuple[float, float]:
    """Student's interval of the mean of independent values, one per world."""
    half_width = stats.t.ppf((1 + level) / 2, len(values) - 1) * values.std(ddof=1) / np.sqrt(len(values))
    return float(values.mean() - half_width), float(values.mean() + half_width)


def say_whether_order_helps(low: float, high: float) -> str:
    """What the ends of the interval of a difference between the two ways to train say."""
    if low > 0:
        return "training on order helps"
    return "training on order harms" if high < 0 else "no evidence that training on order helps"


@dataclass(frozen=True)
class Learnt:
    """What model 2 made of a world.

    Attributes:
        moods_told: Per album, by the table.
        of_all, of_last: Macro AP on all albums there could be as a share of the ceiling: all moods, the last eight.
        macro_ap: By the truth.
        macro_ap_by_table: The same if moods that a table like this one leaves out counted as absent.
        probability_share: Mean probability of the model over the true one.
    """

    moods_told: float
    of_all: CeilingShare
    of_last: CeilingShare
    macro_ap: float
    macro_ap_by_table: float
    probability_share: float


def show_switches(features: np.ndarray, *, n_albums: int, seed: int) -> None:
    """What untold and rare moods cost model 2."""
    print(
        f"| world | moods told per album | share of Bayes macro AP | of its gain | of the last {N_RARE} moods: share "
        "| of its gain | macro AP | by a table like its own | probabilities / true ones |"
    )
    print("| --- | --- | --- | --- | --- | --- | --- | --- | --- |")
    for name, options in SWITCHES.items():
        found = learn_world(features, options=options, n_albums=n_albums, seed=seed)
        shares = (f"{share.of_score:.3f} | {share.of_gain:.3f}" for share in (found.of_all, found.of_last))
        print(
            f"| {name} | {found.moods_told:.2f} | {' | '.join(shares)} | {found.macro_ap:.3f} "
            f"| {found.macro_ap_by_table:.3f} | {found.probability_share:.2f} |",
            flush=True,
        )


def learn_world(features: np.ndarray, *, options: WorldOptions, n_albums: int, seed: int) -> Learnt:
    """Train model 2 on what a world's table tells, and hold it against the truth."""
    rng = np.random.default_rng(seed)
    covers = blend_covers(features, n_covers=n_albums, rng=rng)
    world = plant_in_features(covers, rng=rng, options=options)
    with tempfile.TemporaryDirectory() as folder:
        split = split_world(world, folder=Path(folder), seed=seed)
        guessed, _ = train_and_guess(split, model="2", seed=seed)
    best = world.truth.probability_of_new_artist[split.rows["test"]]
    told = best * (1 - options.missing_mood_share)
    return Learnt(
        moods_told=float(np.mean([len(album.moods) for album in world.albums])),
        of_all=_share_without_end(guessed, best),
        of_last=_share_without_end(guessed[:, -N_RARE:], best[:, -N_RARE:]),
        macro_ap=score_without_end(best, guessed).macro_ap,
        macro_ap_by_table=score_without_end(told, guessed).macro_ap,
        probability_share=float(guessed.mean() / best.mean()),
    )


def _share_without_end(guessed: np.ndarray, best: np.ndarray) -> CeilingShare:
    model, prior, bayes = (score_without_end(best, scores).macro_ap for scores in (guessed, np.zeros_like(best), best))
    return share_of_ceiling(model, prior, bayes)
