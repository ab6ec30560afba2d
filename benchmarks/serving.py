"""How many uploaded covers a second the web app reads, how long each waits, and what a flood of them does to it.

    python benchmarks/serving.py --model RUN [--set SET] [--covers DIR] [--clients 16] [--seconds 20]

Starts `albumnet serve` itself on a free port of the loopback, with every check that uploads pass. Covers are JPEGs of
a folder, or drawn ones of 500 pixels. Clients keep their connections and send the next cover as soon as the last is
answered; they run on the same processor as the server, so their share of the work is in the numbers.
"""

from __future__ import annotations

import argparse
import asyncio
import itertools
import os
import re
import signal
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import quote

import numpy as np

from albumnet.models.run import read_config
from albumnet.planted import draw_world
from albumnet.planted.drawing import draw_cover

N_COVERS = 64
N_FLOOD = 200
MAX_SECONDS = 120.0


def main() -> None:
    """Measure and print."""
    options = parse_options()
    covers = read_covers(options.covers) if options.covers else draw_covers()
    print(f"{len(covers)} covers of {np.mean([len(c) for c in covers]) / 1024:.0f} KB, load {os.getloadavg()[0]:.1f}")
    requests = [make_request(cover) for cover in covers]
    with tempfile.TemporaryDirectory() as app_dir, running_server(options, app_dir) as (port, pid):
        asyncio.run(keep_busy(port, requests, n_clients=4, seconds=2.0))
        for _ in range(options.rounds):
            cpu = cpu_seconds(pid)
            with watching(port, pid) as seen:
                seconds, statuses = asyncio.run(
                    keep_busy(port, requests, n_clients=options.clients, seconds=options.seconds)
                )
            report(seconds, statuses, options, seen, cpu_ms=1000 * (cpu_seconds(pid) - cpu) / len(seconds))
        flood(port, pid, requests)
        explain(port, pid, covers, options)


def parse_options() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--model", type=Path, required=True)
    parser.add_argument("--set", type=Path, dest="album_set")
    parser.add_argument("--map", type=Path, dest="mood_map")
    parser.add_argument("--covers", type=Path, help="folder of JPEGs, searched through and through")
    parser.add_argument("--clients", type=int, default=16)
    parser.add_argument("--seconds", type=float, default=20.0)
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    options.seconds = min(options.seconds, MAX_SECONDS)
    return options


def read_covers(folder: Path) -> list[bytes]:
    """Some JPEGs of a folder, spread over it."""
    paths = sorted(folder.rglob("*.jpg"))
    return [path.read_bytes() for path in paths[:: max(1, len(paths) // N_COVERS)][:N_COVERS]]


def draw_covers() -> list[bytes]:
    """Drawn covers of 500 pixels."""
    world = draw_world(n_albums=N_COVERS, rng=np.random.default_rng(0), cover_size=500)
    return [draw_cover(world, n) for n in range(N_COVERS)]


def make_request(cover: bytes, path: str = "/api/predict") -> bytes:
    """A whole request."""
    body = b'--B\r\nContent-Disposition: form-data; name="file"; filename="c.jpg"\r\n\r\n' + cover
    body += b'\r\n--B\r\nContent-Disposition: form-data; name="genres"\r\n\r\nRock\r\n--B--\r\n'
    head = f"POST {path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: multipart/form-data; boundary=B\r\n"
    return f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body


@contextmanager
def running_server(options: argparse.Namespace, app_dir: str) -> Iterator[tuple[int, int]]:
    """A server of one's own; its port and process."""
    command = [sys.executable, "-m", "albumnet", "serve", "--model", options.model, "--port", "0", "--app-dir", app_dir]
    command += ["--set", options.album_set] if options.album_set else []
    command += ["--map", options.mood_map] if options.mood_map else []
    start = time.perf_counter()
    with subprocess.Popen([str(part) for part in command], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        found = re.search(r":(\d+)/", process.stdout.readline())
        if found is None:
            raise SystemExit("the server did not start")
        print(f"started in {time.perf_counter() - start:.1f} s, {memory_mb(process.pid):.0f} MB")
        try:
            yield int(found[1]), process.pid
        finally:
            process.send_signal(signal.SIGINT)


async def keep_busy(
    port: int, requests: list[bytes], *, n_clients: int, seconds: float
) -> tuple[np.ndarray, Counter[int]]:
    """Seconds that each answer took, and how many answers had which status."""
    order = itertools.cycle(requests)
    end = time.perf_counter() + seconds
    took: list[float] = []
    statuses: Counter[int] = Counter()

    async def client() -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        while time.perf_counter() < end:
            start = time.perf_counter()
            writer.write(next(order))
            statuses[await read_answer(reader)] += 1
            took.append(time.perf_counter() - start)
        writer.close()

    async with asyncio.timeout(seconds + 60):
        await asyncio.gather(*(client() for _ in range(n_clients)))
    return np.array(took), statuses


async def read_answer(reader: asyncio.StreamReader) -> int:
    """The status of an answer that is read to its end."""
    head = await reader.readuntil(b"\r\n\r\n")
    length = re.search(rb"content-length: (\d+)", head, re.IGNORECASE)
    await reader.readexactly(int(length[1]) if length else 0)
    return int(head.split()[1])


@contextmanager
def watching(port: int, pid: int) -> Iterator[list[tuple[float, float]]]:
    """Seconds that /health took, asked all the time, and the server's memory."""
    seen: list[tuple[float, float]] = []
    is_done = threading.Event()

    def watch() -> None:
        while not is_done.wait(0.05):
            start = time.perf_counter()
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/health", timeout=60) as answer:
                answer.read()
            seen.append((time.perf_counter() - start, memory_mb(pid)))

    thread = threading.Thread(target=watch)
    thread.start()
    try:
        yield seen
    finally:
        is_done.set()
        thread.join()


def report(
    seconds: np.ndarray,
    statuses: Counter[int],
    options: argparse.Namespace,
    seen: list[tuple[float, float]],
    *,
    cpu_ms: float,
) -> None:
    """One round in one line."""
    p50, p95, p99 = np.percentile(seconds, [50, 95, 99]) * 1000
    n_processors = cpu_ms * len(seconds) / options.seconds / 1000
    print(
        f"{len(seconds) / options.seconds:6.1f} covers/s at {options.clients} clients; "
        f"p50 {p50:.0f} ms, p95 {p95:.0f} ms, p99 {p99:.0f} ms; statuses {dict(statuses)}; {about_health(seen)}; "
        f"{cpu_ms:.1f} ms of processor per cover, {n_processors:.2f} processors in all; "
        f"load {os.getloadavg()[0]:.1f}",
        flush=True,
    )


def about_health(seen: list[tuple[float, float]]) -> str:
    """What /health said of it."""
    took = np.array([seconds for seconds, _ in seen]) * 1000
    peak = max(megabytes for _, megabytes in seen)
    return f"/health p95 {np.percentile(took, 95):.0f} ms, slowest {took.max():.0f} ms; at most {peak:.0f} MB"


def explain(port: int, pid: int, covers: list[bytes], options: argparse.Namespace) -> None:
    """How long explanations take one at a time, and what they leave of the reading of covers."""
    mood = quote(read_config(options.model).moods[0])
    asked = {"map with its check": f"map?mood={mood}", "guesses and shares": "cover", "change": "change?hue=90"}
    of_path = {what: [make_request(cover, f"/api/explain/{path}") for cover in covers] for what, path in asked.items()}
    for what, requests in of_path.items():
        asyncio.run(keep_busy(port, requests[:1], n_clients=1, seconds=0.1))
        took, statuses = asyncio.run(keep_busy(port, requests, n_clients=1, seconds=options.seconds / 2))
        p50, p95 = np.percentile(took, [50, 95])
        print(f"{what}, one at a time: p50 {p50:.2f} s, p95 {p95:.2f} s; statuses {dict(statuses)}")
    reading = [make_request(cover) for cover in covers]

    async def both(n_explaining: int) -> list[tuple[np.ndarray, Counter[int]]]:
        maps = of_path["map with its check"]
        readers = keep_busy(port, reading, n_clients=4, seconds=options.seconds)
        explainers = keep_busy(port, maps, n_clients=n_explaining, seconds=options.seconds)
        return await asyncio.gather(readers, explainers)

    for n_explaining in (0, 4):
        with watching(port, pid) as seen:
            (took, _), (maps, statuses) = asyncio.run(both(n_explaining))
        print(
            f"4 clients read {len(took) / options.seconds:.1f} covers/s (p50 {1000 * np.median(took):.0f} ms) beside "
            f"{n_explaining} that ask for maps: {len(maps) / options.seconds:.1f} maps/s {dict(statuses)}; "
            f"{about_health(seen)}"
        )


def flood(port: int, pid: int, requests: list[bytes]) -> None:
    """Two hundred uploads at once."""

    async def upload(request: bytes) -> int:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(request)
        status = await read_answer(reader)
        writer.close()
        return status

    async def upload_all() -> list[int]:
        return await asyncio.gather(*(upload(r) for r in itertools.islice(itertools.cycle(requests), N_FLOOD)))

    start = time.perf_counter()
    with watching(port, pid) as seen:
        statuses = Counter(asyncio.run(upload_all()))
    print(f"{N_FLOOD} at once: {dict(statuses)} in {time.perf_counter() - start:.1f} s; {about_health(seen)}")


def cpu_seconds(pid: int) -> float:
    """Processor time of the server and its decoders so far."""
    ticks = 0
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = path.read_text().rpartition(")")[2].split()
        except OSError:
            continue  # a process that has just ended
        if pid in (int(path.parent.name), int(fields[1])):
            ticks += int(fields[11]) + int(fields[12])
    return ticks / os.sysconf("SC_CLK_TCK")


def memory_mb(pid: int) -> float:
    """Memory that a process holds."""
    found = re.search(r"VmRSS:\s+(\d+)", Path(f"/proc/{pid}/status").read_text())
    return int(found[1]) / 1024 if found else float("nan")


if __name__ == "__main__":
    main()
