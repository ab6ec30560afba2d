"""The recommender: planted listeners, peers on the same folds, and speed at full size.

    python benchmarks/recommend.py --only planted
    python benchmarks/recommend.py --only peers --rec REC --peers-python PEERS/bin/python
    python benchmarks/recommend.py --only speed
    python benchmarks/recommend.py --only latency

Peers (cornac's VBPR, irspack's feature-aware iALS) live in a virtual environment of their own, made with
`pip install cornac irspack torch`; this script writes the folds to a temporary folder and runs `recommend_peers.py`.
"""

from __future__ import annotations

import argparse
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

from albumnet.metrics.bootstrap import draw_resamples, resample_mean
from albumnet.metrics.intervals import interval
from albumnet.metrics.recommendation import score_lists
from albumnet.planted import PlantedListeners, draw_listeners
from albumnet.recommend.contents import Contents, RowSpec
from albumnet.recommend.evaluation import over_folds
from albumnet.recommend.interactions import Interactions
from albumnet.recommend.recommenders import Als, AlsOptions, Content, Hybrid
from albumnet.recommend.scenarios import SCENARIOS, Fold, deal_folds
from albumnet.recommend.tuning import ContentMix, draw_validations, tune_als, tune_hybrid

# Of the seven folds: a fold of peers takes minutes.
N_PEER_FOLDS = 3
HYBRID = RowSpec("hybrid", "", "hybrid", ("genre_year",), ("look", "moods"))


def run_planted(peers_python: Path | None, *, n_folds: int = 3) -> None:
    """Mood-driven, artist-driven and popularity-driven listeners: hybrid and peers against the best possible list."""
    for shares in ({"mood": 1.0}, {"mood": 0.5, "artist": 0.3, "popularity": 0.2}, {"artist": 0.5, "popularity": 0.5}):
        for n_likes, noise in ((80, 0.1), (40, 0.3)) if shares == {"mood": 1.0} else ((80, 0.1),):
            rng = np.random.default_rng(0)
            interactions, listeners, moods, artists = planted_listeners(shares, n_likes=n_likes, rng=rng)
            seen_moods = moods + noise * rng.normal(size=moods.shape)
            mix = ContentMix(None, seen_moods.astype(np.float32))
            print(f"\nlisteners {shares}, {n_likes} likes each, noise {noise} on moods of spread 1; cold albums")
            peers = peers_python if shares == {"mood": 1.0} else None
            compare_on_folds("cold albums", interactions, mix, artists, peers, n_folds=n_folds, truth=listeners)


def planted_listeners(
    shares: dict[str, float], *, n_likes: int, rng: np.random.Generator, n_users: int = 400, n_albums: int = 600
) -> tuple[Interactions, PlantedListeners, np.ndarray, np.ndarray]:
    """Listeners of albums with 12 moods, four albums an artist."""
    moods, artists = rng.normal(size=(n_albums, 12)), np.arange(n_albums) // 4
    listeners = draw_listeners(moods, artists, shares=shares, n_users=n_users, n_likes=n_likes, rng=rng)
    return as_interactions(listeners.user, listeners.album, n_users, n_albums), listeners, moods, artists


def as_interactions(user: np.ndarray, album: np.ndarray, n_users: int, n_albums: int) -> Interactions:
    """Likes and nothing else."""
    return Interactions(
        users=tuple(map(str, range(n_users))), album_ids=tuple(map(str, range(n_albums))), user=user.astype(np.int32),
        album=album.astype(np.int32), value=np.ones(len(user), np.float32), is_liked=np.ones(len(user), bool),
        is_explicit=True,
    )  # fmt: skip


def run_peers(rec: Path, peers_python: Path) -> None:
    """Peers on the folds that `albumnet recommend evaluate REC` makes, with the same content."""
    from albumnet.dataset import AlbumSet
    from albumnet.dataset.splits import group_albums
    from albumnet.recommend.folder import read_folder, read_tensors

    fitted = read_folder(rec)
    crossfitted = read_tensors(rec / "crossfitted.safetensors", digest=f"{fitted.config.tensors_digest}-0")
    mix = Contents({**fitted.blocks, **crossfitted}).mix(HYBRID)
    groups = group_albums(AlbumSet(Path(fitted.config.album_set)).albums)
    for scenario in ("warm", "cold albums"):
        print(f"\n{scenario}, {len(fitted.interactions.users)} users, content: genre, year, look, moods")
        compare_on_folds(scenario, fitted.interactions, mix, groups, peers_python, n_folds=7, n_used=N_PEER_FOLDS)


def compare_on_folds(
    scenario: str,
    interactions: Interactions,
    mix: ContentMix,
    groups: np.ndarray,
    peers_python: Path | None,
    *,
    n_folds: int,
    n_used: int | None = None,
    truth: PlantedListeners | None = None,
) -> None:
    """nDCG@10 of the hybrid, ALS, content, peers and the truth; differences to the hybrid, paired over users."""
    rng = np.random.default_rng([0, SCENARIOS.index(scenario)])
    folds = deal_folds(scenario, interactions, artists=groups, n_folds=n_folds, rng=rng)[:n_used]
    per_fold: dict[str, list[np.ndarray]] = {}
    for n, fold in enumerate(folds):
        for name, scores in _score_fold(scenario, interactions, fold, mix, groups, peers_python, n, n_folds).items():
            per_fold.setdefault(name, []).append(_judge(scores, interactions, fold))
        if truth is not None:
            per_fold.setdefault("planted optimum", []).append(_judge(truth.utility, interactions, fold))
    with np.errstate(invalid="ignore"):
        values = {name: np.nanmean(np.stack(each), axis=0) for name, each in per_fold.items()}
    resamples = draw_resamples(np.arange(len(interactions.users)), n_resamples=1000, rng=np.random.default_rng(0))
    for name, value in values.items():
        difference = values["hybrid"] - value
        point = float(np.nanmean(difference))
        low, high = interval(point, resample_mean(difference, resamples), n_groups=resamples.n_groups)
        by_fold = over_folds(
            np.array([np.nanmean(a - b) for a, b in zip(per_fold["hybrid"], per_fold[name], strict=True)])
        )
        print(
            f"{name:28} nDCG@10 {np.nanmean(value):.3f}   hybrid less this {point:+.3f} [{low:+.3f}, {high:+.3f}] "
            f"over folds [{by_fold.low:+.3f}, {by_fold.high:+.3f}]"
        )
    if truth is not None:
        share = np.nanmean(values["hybrid"]) / np.nanmean(values["planted optimum"])
        print(f"the hybrid reaches {share:.1%} of the planted optimum")


def _judge(scores: np.ndarray, interactions: Interactions, fold: Fold) -> np.ndarray:
    hidden = interactions.liked(fold.is_hidden).toarray() > 0
    candidates = fold.is_candidate & (interactions.seen(~fold.is_hidden).toarray() == 0)
    return score_lists(scores, hidden, is_candidate=candidates, rng=np.random.default_rng(0)).ndcg


def _score_fold(
    scenario: str, interactions: Interactions, fold: Fold, mix: ContentMix, groups: np.ndarray,
    peers_python: Path | None, number: int, n_folds: int,
) -> dict[str, np.ndarray]:  # fmt: skip
    rng = np.random.default_rng([0, 0, number])
    kept = ~fold.is_hidden
    train = interactions.liked(kept)
    users = np.arange(len(interactions.users))
    validations, warm = (
        draw_validations(kind, interactions, artists=groups, n_folds=n_folds, rng=rng, kept=kept)
        for kind in (scenario, "warm")
    )
    options = tune_als(warm, base=AlsOptions(n_threads=1))
    inner = [Als(options).fit(each.train) for each in validations]
    chosen, weight = tune_hybrid(validations, inner, mix, has_listeners=scenario == "warm")
    fitted = Als(options).fit(train)
    content = mix.mixed(weight)
    scores = {
        "hybrid": Hybrid(fitted, content, options=chosen, is_fitted=True).fit(train).scores(users),
        "ALS": fitted.scores(users),
        "content alone": Content(content).fit(train).scores(users),
    }
    if peers_python is not None:
        scores |= _run_peers(peers_python, validations[0], train, mix.mixed(1.0))
    return scores


def _run_peers(python: Path, validation: object, train: object, content: np.ndarray) -> dict[str, np.ndarray]:
    """Scores of each peer with the settings that are best on the validation."""
    from scipy.sparse import save_npz

    with tempfile.TemporaryDirectory() as folder:
        here = Path(folder)
        save_npz(here / "inner.npz", validation.train)  # type: ignore[attr-defined]
        save_npz(here / "train.npz", train)
        np.save(here / "content.npy", content.astype(np.float32))
        script = Path(__file__).with_name("recommend_peers.py")
        subprocess.run([python, script, here], check=True, env={"OMP_NUM_THREADS": "1"}, capture_output=True)
        found = {}
        for peer in sorted({path.stem.rpartition("-")[0] for path in here.glob("*-inner*.npy")}):
            trials = sorted(here.glob(f"{peer}-inner*.npy"))
            worth = [validation.judge(np.load(path)[validation.users]) for path in trials]  # type: ignore[attr-defined]
            best = trials[int(np.argmax(worth))].name
            found[peer] = np.load(here / best.replace("-inner", "-train"))
    return found


def run_speed() -> None:
    """ALS alone, then the hybrid with its choice of settings and one user's list, at full size, each in its process."""
    with tempfile.TemporaryDirectory() as folder:
        for part in ("draw", "als", "hybrid"):
            subprocess.run(
                [sys.executable, __file__, "--only", "speed", "--part", part, "--folder", folder], check=True
            )


def run_speed_part(
    part: str, folder: Path, *, n_users: int = 100_000, n_albums: int = 127_467, n_likes: int = 20_000_000
) -> None:
    """One process of `run_speed`: what it takes is its own memory."""
    if part == "draw":
        user, album = _synthetic_likes(n_users, n_albums, n_likes, np.random.default_rng(0))
        np.save(folder / "user.npy", user)
        np.save(folder / "album.npy", album)
        return
    user, album = np.load(folder / "user.npy"), np.load(folder / "album.npy")
    if part == "als":
        likes = as_interactions(user, album, n_users, n_albums).liked()
        del user, album
        start = time.perf_counter()
        Als(AlsOptions(n_factors=64, n_iterations=15)).fit(likes)
        print(f"{n_users:,} users x {n_albums:,} albums, {likes.nnz:,} likes")
        print(
            f"ALS, 64 factors, 15 iterations: {time.perf_counter() - start:.0f} s, peak {_peak_gb():.2f} GB", flush=True
        )
    else:
        _time_hybrid(as_interactions(user, album, n_users, n_albums))


def _time_hybrid(interactions: Interactions, *, width: int = 192) -> None:
    from albumnet.pipeline.recommending import fit_hybrid

    n_users, n_albums = interactions.shape
    rng = np.random.default_rng(0)
    content = rng.normal(size=(n_albums, width)).astype(np.float32)
    contents = Contents({"genre_year": content[:, :80], "look": content[:, 80:144], "moods": content[:, 144:]})
    del content
    start = time.perf_counter()
    als, _, options, weight = fit_hybrid(interactions, contents, HYBRID, groups=np.arange(n_albums))
    seen = interactions.seen()
    hybrid = Hybrid(als, contents.mix(HYBRID).mixed(weight), options=options, is_fitted=True).fit(interactions.liked())
    seconds = time.perf_counter() - start
    print(f"hybrid on content {width} wide, settings chosen: {seconds:.0f} s, peak {_peak_gb():.2f} GB", flush=True)
    times = _times(lambda row: hybrid.recommend(row, 10, seen=seen), rng.integers(n_users, size=50))
    print(f"recommend for a user: median {np.median(times):.1f} ms, 95th percentile {np.percentile(times, 95):.1f} ms")


def run_latency(*, n_users: int = 20_000, n_albums: int = 127_467, n_likes: int = 4_000_000, width: int = 192) -> None:
    """A user's list and an album's neighbours in a warm process, from factors that are drawn instead of fitted.

    As long as those of `run_speed`, which are 100,000 users: how many others there are changes nothing for one.
    """
    rng = np.random.default_rng(0)
    interactions = as_interactions(*_synthetic_likes(n_users, n_albums, n_likes, rng), n_users, n_albums)
    als = Als(AlsOptions())
    als.user_factors, als.item_factors = (rng.normal(size=(n, 64)).astype(np.float32) for n in (n_users, n_albums))
    content = rng.normal(size=(n_albums, width)).astype(np.float32)
    hybrid = Hybrid(als, content, is_fitted=True).fit(interactions.liked())
    seen = interactions.seen()
    for what, ask, n_rows in (
        ("recommend for a user", lambda row: hybrid.recommend(row, 10, seen=seen), n_users),
        ("albums like an album, hybrid", lambda row: hybrid.similar(row, 10), n_albums),
        ("albums like an album, listeners", lambda row: als.similar(row, 10), n_albums),
    ):
        times = _times(ask, rng.integers(n_rows, size=200))
        print(f"{what}: median {np.median(times):.1f} ms, 95th percentile {np.percentile(times, 95):.1f} ms")


def _times(ask: Callable[[np.ndarray], object], rows: np.ndarray) -> list[float]:
    times = []
    for row in rows:
        start = time.perf_counter()
        ask(np.array([row]))
        times.append(1000 * (time.perf_counter() - start))
    return times


def _synthetic_likes(n_users: int, n_albums: int, n_likes: int, rng: np.random.Generator) -> tuple[np.ndarray, ...]:
    """Different pairs, albums by a heavy-tailed popularity and users by a log-normal activity."""
    weight = np.cumsum(1 / np.arange(20, n_albums + 20) ** 0.8)
    activity = np.cumsum(rng.lognormal(sigma=0.7, size=n_users))
    found = np.empty(0, dtype=np.int64)
    while len(found) < n_likes:
        n_more = int(1.2 * (n_likes - len(found))) + 1000
        users = np.searchsorted(activity, rng.random(n_more) * activity[-1]).clip(0, n_users - 1)
        albums = np.searchsorted(weight, rng.random(n_more) * weight[-1]).clip(0, n_albums - 1)
        found = np.union1d(found, users.astype(np.int64) * n_albums + albums)
    chosen = np.delete(found, rng.choice(len(found), len(found) - n_likes, replace=False))
    return (chosen // n_albums).astype(np.int32), (chosen % n_albums).astype(np.int32)


def _peak_gb() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20


def main() -> None:
    """Run what is asked for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", choices=("planted", "peers", "speed", "latency"), required=True)
    parser.add_argument("--rec", type=Path)
    parser.add_argument("--peers-python", type=Path)
    parser.add_argument("--part", choices=("draw", "als", "hybrid"), help=argparse.SUPPRESS)
    parser.add_argument("--folder", type=Path, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.only == "planted":
        run_planted(arguments.peers_python)
    elif arguments.only == "latency":
        run_latency()
    elif arguments.part is not None:
        run_speed_part(arguments.part, arguments.folder)
    elif arguments.only == "speed":
        run_speed()
    elif arguments.rec is None or arguments.peers_python is None:
        parser.error("--only peers needs --rec and --peers-python")
    else:
        run_peers(arguments.rec, arguments.peers_python)


if __name__ == "__main__":
    main()
