"""How features scale over workers of Ray on one machine: one worker against the plain function, two against one.

Beside them two processes without Ray, which is what the machine itself allows.

    python benchmarks/ray_scaling.py [--albums 3072] [--pairs 5] [--backbone efficientnet_lite0]

Every way computes the same shards into a store of its own, in float32 and with one thread per worker, in turns. What is
compared is the steady state: the covers a second from the first finished shard of each worker to the last, so that
starting Ray and loading the network do not count. Medians and ratios of pairs are printed, with lowest and highest.
"""

from __future__ import annotations

import argparse
import multiprocessing
import os
import shutil
import statistics
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

os.environ["OMP_NUM_THREADS"] = "1"  # before torch is imported

import numpy as np

from albumnet.dataset import AlbumSet, FeatureStore
from albumnet.scale import FeatureWork, RayOptions, cut_into_shards, plan_features
from albumnet.scale.ray_engine import run_on_ray

# Half of what `albumnet features` gives a worker at a time. Where several shards are on their way, Ray looks ten times
# a second which are finished: with shards of 64 covers, half a second each, two workers idled for a fifth of the time.
SHARD = 256


def main() -> None:
    """Run the pairs and print the ratios."""
    arguments = _parse()
    with tempfile.TemporaryDirectory() as folder:
        album_set, work = _prepare(Path(folder), arguments)
        rates: dict[str, list[float]] = {"plain": [], "two plain": [], "one worker": [], "two workers": []}
        for pair in range(arguments.pairs):
            for way in rates:
                rates[way].append(_rate(way, album_set, work))
                print(f"pair {pair}: {way:11} {rates[way][-1]:7.1f} covers/s", flush=True)
    for way, found in rates.items():
        print(f"{way:12} {statistics.median(found):7.1f} covers/s ({min(found):.1f} to {max(found):.1f})")
    pairs = ("one worker", "plain"), ("two workers", "one worker"), ("two plain", "plain"), ("two workers", "two plain")
    for first, second in pairs:
        ratios = [a / b for a, b in zip(rates[first], rates[second], strict=True)]
        print(f"{first} / {second}: {statistics.median(ratios):.2f} ({min(ratios):.2f} to {max(ratios):.2f})")


def _prepare(folder: Path, arguments: argparse.Namespace) -> tuple[AlbumSet, FeatureWork]:
    from albumnet.planted import draw_world, write_world
    from albumnet.sources import import_table
    from albumnet.vision.backbones import load_backbone

    world = draw_world(n_albums=arguments.albums, rng=np.random.default_rng(0), cover_size=arguments.cover_size)
    table = write_world(world, folder / "world")
    album_set = import_table(table, table.parent / "covers", out=folder / "set").album_set
    backbone = load_backbone(arguments.backbone, weights=arguments.weights)
    return album_set, plan_features(album_set, backbone, device="cpu", precision="float32")


def _rate(way: str, album_set: AlbumSet, work: FeatureWork) -> float:
    """Covers a second from the first finished shard on, into an empty store."""
    shutil.rmtree(work.store, ignore_errors=True)
    FeatureStore(Path(work.store), work.manifest)
    covers = list(dict.fromkeys(album.cover for album in album_set.albums if album.cover))
    shards = cut_into_shards(covers, size=SHARD, is_done=lambda _: False)
    n_workers = 2 if way.startswith("two") else 1
    if way == "plain":
        outcomes = map(work.start(), shards)
    elif way == "two plain":
        outcomes = _in_processes(work, shards, n_workers=n_workers)
    else:
        outcomes = run_on_ray(work, shards, options=RayOptions(n_workers=n_workers, device="cpu"))
    done = [(time.perf_counter(), outcome.n_done) for outcome in outcomes]
    # Each worker's first shard waits for its network.
    steady = done[n_workers - 1 :]
    return sum(n for _, n in steady[1:]) / (steady[-1][0] - steady[0][0])


_do_shard: Any = None


def _in_processes(work: FeatureWork, shards: Sequence[Sequence[str]], *, n_workers: int) -> Iterator[Any]:
    with multiprocessing.get_context("spawn").Pool(n_workers, initializer=_start, initargs=(work,)) as pool:
        yield from pool.imap_unordered(_do, shards)


def _start(work: FeatureWork) -> None:
    global _do_shard
    _do_shard = work.start()


def _do(shard: Sequence[str]) -> Any:
    return _do_shard(shard)


def _parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--albums", type=int, default=3072)
    parser.add_argument("--pairs", type=int, default=5)
    parser.add_argument("--cover-size", type=int, default=256, help="pixels of the drawn covers")
    parser.add_argument("--backbone", default="efficientnet_lite0")
    parser.add_argument("--weights", type=Path)
    return parser.parse_args()


if __name__ == "__main__":
    main()
