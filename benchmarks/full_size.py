"""The whole way at the origin's size: time, peak memory and disk of every step, and the cost per album by size.

    python benchmarks/full_size.py --out DIR [--albums 10000 30000 127467] [--world DIR] [--presets small seed]

Draws planted albums (500 px covers; `--world` uses what an earlier run drew, the first N of it), then runs, each as the
command that a person would give and in a process of its own: import, clean, features with efficientnet_lite0, the four
models, evaluate and report of model 2, its map, a recommender of planted listeners, and the four models by the other
preset. Steps that are done are not done again, so a run that was cut off goes on, and their figures are read from
`DIR/<N>/steps.json`. Memory is the largest resident set of the step's processes.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from itertools import islice
from pathlib import Path

import numpy as np

BACKBONE = "efficientnet_lite0"
MODELS = ("1", "2", "3", "4")
N_LISTENERS, N_LIKES = 2_000, 30


@dataclass(frozen=True)
class Step:
    """What one step took.

    Attributes:
        name: Of the step.
        seconds: Wall clock.
        cpu_seconds: Of all its processes and threads.
        memory_mb: The largest resident set.
        disk_mb: By how much what lies in the folder grew.
    """

    name: str
    seconds: float
    cpu_seconds: float
    memory_mb: float
    disk_mb: float


def main() -> None:
    """Run every size and print the tables."""
    arguments = _parse()
    taken: dict[int, list[Step]] = {}
    for n_albums in arguments.albums:
        folder = arguments.out / str(n_albums)
        folder.mkdir(parents=True, exist_ok=True)
        world = draw(arguments.world or arguments.out / "world", n_albums=max(arguments.albums))
        taken[n_albums] = run_steps(world, folder, n_albums=n_albums, presets=arguments.presets, only=arguments.only)
        print_steps(n_albums, taken[n_albums])
    if len(taken) > 1:
        print_cost_per_album(taken)


def draw(directory: Path, *, n_albums: int) -> Path:
    """The table of a planted world of this many albums at least; drawn unless it is there."""
    from albumnet.planted import draw_world, write_world

    table = directory / "albums.csv"
    if table.exists():
        return table
    started = time.perf_counter()
    world = draw_world(n_albums=n_albums, rng=np.random.default_rng(0), cover_size=500)
    write_world(world, directory)
    print(f"{n_albums:,} covers drawn in {time.perf_counter() - started:,.0f} s", file=sys.stderr)
    return table


def run_steps(
    world: Path, folder: Path, *, n_albums: int, presets: Sequence[str], only: Sequence[str] | None
) -> list[Step]:
    """Every step that was not taken before; what all of them took."""
    table = folder / "albums.csv"
    _first_rows(world, table, n_rows=n_albums)
    known = folder / "steps.json"
    steps = [Step(**step) for step in json.loads(known.read_text())] if known.exists() else []
    for name, prepare in commands(folder, table, world.parent / "covers", presets=presets).items():
        if any(step.name == name for step in steps) or (only and name.split()[0] not in only):
            continue
        print(f"{n_albums:,} albums: {name}", file=sys.stderr)
        steps.append(_measure(name, prepare(), folder))
        known.write_text(json.dumps([asdict(step) for step in steps], indent=1))
    return steps


def commands(folder: Path, table: Path, covers: Path, *, presets: Sequence[str]) -> dict[str, Callable[[], list[str]]]:
    """Step -> what makes its command line."""
    raw, cleaned = folder / "raw", folder / "set"
    run = folder / f"run-2{_suffix(presets[0])}"
    steps: dict[str, Callable[[], list[str]]] = {
        "import": lambda: ["import", "table", f"{table}", "--covers", f"{covers}", "--out", f"{raw}"],
        "clean": lambda: ["clean", f"{raw}", "--out", f"{cleaned}"],
        "features": lambda: ["features", f"{cleaned}", "--backbone", BACKBONE],
    }
    steps |= _train_steps(folder, cleaned, preset=presets[0])
    steps["evaluate 2"] = lambda: ["evaluate", f"{run}", "--seeds", "1"]
    steps["report 2"] = lambda: ["report", f"{run}"]
    steps["score 2"] = lambda: [
        *("score", f"{cleaned}", "--model", f"{run}", "--out", f"{folder / 'scores.parquet'}", "--force")
    ]
    steps["map 2"] = lambda: ["map", f"{cleaned}", "--model", f"{run}", "--out", f"{folder / 'map'}"]
    steps["recommend"] = lambda: [
        *("recommend", "fit", f"{_listen(cleaned, folder / 'ratings.csv')}", "--set", f"{cleaned}"),
        *("--model", f"{run}", "--out", f"{folder / 'rec'}", "--factors", "32"),
    ]
    for preset in presets[1:]:
        steps |= _train_steps(folder, cleaned, preset=preset)
    return steps


def _train_steps(folder: Path, cleaned: Path, *, preset: str) -> dict[str, Callable[[], list[str]]]:
    steps: dict[str, Callable[[], list[str]]] = {}
    for model in MODELS:
        out = folder / f"run-{model}{_suffix(preset)}"
        options = ["--model", model, "--backbone", BACKBONE, "--preset", preset, "--out", f"{out}", "--resume"]
        steps[f"train {model}{_suffix(preset)}"] = lambda options=options: ["train", f"{cleaned}", *options]
    return steps


def _suffix(preset: str) -> str:
    return "" if preset == "small" else f"-{preset}"


def print_steps(n_albums: int, steps: Sequence[Step]) -> None:
    """One size, a line per step and the sum."""
    print(f"\n{n_albums:,} albums; {os.cpu_count()} cores, {platform.processor() or platform.machine()}")
    print(f"{'':12} {'seconds':>9} {'of work':>9} {'peak MB':>9} {'disk MB':>9}")
    for step in steps:
        print(
            f"{step.name:12} {step.seconds:9,.1f} {step.cpu_seconds:9,.1f} {step.memory_mb:9,.0f} {step.disk_mb:9,.1f}"
        )
    seconds, work = sum(s.seconds for s in steps), sum(s.cpu_seconds for s in steps)
    disk = sum(s.disk_mb for s in steps)
    print(f"{'together':12} {seconds:9,.1f} {work:9,.1f} {max(s.memory_mb for s in steps):9,.0f} {disk:9,.1f}")
    names = [step.name for step in steps]
    if "report 2" in names:
        to_report = sum(step.seconds for step in steps[: names.index("report 2") + 1])
        print(f"import to report: {to_report / 60:,.1f} minutes")


def print_cost_per_album(taken: dict[int, list[Step]]) -> None:
    """Milliseconds of work and of wall clock per album, step by step, beside the smallest size's."""
    smallest, *larger = sorted(taken)
    print("\nmilliseconds per album (wall clock / work); in brackets the work against the smallest size")
    for step in taken[smallest]:
        cells = [f"{1000 * step.seconds / smallest:8.2f} / {1000 * step.cpu_seconds / smallest:8.2f}"]
        for n_albums in larger:
            for other in (s for s in taken[n_albums] if s.name == step.name):
                ratio = other.cpu_seconds / n_albums / (step.cpu_seconds / smallest)
                cells.append(
                    f"{1000 * other.seconds / n_albums:8.2f} / {1000 * other.cpu_seconds / n_albums:8.2f} [{ratio:.2f}]"
                )
        print(f"{step.name:12} " + "   ".join(cells))


def _measure(name: str, arguments: list[str], folder: Path) -> Step:
    before, started = _disk_mb(folder), time.perf_counter()
    process = subprocess.Popen([sys.executable, "-m", "albumnet", *arguments], stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode not in (0, 3):
        raise SystemExit(f"{name} ended with {process.returncode}: albumnet {' '.join(arguments)}")
    return Step(
        name,
        seconds=time.perf_counter() - started,
        cpu_seconds=usage.ru_utime + usage.ru_stime,
        memory_mb=usage.ru_maxrss / 1024,
        disk_mb=_disk_mb(folder) - before,
    )


def _first_rows(world: Path, table: Path, *, n_rows: int) -> None:
    import csv

    if table.exists():
        return
    part = table.with_suffix(".part")
    with world.open(encoding="utf-8", newline="") as source, part.open("w", encoding="utf-8", newline="") as target:
        csv.writer(target).writerows(islice(csv.reader(source), n_rows + 1))
    part.replace(table)


def _listen(album_set: Path, ratings: Path) -> Path:
    """Planted listeners who like by mood, as a table of ratings; of few albums at a time, for the size of the truth."""
    from albumnet.dataset import AlbumSet
    from albumnet.planted import draw_listeners

    opened, rng = AlbumSet(album_set), np.random.default_rng(0)
    lines = ["user,album_id,rating"]
    chosen = rng.permutation(len(opened.albums))[:20_000]
    albums = [opened.albums[n] for n in chosen]
    names = {artist: n for n, artist in enumerate(dict.fromkeys(album.artist for album in albums))}
    moods = opened.vocabulary.target([album.moods for album in albums]).astype(np.float64)
    listeners = draw_listeners(
        moods,
        np.array([names[album.artist] for album in albums]),
        shares={"mood": 1.0},
        n_users=N_LISTENERS,
        n_likes=N_LIKES,
        rng=rng,
    )
    for user, album in zip(listeners.user, listeners.album, strict=True):
        lines.append(f"u{user},{albums[album].album_id},5")
    ratings.write_text("\n".join(lines) + "\n", "utf-8")
    return ratings


def _disk_mb(folder: Path) -> float:
    if shutil.which("du"):
        told = subprocess.run(["du", "-sk", str(folder)], capture_output=True, text=True, check=True).stdout
        return int(told.split()[0]) / 1024
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file()) / 2**20


def _parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--out", type=Path, required=True, help="folder for everything")
    parser.add_argument("--albums", type=int, nargs="+", default=[127_467])
    parser.add_argument("--world", type=Path, help="folder of a planted world with at least that many albums")
    parser.add_argument("--presets", nargs="+", choices=("small", "seed"), default=["small", "seed"])
    parser.add_argument("--only", nargs="+", help="steps by their first word: import clean features train …")
    return parser.parse_args()


if __name__ == "__main__":
    main()
