"""Training the origin's network on 25,088 cached inputs, beside `keras.fit` on the same arrays; albums a second.

    python benchmarks/training.py --keras-python VENV/bin/python [--albums 2048] [--rounds 5]

Both train model 1 of the preset `seed` (25,088 to 4096, two blocks of 4096 with batch norm and dropout, 167 sigmoids;
Adam, batches of 128) for an epoch per round, in processes of their own that take turns. AlbumNet reads its features
from the store's float16 shards, Keras has them in memory as float32. Medians and ratios of rounds are printed, by wall
clock and, for machines that are never quiet, by processor seconds of all threads.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

N_MOODS, SHAPE, BATCH, WIDTH = 167, (512, 7, 7), 128, 4096
Round = Callable[[], tuple[float, float]]  # trains for an epoch: seconds of wall clock and of work


def main() -> None:
    """Run the rounds and print the table; or, in an engine's own process, answer them."""
    arguments = _parse()
    if arguments.engine:
        _serve(ENGINES[arguments.engine](arguments.store, arguments.albums), arguments.albums)
        return
    with tempfile.TemporaryDirectory() as folder:
        _write_store(Path(folder), arguments.albums)
        engines = [engine for engine in ENGINES if engine != "keras" or arguments.keras_python]
        rates = _take_turns(engines, Path(folder), arguments)
    for n, unit in enumerate(("albums a second", "albums a second of work")):
        found = {engine: [rate[n] for rate in answers] for engine, answers in rates.items()}
        for engine, values in found.items():
            print(f"{engine:10} {statistics.median(values):7.1f} {unit} ({min(values):.1f} to {max(values):.1f})")
        if "keras" in found:
            ratios = [ours / theirs for ours, theirs in zip(found["albumnet"], found["keras"], strict=True)]
            print(f"albumnet / keras: {statistics.median(ratios):.2f} ({min(ratios):.2f} to {max(ratios):.2f})")


def _albumnet(store: Path, n_albums: int) -> Round:
    from dataclasses import replace

    import torch

    from albumnet.dataset import FeatureStore
    from albumnet.models.heads import HeadShape
    from albumnet.models.presets import get_model, get_preset
    from albumnet.training.data import TrainingData
    from albumnet.training.feature_sources import StoredFeatures
    from albumnet.training.loop import train_head

    features = StoredFeatures(FeatureStore(store), _covers(n_albums), is_pooled=False)
    data = TrainingData(
        features=features,
        metadata=torch.zeros(n_albums, 0),
        target=torch.from_numpy(_target(n_albums)),
        top_moods=torch.full((n_albums, 5), -1),
        labels=torch.zeros(N_MOODS, 0),
        train=torch.arange(n_albums),
        valid=torch.arange(1),
    )
    shape = HeadShape(int(np.prod(SHAPE)), 0, N_MOODS, 0)

    def one_round() -> tuple[float, float]:
        # The loop makes a network per call; between the ends of its two epochs there is only training.
        marks: list[tuple[float, float]] = []
        train_head(
            data,
            kind=get_model("1"),
            preset=replace(get_preset("seed"), max_epochs=2),
            shape=shape,
            seed=0,
            progress=lambda _: marks.append(_now()),
        )
        return _since(marks[0], marks[1])

    return one_round


def _keras(store: Path, n_albums: int) -> Round:
    import keras
    import tensorflow

    tensorflow.config.threading.set_intra_op_parallelism_threads(os.cpu_count())
    layers = [keras.layers.Input((int(np.prod(SHAPE)),)), keras.layers.Dense(WIDTH, activation="relu")]
    for _ in range(2):
        layers += [
            keras.layers.Dense(WIDTH, activation="relu"),
            keras.layers.BatchNormalization(),
            keras.layers.Dropout(0.5),
        ]
    model = keras.Sequential([*layers, keras.layers.Dense(N_MOODS, activation="sigmoid")])
    model.compile(optimizer=keras.optimizers.Adam(1e-4), loss="binary_crossentropy")
    features, target = np.load(store / "features.npy").astype(np.float32), _target(n_albums)

    def one_round() -> tuple[float, float]:
        started = _now()
        model.fit(features, target, batch_size=BATCH, epochs=1, verbose=0)
        return _since(started, _now())

    return one_round


ENGINES: dict[str, Callable[[Path, int], Round]] = {"albumnet": _albumnet, "keras": _keras}


def _now() -> tuple[float, float]:
    return time.perf_counter(), time.process_time()


def _since(start: tuple[float, float], end: tuple[float, float]) -> tuple[float, float]:
    return end[0] - start[0], end[1] - start[1]


def _write_store(folder: Path, n_albums: int) -> None:
    """The same features twice: as shards of a store, and as one array that Keras reads."""
    from albumnet.dataset import FeatureManifest, FeatureStore

    features = np.random.default_rng(0).random((n_albums, *SHAPE), dtype=np.float32).astype(np.float16)
    store = FeatureStore(folder, FeatureManifest("vgg16", "w" * 16, "t" * 12, SHAPE, {}))
    store.append(_covers(n_albums), features)
    np.save(folder / "features.npy", features.reshape(n_albums, -1))


def _covers(n_albums: int) -> list[str]:
    return [f"{n:064x}" for n in range(n_albums)]


def _target(n_albums: int) -> np.ndarray:
    return (np.random.default_rng(1).random((n_albums, N_MOODS)) < 0.05).astype(np.float32)


def _take_turns(engines: list[str], store: Path, arguments: argparse.Namespace) -> dict[str, list[tuple[float, float]]]:
    processes = {engine: _start(engine, store, arguments) for engine in engines}
    rates: dict[str, list[tuple[float, float]]] = {engine: [] for engine in engines}
    for n in range(arguments.rounds + 1):  # the first warms up
        for engine, process in processes.items():
            assert process.stdin is not None
            assert process.stdout is not None
            process.stdin.write("go\n")
            process.stdin.flush()
            rate = json.loads(process.stdout.readline())
            print(f"round {n} {engine}: {rate[0]:.1f} albums/s", file=sys.stderr, flush=True)
            if n:
                rates[engine].append(rate)
    for process in processes.values():
        process.communicate("stop\n")
    return rates


def _start(engine: str, store: Path, arguments: argparse.Namespace) -> subprocess.Popen[str]:
    python = arguments.keras_python if engine == "keras" else sys.executable
    command = [str(python), __file__, "--engine", engine, "--store", str(store), "--albums", str(arguments.albums)]
    source = Path(__file__).parent.parent / "src"
    environment = {**os.environ, "PYTHONPATH": str(source), "TF_CPP_MIN_LOG_LEVEL": "3"}
    return subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment)


def _serve(one_round: Round, n_albums: int) -> None:
    """A round per line on stdin, its rate on stdout."""
    answers, sys.stdout = sys.stdout, sys.stderr
    for line in sys.stdin:
        if line.strip() != "go":
            return
        print(json.dumps([n_albums / seconds for seconds in one_round()]), file=answers, flush=True)


def _parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--keras-python", type=Path, help="a Python with tensorflow and keras")
    parser.add_argument("--albums", type=int, default=2048)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--engine", choices=list(ENGINES), help=argparse.SUPPRESS)
    parser.add_argument("--store", type=Path, help=argparse.SUPPRESS)
    return parser.parse_args()


if __name__ == "__main__":
    main()
