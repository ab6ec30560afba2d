"""Twenty raters at once: does `albumnet study serve` lose or double an answer, and how long does each wait?

    python benchmarks/study_load.py [--raters 20] [--every 2] [--minutes 5]

Makes a study of drawn covers, serves it in a process of its own, and lets every rater ask for a picture and answer it
every so many seconds, beginning at a random moment. Then every acknowledged answer is looked for in the file.
"""

from __future__ import annotations

import argparse
import http.client
import json
import os
import re
import signal
import subprocess
import sys
import tempfile
import threading
import time
import uuid
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from albumnet.planted import draw_world, write_world
from albumnet.sources import import_table
from albumnet.study import StudyOptions, create_study
from albumnet.study.answers.store import AnswerBook


@dataclass
class Seen:
    """What all raters together saw."""

    answer_s: list[float] = field(default_factory=list)
    picture_s: list[float] = field(default_factory=list)
    acknowledged: list[str] = field(default_factory=list)
    failures: list[str] = field(default_factory=list)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--raters", type=int, default=20)
    parser.add_argument("--every", type=float, default=2.0, help="seconds")
    parser.add_argument("--minutes", type=float, default=5.0)
    options = parser.parse_args()
    names = tuple(f"rater {n}" for n in range(options.raters))
    seen = Seen()
    with tempfile.TemporaryDirectory() as directory:
        base = Path(directory)
        table = write_world(draw_world(n_albums=80, rng=np.random.default_rng(0), cover_size=300), base)
        album_set = import_table(table, base / "covers", out=base / "set").album_set
        created = create_study(album_set, base / "study", StudyOptions(names, n_covers=40, side="train"))
        command = [sys.executable, "-m", "albumnet", "study", "serve", str(base / "study"), "--port", "0"]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
            assert process.stdout is not None
            found = re.search(r":(\d+)/", process.stdout.readline())
            if found is None:
                raise SystemExit("the server did not start")
            end = time.monotonic() + 60 * options.minutes
            threads = [
                threading.Thread(target=rate, args=(int(found[1]), token, seen, end, options.every, n))
                for n, token in enumerate(created.tokens.values())
            ]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
            process.send_signal(signal.SIGINT)
        with AnswerBook(created.study.answers_file) as book:
            kept = [answer.submission for answer in book.history()]
    print(
        f"{options.raters} raters, an answer every {options.every:g} s for {options.minutes:g} min, "
        f"load {os.getloadavg()[0]:.1f}"
    )
    print(
        f"{len(seen.acknowledged):,} acknowledged, {len(set(seen.acknowledged) - set(kept))} lost, "
        f"{len(kept) - len(set(kept))} doubled, {len(set(kept) - set(seen.acknowledged))} kept unasked, "
        f"{len(seen.failures)} failed {seen.failures[:3]}"
    )
    for what, took in (("answer", seen.answer_s), ("picture", seen.picture_s)):
        p50, p95, p99 = np.quantile(took, [0.5, 0.95, 0.99]) * 1000
        print(f"{what}: p50 {p50:.1f} ms, p95 {p95:.1f} ms, p99 {p99:.1f} ms, longest {1000 * max(took):.1f} ms")


def rate(port: int, token: str, seen: Seen, end: float, every_s: float, seed: int) -> None:
    """One rater, until the end."""
    rng = np.random.default_rng(seed)
    time.sleep(float(rng.uniform(0, every_s)))
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    n_positions = 48
    n = 0
    due = time.monotonic()
    while due < end:
        given = {
            "submission": str(uuid.uuid4()), "position": n % n_positions, "revision": n // n_positions + 1,
            "moods": [], "cannot_tell": True, "seconds": every_s,
        }  # fmt: skip
        try:
            start = time.perf_counter()
            connection.request("GET", f"/covers/{token}/{n % n_positions}")
            connection.getresponse().read()
            seen.picture_s.append(time.perf_counter() - start)
            start = time.perf_counter()
            headers = {"Content-Type": "application/json"}
            connection.request("POST", f"/api/r/{token}/answers", json.dumps(given), headers)
            response = connection.getresponse()
            response.read()
            seen.answer_s.append(time.perf_counter() - start)
            if response.status == 200:
                seen.acknowledged.append(given["submission"])
            else:
                seen.failures.append(str(response.status))
        except OSError as error:
            seen.failures.append(str(error))
            connection.close()
        n += 1
        due += every_s
        time.sleep(max(0.0, due - time.monotonic()))


if __name__ == "__main__":
    main()
