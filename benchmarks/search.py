"""At which size an approximate index starts to pay: nearest mood vectors, exact against usearch and FAISS.

    python benchmarks/search.py [--albums 100000 1000000] [--dims 100] [--queries 200] [--ways exact …]

Vectors are drawn in clusters, as mood vectors lie; exact search is a blocked matrix product in float32. Time per query
is for one at a time and for all queries at once, on one thread; recall is the share of the exact ten that are found.
AlbumNet needs neither library (`pip install usearch faiss-cpu`); one that is not there is passed over.
"""

from __future__ import annotations

import argparse
import resource
import time
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from threadpoolctl import threadpool_limits

K = 10
_BLOCK = 50_000
N_CLUSTERS = 2_000


@dataclass(frozen=True)
class Search:
    """One way to search: what it took to build, and how it answers queries (Q, E) with rows (Q, K)."""

    name: str
    build_seconds: float
    find: Callable[[np.ndarray], np.ndarray]


def main() -> None:
    """Measure every size and print the table."""
    arguments = _parse()
    print(f"{arguments.dims} numbers per vector, {arguments.queries} queries, {K} nearest, one thread")
    header = ("recall", "build s", "ms one by one", "ms at once", "peak MB")
    print(f"{'':34}" + "".join(f"{title:>15}" for title in header))
    for n_albums in arguments.albums:
        vectors, queries = draw_vectors(n_albums, arguments.dims, n_queries=arguments.queries)
        with threadpool_limits(1):
            truth = _exact(vectors).find(queries)
            for way in arguments.ways:
                try:
                    search = WAYS[way](vectors)
                except ModuleNotFoundError as error:
                    print(f"{n_albums:>12,} {way:21} passed over: {error.name} is not installed", flush=True)
                else:
                    _report(n_albums, search, queries, truth)


def draw_vectors(n_vectors: int, dims: int, *, n_queries: int) -> tuple[np.ndarray, np.ndarray]:
    """Unit vectors (N, E) around cluster centres, and as many queries drawn the same way."""
    rng = np.random.default_rng(0)
    centres = rng.normal(size=(N_CLUSTERS, dims))
    drawn = centres[rng.integers(N_CLUSTERS, size=n_vectors + n_queries)] + rng.normal(
        size=(n_vectors + n_queries, dims)
    )
    unit = (drawn / np.linalg.norm(drawn, axis=1, keepdims=True)).astype(np.float32)
    return unit[:n_vectors], unit[n_vectors:]


def _report(n_albums: int, search: Search, queries: np.ndarray, truth: np.ndarray) -> None:
    started = time.perf_counter()
    found = search.find(queries)
    at_once = (time.perf_counter() - started) / len(queries)
    singles = []
    for query in queries[:50]:
        started = time.perf_counter()
        search.find(query[None])
        singles.append(time.perf_counter() - started)
    recall = np.mean([len(set(a) & set(b)) / K for a, b in zip(found.tolist(), truth.tolist(), strict=True)])
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    cells = (
        f"{recall:15.3f}{search.build_seconds:15.1f}{1e3 * float(np.median(singles)):15.2f}"
        f"{1e3 * at_once:15.3f}{memory:15,.0f}"
    )
    print(f"{n_albums:>12,} {search.name:21}{cells}", flush=True)


def _exact(vectors: np.ndarray) -> Search:
    def find(queries: np.ndarray) -> np.ndarray:
        best = np.full((len(queries), K), -np.inf, np.float32)
        rows = np.zeros((len(queries), K), np.int64)
        for start in range(0, len(vectors), _BLOCK):
            closeness = queries @ vectors[start : start + _BLOCK].T
            near = np.argpartition(-closeness, K - 1, axis=1)[:, :K]
            all_near = np.concatenate([best, np.take_along_axis(closeness, near, axis=1)], axis=1)
            all_rows = np.concatenate([rows, near + start], axis=1)
            kept = np.argsort(-all_near, axis=1, kind="stable")[:, :K]
            best, rows = (np.take_along_axis(values, kept, axis=1) for values in (all_near, all_rows))
        return rows

    return Search("exact, blocked product", 0.0, find)


def _usearch(vectors: np.ndarray) -> Search:
    from usearch.index import Index

    started = time.perf_counter()
    index = Index(ndim=vectors.shape[1], metric="ip", dtype="f32", connectivity=16, expansion_add=128)
    index.expansion_search = 128
    index.add(np.arange(len(vectors)), vectors, threads=1)
    seconds = time.perf_counter() - started
    return Search(
        "usearch HNSW", seconds, lambda queries: np.asarray(index.search(queries, K, threads=1).keys).reshape(-1, K)
    )


def _faiss_hnsw(vectors: np.ndarray) -> Search:
    import faiss

    faiss.omp_set_num_threads(1)
    started = time.perf_counter()
    index = faiss.IndexHNSWFlat(vectors.shape[1], 16, faiss.METRIC_INNER_PRODUCT)
    index.hnsw.efConstruction, index.hnsw.efSearch = 128, 128
    index.add(vectors)
    return Search("faiss HNSW", time.perf_counter() - started, lambda queries: index.search(queries, K)[1])


def _faiss_ivf(vectors: np.ndarray) -> Search:
    import faiss

    faiss.omp_set_num_threads(1)
    started = time.perf_counter()
    n_lists = int(4 * np.sqrt(len(vectors)))
    quantiser = faiss.IndexFlatIP(vectors.shape[1])
    index = faiss.IndexIVFFlat(quantiser, vectors.shape[1], n_lists, faiss.METRIC_INNER_PRODUCT)
    index.train(vectors[:: max(1, len(vectors) // (100 * n_lists))])
    index.add(vectors)
    index.nprobe = 32
    return Search("faiss IVF, 32 lists", time.perf_counter() - started, lambda queries: index.search(queries, K)[1])


WAYS: dict[str, Callable[[np.ndarray], Search]] = {
    "exact": _exact,
    "usearch": _usearch,
    "faiss-hnsw": _faiss_hnsw,
    "faiss-ivf": _faiss_ivf,
}


def _parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--albums", type=int, nargs="+", default=[100_000, 1_000_000])
    parser.add_argument("--dims", type=int, default=100)
    parser.add_argument("--queries", type=int, default=200)
    parser.add_argument("--ways", nargs="+", choices=list(WAYS), default=list(WAYS))
    return parser.parse_args()


if __name__ == "__main__":
    main()
