"""How long one prediction takes: from a cold start by the command, and warm in a process that holds the model.

python benchmarks/latency.py --model RUN --covers DIR [--rounds 10]
"""

from __future__ import annotations

import argparse
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path


def main() -> None:
    """Measure and print medians, lowest and highest, in milliseconds."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--model", type=Path, required=True, help="folder of a trained model")
    parser.add_argument("--covers", type=Path, required=True, help="folder of covers")
    parser.add_argument("--rounds", type=int, default=10)
    arguments = parser.parse_args()
    covers = sorted(path for path in arguments.covers.rglob("*") if path.suffix in (".jpg", ".jpeg", ".png"))[:32]

    from albumnet.models.prediction import load_model

    model = load_model(arguments.model)
    command = [sys.executable, "-m", "albumnet", "predict", str(covers[0]), "--model", str(arguments.model), "--json"]
    ways: dict[str, Callable[[], object]] = {
        "cold, the command": lambda: subprocess.run(command, check=True, capture_output=True),
        "warm, one cover": lambda: model.predict(covers[0]),
        "warm, 32 covers": lambda: model.predict(covers),
    }
    times: dict[str, list[float]] = {way: [] for way in ways}
    for n in range(arguments.rounds + 1):  # the first warms up
        for way, predict in ways.items():
            started = time.perf_counter()
            predict()
            if n:
                times[way].append(1000 * (time.perf_counter() - started))
    for way, found in times.items():
        print(f"{way:18} {statistics.median(found):8.1f} ms ({min(found):.1f} to {max(found):.1f})")


if __name__ == "__main__":
    main()
