"""How long a map takes, how much memory, and how well it keeps neighbours, beside scikit-learn's and openTSNE's t-SNE.

    python benchmarks/map.py [--albums 127467] [--size 300]         one map of the origin's size
    python benchmarks/map.py --peers [--albums 5000]                beside the peers, in turns
    python benchmarks/map.py --placing [--albums 5000]              places of held-out albums, beside openTSNE's

The vectors are planted (mixtures of few of 167 directions, and noise), or with `--map MAP` those of a map.
"""

from __future__ import annotations

import argparse
import resource
import time
from pathlib import Path

import numpy as np

from albumnet.metrics import neighbour_scores
from albumnet.moodmap import lay_out, read_map
from albumnet.moodmap.neighbours import search
from albumnet.moodmap.placing import place_among
from albumnet.progress import Progress

N_DIRECTIONS = 167
K = 10
N_SAMPLED = 2000
N_TURNS = 3


def main() -> None:
    """Print the numbers."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--albums", type=int)
    parser.add_argument("--size", type=int, default=300)
    parser.add_argument("--map", type=Path)
    what = parser.add_mutually_exclusive_group()
    what.add_argument("--peers", action="store_true")
    what.add_argument("--placing", action="store_true")
    options = parser.parse_args()
    n_albums = options.albums or (5000 if options.peers or options.placing else 127_467)
    vectors = read_map(options.map).vectors if options.map else plant_vectors(n_albums, options.size)
    if options.peers:
        compare_with_peers(vectors)
    elif options.placing:
        compare_places(vectors)
    else:
        measure(vectors)


def plant_vectors(n_albums: int, size: int) -> np.ndarray:
    """(N, E) of unit length."""
    rng = np.random.default_rng(0)
    directions = rng.normal(size=(N_DIRECTIONS, size)).astype(np.float32)
    vectors = np.empty((n_albums, size), np.float32)
    for start in range(0, n_albums, 8192):
        block = vectors[start : start + 8192]
        weights = rng.gamma(0.05, size=(len(block), N_DIRECTIONS)).astype(np.float32)
        block[:] = weights / weights.sum(axis=1, keepdims=True) @ directions
        block += 0.3 * rng.normal(size=block.shape) / np.sqrt(size)
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


def measure(vectors: np.ndarray) -> None:
    """One map: seconds of each stage, the place of a new album, and peak memory."""
    ends: dict[str, float] = {}
    cpu_ends: dict[str, float] = {}

    def listen(progress: Progress) -> None:
        ends[progress.stage] = time.monotonic()
        cpu_ends[progress.stage] = time.process_time()

    start, start_cpu = time.monotonic(), time.process_time()
    layout = lay_out(vectors, rng=np.random.default_rng(0), progress=listen)
    done = time.monotonic()
    done_cpu = time.process_time()
    trustworthiness, kept = score(vectors, layout.xy)
    print(f"{len(vectors):,} x {vectors.shape[1]}, seconds and (of all processors together) seconds of work")
    print(f"neighbours        {ends['neighbours'] - start:7.1f} {cpu_ends['neighbours'] - start_cpu:7.1f}")
    print(f"layout            {done - ends['neighbours']:7.1f} {done_cpu - cpu_ends['neighbours']:7.1f}")
    print(f"scores            {time.monotonic() - done:7.1f} {time.process_time() - done_cpu:7.1f}")
    print(f"together          {time.monotonic() - start:7.1f} {time.process_time() - start_cpu:7.1f}")
    print(f"peak memory       {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20:7.2f} GiB")
    print(f"trustworthiness   {trustworthiness:7.3f}\nneighbours kept   {kept:7.3f}")
    times = []
    for n in range(20):
        start = time.monotonic()
        place_among(vectors[n : n + 1], vectors, layout)
        times.append(time.monotonic() - start)
    print(f"place_new         {1e3 * float(np.median(times)):7.1f} ms an album alone")
    start = time.monotonic()
    place_among(vectors[:500], vectors, layout)
    print(f"                  {2 * (time.monotonic() - start):7.1f} ms an album among 500")


def compare_with_peers(vectors: np.ndarray) -> None:
    """Ours and two peers in turns: seconds, seconds of work, trustworthiness, share of neighbours kept."""
    from openTSNE import TSNE
    from sklearn.manifold import TSNE as SklearnTSNE  # noqa: N811  both are called TSNE

    def ours() -> np.ndarray:
        return lay_out(vectors, rng=np.random.default_rng(0)).xy

    def opentsne() -> np.ndarray:
        return np.asarray(TSNE(n_jobs=2, random_state=0, initialization="pca").fit(vectors))

    def sklearn() -> np.ndarray:
        return np.asarray(SklearnTSNE(init="pca", n_jobs=2, random_state=0).fit_transform(vectors))

    made = {"albumnet": ours, "openTSNE (approximate neighbours)": opentsne, "scikit-learn": sklearn}
    times: dict[str, list[tuple[float, float]]] = {name: [] for name in made}
    layouts = {}
    for _ in range(N_TURNS):
        for name, make in made.items():
            start, start_work = time.monotonic(), time.process_time()
            layouts[name] = make()
            times[name].append((time.monotonic() - start, time.process_time() - start_work))
    print(f"{len(vectors):,} x {vectors.shape[1]}, median of {N_TURNS} turns")
    ours_s = np.median(times["albumnet"], axis=0)
    for name in made:
        seconds, work = np.median(times[name], axis=0)
        trustworthiness, kept = score(vectors, layouts[name])
        ratios = f"{seconds:6.1f} ({seconds / ours_s[0]:.2f}x)  {work:6.1f} ({work / ours_s[1]:.2f}x)"
        print(f"{name:34} {ratios}  {trustworthiness:.3f}  {kept:.3f}")


def compare_places(vectors: np.ndarray) -> None:
    """A fifth is held out and placed on a map of the rest: the share of its 10 nearest that are kept.

    Beside it stand openTSNE and a layout of all.
    """
    from openTSNE import TSNEEmbedding
    from openTSNE.affinity import PerplexityBasedNN

    order = np.random.default_rng(0).permutation(len(vectors))
    new, old = np.sort(order[: len(order) // 5]), np.sort(order[len(order) // 5 :])
    layout, joint = (lay_out(v, rng=np.random.default_rng(0)) for v in (vectors[old], vectors))
    true, _ = search(vectors[new], vectors[old], k=K)

    def kept(xy: np.ndarray, places: np.ndarray) -> float:
        distances = np.square(places[:, None] - xy[None]).sum(axis=2)
        near = np.argpartition(distances, K - 1, axis=1)[:, :K]
        return float(np.mean([len(set(a) & set(b)) / K for a, b in zip(near, true, strict=True)]))

    start = time.monotonic()
    ours = place_among(vectors[new], vectors[old], layout)
    ours_s = time.monotonic() - start
    affinities = PerplexityBasedNN(vectors[old], perplexity=layout.perplexity, method="exact")
    embedding = TSNEEmbedding(layout.xy / layout.unit, affinities)
    start = time.monotonic()
    theirs = np.asarray(embedding.transform(vectors[new], perplexity=layout.perplexity))
    theirs_s = time.monotonic() - start
    nearest, _ = search(vectors[new], vectors[old], k=1)
    print(
        f"{len(new):,} of {len(vectors):,} x {vectors.shape[1]} held out; share of their {K} nearest kept, ms an album"
    )
    print(f"laid out with the rest    {kept(joint.xy[old], joint.xy[new]):.3f}")
    print(f"place_new                 {kept(layout.xy, ours):.3f}  {1e3 * ours_s / len(new):.2f}")
    print(f"openTSNE's transform      {kept(np.asarray(embedding), theirs):.3f}  {1e3 * theirs_s / len(new):.2f}")
    print(f"where the nearest lies    {kept(layout.xy, layout.xy[nearest[:, 0]]):.3f}")


def score(vectors: np.ndarray, xy: np.ndarray) -> tuple[float, float]:
    """Trustworthiness and the share of neighbours kept, over a sample."""
    rows = np.sort(np.random.default_rng(1).permutation(len(vectors))[:N_SAMPLED])
    return neighbour_scores(vectors, xy, k=K, rows=rows)


if __name__ == "__main__":
    main()
