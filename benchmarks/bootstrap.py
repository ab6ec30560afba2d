"""The bootstrap over artists: its time and memory at full size, and whether its intervals cover.

    python benchmarks/bootstrap.py                 25,000 albums x 167 moods x 1,000 resamples, one process per case
    python benchmarks/bootstrap.py --table         the whole score table of one `evaluate` at that size, 12 predictors
    python benchmarks/bootstrap.py --coverage      1,000 worlds per setting, every kind of interval side by side

Table: `evaluation.make_score_table` itself, all metrics with their intervals, paired differences, p-values and Holm's
correction, of predictors whose scores are as alike as those of `evaluate`: the model and variants of it, a prior that
says the same of every album, genre and year in 2,000 combinations, neighbours that count to k.

Coverage: in each world, artists with an effect of their own draw albums, moods and the scores of two fixed scorers. An
interval should hold the truth in 95 % of worlds. There are two truths: what the scorer gets on average on test sets of
this size (the mean over the worlds), and what it gets on all albums there could be (30,000 artists, three times). They
differ for macro AP, because average precision of few positives is too high, whoever scores.
"""

from __future__ import annotations

import argparse
import platform
import resource
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy import stats

from albumnet.evaluation import Truth, make_score_table
from albumnet.metrics import (
    ClusterResamples,
    average_precisions,
    draw_resamples,
    interval,
    resample_moods,
    score_interval,
    score_moods,
)

SCORES = ("macro_ap", "micro_ap", "macro_roc_auc", "micro_roc_auc")
N_ALBUMS, N_MOODS, N_ARTISTS, N_RESAMPLES = 25_000, 167, 8_000, 1_000
CASES = {
    "even": "every mood on 5 % of the albums, no equal scores",
    "long-tail": "moods on 0.02 to 35 % of the albums, half-precision scores",
}


@dataclass(frozen=True)
class Setting:
    """Worlds of one size: artists, moods, the shares of albums that the rarest and the commonest mood are on.

    `hint` is what the better scorer is told of the truth: 2.5 takes its macro AP to 0.95.
    """

    n_artists: int
    n_moods: int
    rarest: float
    commonest: float
    hint: float = 0.0


SETTINGS = (
    Setting(n_artists=60, n_moods=8, rarest=0.08, commonest=0.4),
    Setting(n_artists=100, n_moods=10, rarest=0.08, commonest=0.4),
    Setting(n_artists=150, n_moods=15, rarest=0.03, commonest=0.3),
    Setting(n_artists=300, n_moods=20, rarest=0.005, commonest=0.2),
    Setting(n_artists=100, n_moods=10, rarest=0.08, commonest=0.4, hint=2.5),
)


def main() -> None:
    """Run one of the two."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--coverage", action="store_true", help="simulate worlds instead of measuring speed")
    parser.add_argument("--table", action="store_true", help="measure the whole score table")
    parser.add_argument("--worlds", type=int, default=1_000, help="worlds per setting")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--case", choices=CASES, help="measure one case in this process")
    arguments = parser.parse_args()
    if arguments.table:
        measure_table(rng=np.random.default_rng(arguments.seed))
    elif arguments.coverage:
        for number, setting in enumerate(SETTINGS):
            rng = np.random.default_rng([arguments.seed, number])
            print_coverage(setting, n_worlds=arguments.worlds, rng=rng)
    elif arguments.case:
        measure(arguments.case, rng=np.random.default_rng(arguments.seed))
    else:
        print(f"{platform.machine()}; {N_ALBUMS:,} albums x {N_MOODS} moods x {N_RESAMPLES:,} resamples of artists")
        for case in CASES:
            command = [sys.executable, __file__, "--case", case, "--seed", str(arguments.seed)]
            subprocess.run(command, check=True)


def measure(case: str, *, rng: np.random.Generator) -> None:
    """Time, peak memory, and how far single precision is from `score_moods`."""
    shares = np.full(N_MOODS, 0.05) if case == "even" else np.geomspace(0.0002, 0.35, N_MOODS)
    target = (rng.random((N_ALBUMS, N_MOODS), dtype=np.float32) < shares).astype(np.uint8)
    scores = rng.random(target.shape, dtype=np.float32) + np.float32(0.3) * target
    if case == "long-tail":
        scores = scores.astype(np.float16)
    artists = rng.integers(N_ARTISTS, size=N_ALBUMS)
    start = time.perf_counter()
    resamples = draw_resamples(artists, n_resamples=N_RESAMPLES, rng=rng)
    resampled = resample_moods(target, scores, resamples)
    seconds = time.perf_counter() - start
    peak_mb = _peak_mb()
    n_left_out = np.isnan(resampled.roc_aucs).any(axis=0).sum()
    once = ClusterResamples(resamples.groups, np.ones((resamples.n_groups, 1), dtype=np.uint8))
    ours, exact = resample_moods(target, scores, once), score_moods(target, scores)
    error = max(abs(getattr(ours, name)[0] - getattr(exact, name)) for name in SCORES)
    print(
        f"{case:10} {seconds:5.1f} s  peak {peak_mb:4.0f} MB  largest error {error:.0e}  "
        f"({CASES[case]}; {n_left_out} moods left out of some resample)"
    )


def measure_table(*, rng: np.random.Generator) -> None:
    """Time and peak memory of the whole score table."""
    truth, predictions = _draw_table(rng)
    before_mb, start = _peak_mb(), time.perf_counter()
    took: list[float] = []
    table = make_score_table(
        truth,
        predictions,
        n_resamples=N_RESAMPLES,
        rng=rng,
        advance=lambda _: took.append(time.perf_counter() - start),
    )
    seconds = time.perf_counter() - start
    for row, each in zip(table.rows, np.diff(took, prepend=0), strict=True):
        auc, micro = row.scores["macro_roc_auc"], row.scores["micro_ap"]
        print(f"{row.title:28}{each:6.1f} s  macro ROC-AUC {auc.value:.3f} [{auc.low:.3f}, {auc.high:.3f}], ", end="")
        print(f"micro AP {micro.value:.3f}")
    n_tested = sum(not np.isnan(d.p_holm) for d in table.differences)
    print(
        f"{table.n_albums:,} albums by {table.n_artists:,} artists x {table.n_moods} moods x {table.n_resamples:,} "
        f"resamples, {len(table.rows)} predictors, {len(table.rows[0].scores)} metrics, {len(table.differences)} "
        f"paired differences ({n_tested} under Holm): "
        f"{seconds:.1f} s, peak {_peak_mb():.0f} MB ({before_mb:.0f} MB before)"
    )


def _draw_table(rng: np.random.Generator) -> tuple[Truth, dict[str, tuple[str, np.ndarray]]]:
    """Moods of a long tail (0.02 to 35 % of the albums), and probabilities in single precision as files hold them."""
    shares = np.geomspace(0.0002, 0.35, N_MOODS)
    artists = rng.integers(N_ARTISTS, size=N_ALBUMS)
    target = (rng.random((N_ALBUMS, N_MOODS), dtype=np.float32) < shares).astype(np.uint8)
    target[np.arange(N_ALBUMS), rng.choice(N_MOODS, size=N_ALBUMS, p=shares / shares.sum())] = 1
    vectors = rng.normal(size=(N_MOODS, 100)) + 0.5
    truth = Truth(
        moods=tuple(f"Mood {m}" for m in range(N_MOODS)),
        target=target,
        relevance=(target * rng.random(target.shape, dtype=np.float32)).astype(np.float32),
        artists=artists,
        train_counts=target.sum(axis=0, dtype=np.int64) * 4,
        label_vectors=(vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32),
    )
    log_odds = np.log(shares / (1 - shares)).astype(np.float32)

    def guess(hint: float) -> np.ndarray:
        belief = log_odds + 0.5 * rng.standard_normal(target.shape, dtype=np.float32) + np.float32(hint) * target
        return (1 / (1 + np.exp(-belief))).astype(np.float32)

    combination = rng.integers(2_000, size=N_ALBUMS)
    near = rng.binomial(50, shares, size=target.shape).astype(np.float32)
    predictions = {
        "model": ("model 2", guess(0.5)),
        "prior": ("prior", np.tile(shares.astype(np.float32), (N_ALBUMS, 1))),
        "metadata": ("metadata only, 2,000 values", guess(0.0)[combination]),
        "neighbours": ("nearest covers, k = 50", ((near + shares) / 51).astype(np.float32)),
    }
    predictions |= {f"variant {n}": (f"variant {n}", guess(0.06 * n)) for n in range(1, 9)}
    return truth, predictions


def _peak_mb() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def print_coverage(setting: Setting, *, n_worlds: int, rng: np.random.Generator) -> None:
    """One table: share of worlds whose interval holds the truth, for every kind of interval and score."""
    start = time.perf_counter()
    everywhere = np.mean([_points(_draw_world(setting, n_artists=30_000, rng=rng)) for _ in range(3)], axis=0)
    points, intervals, n_positives = [], [], []
    for _ in range(n_worlds):
        world = _draw_world(setting, n_artists=setting.n_artists, rng=rng)
        point, kinds = _points(world), _intervals(world, rng=rng)
        points.append(point)
        intervals.append(kinds)
        n_positives.append(world[1].sum(axis=0))
    at_this_size = np.mean(points, axis=0)
    rarest, *_, commonest = np.mean(n_positives, axis=0)
    print(
        f"\n{setting.n_artists} artists, {setting.n_moods} moods on {rarest:.0f} to {commonest:.0f} albums, "
        f"{n_worlds} worlds, {time.perf_counter() - start:.0f} s; * is outside 93-97 %"
    )
    print(f"{'':36}{'of one model':^40}{'difference of two':^40}")
    print(f"{'':36}" + 2 * "".join(f"{name:>8}" for name in ("mac AP", "mic AP", "mac AUC", "mic AUC", "mood AP")))
    print(f"{'mean at this size':36}" + "".join(f"{value:8.3f}" for value in at_this_size))
    print(f"{'on all albums':36}" + "".join(f"{value:8.3f}" for value in everywhere))
    for kind in intervals[0]:
        ends = np.array([each[kind] for each in intervals])  # (worlds, 2, 10)
        for name, truth in (("this size", at_this_size), ("all albums", everywhere)):
            covered = 100 * ((ends[:, 0] <= truth) & (truth <= ends[:, 1])).mean(axis=0)
            print(f"{kind:24}{name:12}" + "".join(f"{c:7.1f}{' ' if 93 <= c <= 97 else '*'}" for c in covered))


World = tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]


def _draw_world(setting: Setting, *, n_artists: int, rng: np.random.Generator) -> World:
    """Artists, target (N, M), and the scores of a better and a worse scorer. Three albums per artist on average."""
    artists = np.repeat(np.arange(n_artists), 1 + rng.poisson(2, n_artists))
    shares = np.geomspace(setting.rarest, setting.commonest, setting.n_moods)

    def draw(rows: int) -> np.ndarray:
        return rng.normal(size=(rows, setting.n_moods))

    # What makes a mood: the artist's way (variance .36), what shows on the cover (.25), what shows nowhere (.39).
    way, shown, unseen = draw(n_artists)[artists], draw(len(artists)), draw(len(artists))
    target = (0.6 * way + 0.5 * shown + np.sqrt(0.39) * unseen > stats.norm.isf(shares)).astype(np.uint8)
    # What misleads a scorer is shared by an artist's albums too, and partly by both scorers.
    misled = draw(n_artists)[artists]
    better = 0.6 * way + 0.5 * shown + 0.8 * misled + 0.6 * draw(len(artists)) + setting.hint * target
    worse = 0.6 * way + 0.3 * shown + 0.4 * misled + 0.8 * draw(len(artists))
    return artists, target, better.astype(np.float32), worse.astype(np.float32)


def _points(world: World) -> np.ndarray:
    """Scores of the better scorer, the fifth the commonest mood's AP; then their lead over the worse one's (10,)."""
    _, target, better, worse = world
    first, second = (
        np.array(
            [getattr(score_moods(target, scores), name) for name in SCORES] + [average_precisions(target, scores)[-1]]
        )
        for scores in (better, worse)
    )
    return np.concatenate([first, first - second])


def _resampled_points(world: World, drawn: ClusterResamples) -> np.ndarray:
    """The same on each resample (10, R)."""
    _, target, better, worse = world
    first, second = (
        np.array([getattr(resampled, name) for name in SCORES] + [resampled.average_precisions[:, -1]])
        for resampled in (resample_moods(target, scores, drawn) for scores in (better, worse))
    )
    return np.concatenate([first, first - second])


def _intervals(world: World, *, rng: np.random.Generator) -> dict[str, np.ndarray]:
    """Every kind of 95 % interval (2, 10)."""
    points = _points(world)
    resamples = draw_resamples(world[0], n_resamples=N_RESAMPLES, rng=rng)
    # Every artist left out once, for the acceleration of BCa.
    without_one = ClusterResamples(resamples.groups, 1 - np.eye(resamples.n_groups, dtype=np.uint8))
    resampled, left_out = _resampled_points(world, resamples), _resampled_points(world, without_one)
    low, high = np.quantile(resampled, [0.025, 0.975], axis=1)
    shift = points - resampled.mean(axis=1)
    n_groups = resamples.n_groups
    student, on_logits = (
        np.transpose([kind(point, row, n_groups=n_groups) for point, row in zip(points, resampled, strict=True)])
        for kind in (interval, score_interval)
    )
    is_level = np.arange(len(points)) < len(points) // 2  # a difference has no logit
    return {
        "percentile": np.stack([low, high]),
        "basic (reflected)": np.stack([2 * points - high, 2 * points - low]),
        "percentile, centred": np.stack([low + shift, high + shift]),
        "BCa": _bca(points, resampled, left_out),
        "interval": student,
        "score_interval": np.where(is_level, on_logits, student),
        "interval less bias": student + shift,
    }


def _bca(points: np.ndarray, resampled: np.ndarray, left_out: np.ndarray) -> np.ndarray:
    """Efron (1987), "Better bootstrap confidence intervals", JASA 82(397), 171-185."""
    influence = left_out.mean(axis=1, keepdims=True) - left_out
    acceleration = (influence**3).sum(axis=1) / (6 * (influence**2).sum(axis=1) ** 1.5)
    bias = stats.norm.ppf((resampled < points[:, None]).mean(axis=1).clip(0.001, 0.999))
    ends: Sequence[np.ndarray] = [
        stats.norm.cdf(bias + (bias + z) / (1 - acceleration * (bias + z))) for z in stats.norm.ppf([0.025, 0.975])
    ]
    return np.array([[np.quantile(row, q) for row, q in zip(resampled, end, strict=True)] for end in ends])


if __name__ == "__main__":
    main()
