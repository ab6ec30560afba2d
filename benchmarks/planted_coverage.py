"""Whether 95 % intervals over artists hold the truth, in planted worlds with the artist effect of real albums.

In each world artists have a look and an effect on moods of their own, as strong as measured on real albums. A ridge
probe on cover, genre and year and another on genre and year are fitted to half of the artists, and stay as they are.
What they score on all albums there could be by artists like the other half is known exactly; test sides are drawn from
these, and scored by the code of `albumnet evaluate`: a score of the first, of the second, and their difference.

There are two truths. One is the score on all albums there could be. The other is the mean over test sides of this size;
it is higher for macro AP, because average precision of few positives is too high, whoever scores. By how much is the
mean over the worlds. Macro AP of all albums (`metrics/all_albums.py`) is the evaluation's estimate of the first.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, replace

import numpy as np

from albumnet.evaluation.table import Truth, make_score_table
from albumnet.planted.known import WorldOptions, draw_test_side, plant_in_features, score_without_end
from albumnet.planted.known.hidden_artists import LEAK_WORLD, draw_covers_of_artists
from albumnet.planted.world import draw_artist_of_albums
from planted_worlds import ridge_probe

# What the score table calls them -> what the exact scores are called.
METRICS = {
    "macro_ap": "macro_ap",
    "macro_ap_of_all_albums": "macro_ap",
    "micro_ap": "micro_ap",
    "macro_roc_auc": "macro_roc_auc",
    "micro_roc_auc": "micro_roc_auc",
}
N_ALBUMS = 1_500
# The probes see the covers' first components only: 600 albums teach them no more.
N_COMPONENTS = 32
WANTED = (93.0, 97.0)


@dataclass(frozen=True)
class Setting:
    """A size of the test side, and what its worlds are like."""

    n_artists: int
    options: WorldOptions


SETTINGS = (
    Setting(n_artists=100, options=LEAK_WORLD),
    Setting(n_artists=300, options=LEAK_WORLD),
    Setting(n_artists=100, options=replace(LEAK_WORLD, n_rare_moods=8, rare_frequency=0.02)),
)


@dataclass(frozen=True)
class Outcome:
    """One world: truths and points (3, 5) of both probes and their difference in each metric, ends (3, 5, 2), sizes."""

    truth: np.ndarray
    point: np.ndarray
    ends: np.ndarray
    n_albums: int
    n_positives: np.ndarray


def show_coverage(*, n_worlds: int, seed: int) -> None:
    """One table per setting: how many worlds in a hundred had each truth in their interval."""
    for number, setting in enumerate(SETTINGS):
        start = time.perf_counter()
        worlds = [try_world(setting, rng=np.random.default_rng([seed, number, k])) for k in range(n_worlds)]
        _print_setting(setting, worlds, seconds=time.perf_counter() - start)


def try_world(setting: Setting, *, rng: np.random.Generator) -> Outcome:
    """Draw a world and a test side, and make its intervals."""
    artist = draw_artist_of_albums(N_ALBUMS, rng)
    covers = draw_covers_of_artists(artist, rng=rng)
    world = plant_in_features(covers, artist=artist, rng=rng, options=setting.options)
    truth, place = world.truth, (rng.permutation(int(artist.max()) + 1) / (artist.max() + 1))[artist]
    rows = {
        "train": np.flatnonzero(place < 0.4),
        "valid": np.flatnonzero((place >= 0.4) & (place < 0.5)),
        "test": np.flatnonzero(place >= 0.5),
    }
    inputs = {"both": np.concatenate([covers[:, :N_COMPONENTS], truth.metadata], axis=1), "metadata": truth.metadata}
    fits = {name: ridge_probe(each, world.target.astype(float), rows) for name, each in inputs.items()}
    known = [score_without_end(truth.probability_of_new_artist[rows["test"]], scores) for scores in fits.values()]
    side = draw_test_side(truth, rows=rows["test"], n_artists=setting.n_artists, rng=rng)
    drawn = np.searchsorted(rows["test"], side.rows)
    target = side.target.astype(np.uint8)
    table = make_score_table(
        Truth(truth.mood_names, target, target.astype(float), side.artist, world.target.sum(axis=0), None),
        {name: (name, scores[drawn]) for name, scores in fits.items()},
        rng=rng,
    )
    estimates = [[table.row(name).scores[metric] for metric in METRICS] for name in fits]
    estimates.append([d.difference for metric in METRICS if (d := table.difference("metadata", metric))])
    exact = np.array([[getattr(each, name) for name in METRICS.values()] for each in known])
    return Outcome(
        truth=np.concatenate([exact, exact[:1] - exact[1:]]),
        point=np.array([[each.value for each in row] for row in estimates]),
        ends=np.array([[(each.low, each.high) for each in row] for row in estimates]),
        n_albums=len(side.rows),
        n_positives=target.sum(axis=0),
    )


def _print_setting(setting: Setting, worlds: list[Outcome], *, seconds: float) -> None:
    truth, point, ends = (np.array([getattr(each, name) for each in worlds]) for name in ("truth", "point", "ends"))
    positives = np.sort([each.n_positives for each in worlds], axis=1).mean(axis=0)
    excess = (point - truth).mean(axis=0)
    print(
        f"\n{len(worlds)} worlds, test sides of {setting.n_artists} artists, "
        f"{np.mean([each.n_albums for each in worlds]):.0f} albums and {len(positives)} moods on {positives[0]:.0f} to "
        f"{positives[-1]:.0f} of them ({seconds:.0f} s); * is outside {WANTED[0]:.0f}-{WANTED[1]:.0f} %\n"
    )
    print("| | | macro AP | macro AP of all albums | micro AP | macro ROC-AUC | micro ROC-AUC |")
    print("| --- | --- | --- | --- | --- | --- | --- |")
    for r, name in enumerate(("cover, genre, year", "genre, year", "difference")):
        for what, values in (
            ("on all albums", truth.mean(axis=0)[r]),
            ("at this size, more by", excess[r]),
            ("width of the interval", (ends[..., 1] - ends[..., 0]).mean(axis=0)[r]),
        ):
            print(f"| {name} | {what} | " + " | ".join(f"{value:.3f}" for value in values) + " |")
        for what, wanted in (("% hold the mean at this size", truth + excess), ("% hold that of all albums", truth)):
            covered = 100 * ((ends[:, r, :, 0] <= wanted[:, r]) & (wanted[:, r] <= ends[:, r, :, 1])).mean(axis=0)
            marked = [f"{c:.1f}{'' if WANTED[0] <= c <= WANTED[1] else ' *'}" for c in covered]
            print(f"| {name} | {what} | {' | '.join(marked)} |", flush=True)
