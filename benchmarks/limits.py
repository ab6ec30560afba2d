"""What this machine could do at most, measured in the same run as what is held against it.

    python benchmarks/limits.py [--covers DIR] [--threads 1 2]

Peaks of matrix products and of VGG-16's convolutions by type and threads, decoding per core, reading from disk. Other
benchmarks call `measure_limits` and `name_binding_term`.
"""

from __future__ import annotations

import argparse
import os
import platform
import statistics
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch

_ROUNDS = 5
# Multiply-adds per 224 px cover and the share that is in convolutions; twice that in floating-point operations.
# VGG-16's 13 convolutions: Simonyan & Zisserman 2014; EfficientNet-Lite0: 407 million, as its authors say.
GFLOP_PER_COVER = {"vgg16": 30.69, "efficientnet_lite0": 0.81}


@dataclass(frozen=True)
class Limits:
    """Peaks of one machine.

    Attributes:
        matmul_gflops: (type, threads) -> GFLOP/s of a product of 2048 x 2048 matrices.
        conv_gflops: (type, threads) -> GFLOP/s of a 3 x 3 convolution, 256 to 256 channels at 56 x 56, batch 8.
        decode_per_core: Covers decoded to 224 px a second by one core.
        read_mb_per_s: Megabytes a second of files read whole, one after the other, past the page cache where it can be.
    """

    matmul_gflops: dict[tuple[str, int], float]
    conv_gflops: dict[tuple[str, int], float]
    decode_per_core: float
    read_mb_per_s: float


def measure_limits(covers: Sequence[bytes], *, threads: Sequence[int]) -> Limits:
    """Every peak: the best of some rounds, because what disturbs can only slow down.

    Args:
        covers: Files' bytes, as the benchmark decodes them.
        threads: How many to try.
    """
    types = {"float32": torch.float32, "bfloat16": torch.bfloat16}
    matmul, conv = {}, {}
    before = torch.get_num_threads()
    for n_threads in threads:
        torch.set_num_threads(n_threads)
        for name, dtype in types.items():
            matmul[name, n_threads] = _matmul_gflops(dtype)
            conv[name, n_threads] = _conv_gflops(dtype)
    torch.set_num_threads(before)
    return Limits(matmul, conv, _decode_per_core(covers), _read_mb_per_s(covers))


@dataclass(frozen=True)
class Bound:
    """What holds a rate back.

    Attributes:
        rates: Term -> covers a second if there were nothing else.
        limit: Covers a second of all terms together, sharing the cores.
        binding: The term that takes most of the time.
    """

    rates: dict[str, float]
    limit: float
    binding: str


def find_bound(limits: Limits, *, backbone: str, precision: str, threads: int, bytes_per_cover: float) -> Bound:
    """The most covers a second that the measured peaks allow.

    Decoding and the network share the cores, so their times add up; reading goes on beside them.
    """
    peak = max(limits.matmul_gflops[precision, threads], limits.conv_gflops[precision, threads])
    rates = {
        "network": peak / GFLOP_PER_COVER[backbone],
        "decoding": limits.decode_per_core * threads,
        "reading": limits.read_mb_per_s * 1e6 / bytes_per_cover,
    }
    computing = 1 / (1 / rates["network"] + 1 / rates["decoding"])
    binding = min(rates, key=rates.__getitem__)
    return Bound(rates, min(computing, rates["reading"]), binding)


def print_limits(limits: Limits) -> None:
    """The peaks as a table."""
    print(f"{platform.processor() or platform.machine()}, {os.cpu_count()} cores, torch {torch.__version__}")
    for title, peaks in (("matrix product", limits.matmul_gflops), ("convolution", limits.conv_gflops)):
        for (name, n_threads), gflops in peaks.items():
            print(f"{title:16} {name:9} {n_threads} threads {gflops:8.0f} GFLOP/s")
    print(f"decoding         {limits.decode_per_core:.0f} covers/s per core")
    print(f"reading          {limits.read_mb_per_s:,.0f} MB/s")


def _matmul_gflops(dtype: torch.dtype, *, size: int = 2048) -> float:
    first, second = (torch.randn(size, size).to(dtype) for _ in range(2))
    return 2e-9 * size**3 / _best_seconds(lambda: first @ second)


def _conv_gflops(dtype: torch.dtype) -> float:
    conv = torch.nn.Conv2d(256, 256, 3, padding=1, bias=False).to(dtype).to(memory_format=torch.channels_last)
    pixels = torch.randn(8, 256, 56, 56).to(dtype).contiguous(memory_format=torch.channels_last)
    with torch.inference_mode():
        return 2e-9 * 8 * 256 * 256 * 9 * 56 * 56 / _best_seconds(lambda: conv(pixels))


def _decode_per_core(covers: Sequence[bytes]) -> float:
    from albumnet.vision.decoding import decode_cover

    def decode_all() -> None:
        for cover in covers:
            decode_cover(cover, size=224)

    return len(covers) / _best_seconds(decode_all)


def _read_mb_per_s(covers: Sequence[bytes]) -> float:
    with tempfile.TemporaryDirectory() as folder:
        files = [Path(folder) / str(n) for n in range(len(covers))]
        for file, cover in zip(files, covers, strict=True):
            file.write_bytes(cover)
            with file.open("rb+") as opened:
                os.fsync(opened.fileno())

        def read_all() -> None:
            for file in files:
                _forget(file)
            for file in files:
                file.read_bytes()

        return sum(map(len, covers)) / 1e6 / statistics.median(_seconds(read_all) for _ in range(_ROUNDS))


def _forget(file: Path) -> None:
    """Drop a file from the page cache, where the system can."""
    if hasattr(os, "posix_fadvise"):
        with file.open("rb") as opened:
            os.posix_fadvise(opened.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)


def _best_seconds(work: Callable[[], object]) -> float:
    work()
    return min(_seconds(work) for _ in range(_ROUNDS))


def _seconds(work: Callable[[], object]) -> float:
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


def planted_covers(n_covers: int) -> list[bytes]:
    """Drawn covers of 500 px."""
    from albumnet.planted import draw_cover, draw_world

    world = draw_world(n_albums=n_covers, rng=np.random.default_rng(0), cover_size=500)
    return [draw_cover(world, n) for n in range(n_covers)]


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--covers", type=Path, help="folder of JPEG covers; drawn ones if not given")
    parser.add_argument("--threads", type=int, nargs="+", default=[1, os.cpu_count() or 1])
    arguments = parser.parse_args()
    files = sorted(arguments.covers.glob("*.jp*g"))[:200] if arguments.covers else []
    covers = [file.read_bytes() for file in files] or planted_covers(100)
    print_limits(measure_limits(covers, threads=arguments.threads))


if __name__ == "__main__":
    main()
