"""Install AlbumNet's wheel into a fresh virtual environment and use it there, offline: size, cold start, commands.

    pip wheel --no-deps -w dist . && python scripts/check_light_install.py dist/albumnet-*.whl

Commands run without a network (`unshare -n`, where the system lets us). Prints the size of what pip leaves, seconds and
seconds of processor time from a cold start of `predict`, and fails where a command fails or torch came along.
"""

from __future__ import annotations

import argparse
import os
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

MAX_MEGABYTES, MAX_SECONDS = 700, 1.5
N_STARTS = 7
_DRAW = "import sys, numpy, pathlib; from albumnet.planted import draw_world, write_world; write_world(draw_world(n_albums=40, rng=numpy.random.default_rng(0), cover_size=256), pathlib.Path(sys.argv[1]))"  # noqa: E501  one program


def main() -> None:
    """Install, measure, use."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("wheel", type=Path)
    wheel = parser.parse_args().wheel.resolve()
    with tempfile.TemporaryDirectory() as folder:
        base = Path(folder)
        python = install(wheel, base / "venv")
        megabytes = size_of(base / "venv") / 1e6
        print(f"installed: {megabytes:.0f} MB, pip and setuptools among them; at most {MAX_MEGABYTES}")
        use(python, base)
        seconds, busy = cold_starts(python, base)
        print(f"predict from a cold start: {seconds:.2f} s, {busy:.2f} s of processor time; at most {MAX_SECONDS}")
    if megabytes > MAX_MEGABYTES or busy > MAX_SECONDS:
        raise SystemExit("too large, or too slow")


def install(wheel: Path, venv: Path) -> Path:
    """A fresh environment with the wheel and what it needs; its Python."""
    subprocess.run([sys.executable, "-m", "venv", venv], check=True)
    python = venv / "bin" / "python"
    subprocess.run([python, "-m", "pip", "install", "--quiet", wheel], check=True)
    code = "import importlib.util, sys; sys.exit(any(map(importlib.util.find_spec, ('torch', 'timm', 'torchvision'))))"
    if subprocess.run([python, "-c", code], check=False).returncode:
        raise SystemExit("PyTorch came along; the light install is to be without")
    return python


def size_of(folder: Path) -> int:
    """Bytes on disk of the files under a folder."""
    return sum(path.lstat().st_blocks * 512 for path in folder.rglob("*") if path.is_file() and not path.is_symlink())


def use(python: Path, base: Path) -> None:
    """A planted world through the commands of the light install."""
    call(python, "-c", _DRAW, base / "world")
    album_set, covers = base / "set", base / "world" / "covers"
    albumnet = (python, "-m", "albumnet")
    call(*albumnet, "import", "table", base / "world" / "albums.csv", "--covers", covers, "--out", album_set)
    call(*albumnet, "features", album_set)
    call(*albumnet, "predict", next(covers.iterdir()))
    call(*albumnet, "score", album_set, "--model", "starter", "--out", base / "scores.parquet")
    call(*albumnet, "map", album_set, "--model", "starter", "--out", base / "map")
    call(*albumnet, "study", "create", album_set, "--covers", 5, "--raters", "anna,ben", "--out", base / "study")
    call(*albumnet, "export", "starter", base / "starter.onnx", "--check-on", album_set)


def call(*command: object) -> None:
    """Run a command without a network."""
    apart = ["unshare", "-rn"] if shutil.which("unshare") and not _run(["unshare", "-rn", "true"]).returncode else []
    done = _run([*apart, *map(str, command)])
    print(f"{'ok' if not done.returncode else 'FAILED'}: {' '.join(map(str, command[1:5]))}")
    if done.returncode:
        raise SystemExit(done.stderr)


def cold_starts(python: Path, base: Path) -> tuple[float, float]:
    """Medians of wall-clock and processor seconds of `predict` on one cover."""
    cover = next((base / "world" / "covers").iterdir())
    took, busy = [], []
    for _ in range(N_STARTS):
        start, before = time.perf_counter(), resource.getrusage(resource.RUSAGE_CHILDREN)
        _run([str(python), "-m", "albumnet", "predict", str(cover)])
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        took.append(time.perf_counter() - start)
        busy.append(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)
    return statistics.median(took), statistics.median(busy)


def _run(command: list[str]) -> subprocess.CompletedProcess[str]:
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=False)


if __name__ == "__main__":
    main()
