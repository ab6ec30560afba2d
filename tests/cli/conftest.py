"""A planted album set, its features and a trained model, made once by the commands themselves."""

import json
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pytest
import torch

from albumnet.cli import app
from albumnet.models.presets import PRESETS
from albumnet.planted import draw_world, write_world

N_ALBUMS = 30
FEW = ("--min-albums-per-mood", 4)


@dataclass(frozen=True)
class Outcome:
    """How a command ended, and what it said where."""

    code: int
    out: str
    err: str

    @property
    def error_line(self) -> str:
        """The one line that a known error is."""
        (line,) = self.err.splitlines()
        assert line.startswith("albumnet: ")
        return line

    @property
    def json(self) -> list[dict]:
        return json.loads(self.out)


Run = Callable[..., Outcome]


def run_app(*arguments: object) -> int:
    before = signal.getsignal(signal.SIGTERM)
    try:
        app([str(argument) for argument in arguments])
    except SystemExit as end:
        return end.code if isinstance(end.code, int) else int(end.code is not None)
    finally:
        signal.signal(signal.SIGTERM, before)
    return 0


@pytest.fixture
def run(capsys) -> Run:
    """Run a command in this process."""

    def call(*arguments: object) -> Outcome:
        capsys.readouterr()
        code = run_app(*arguments)
        said = capsys.readouterr()
        return Outcome(code, said.out, said.err)

    return call


@dataclass(frozen=True)
class Work:
    """Where everything lies."""

    table: Path
    covers: Path
    set: Path
    run: Path

    @property
    def cover(self) -> Path:
        return sorted(self.covers.iterdir())[0]


def write_table(directory: Path) -> Path:
    return write_world(draw_world(n_albums=N_ALBUMS, rng=np.random.default_rng(3), cover_size=64), directory)


@contextmanager
def few_epochs() -> Iterator[None]:
    """Few epochs, and one thread: layers this narrow only wait for a second, on a busy machine long."""
    n_threads = torch.get_num_threads()
    torch.set_num_threads(1)
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(PRESETS, "small", replace(PRESETS["small"], strengths=(1e-3, 1e-2), max_epochs=5))
        yield
    torch.set_num_threads(n_threads)


# Not for the session: the tests of other folders train with the real presets.
@pytest.fixture(autouse=True)
def quick() -> Iterator[None]:
    with few_epochs():
        yield


@pytest.fixture(scope="session")
def work(tmp_path_factory) -> Work:
    """Not to be changed by tests."""
    base = tmp_path_factory.mktemp("work")
    work = Work(write_table(base), base / "covers", base / "set", base / "run")
    with few_epochs():
        assert run_app("import", "table", work.table, "--covers", work.covers, "--out", work.set) == 0
        assert run_app("features", work.set) == 0
        assert run_app("train", work.set, "--model", 2, "--out", work.run, *FEW) == 0
    return work


@pytest.fixture(scope="session")
def in_mood_space(work, tmp_path_factory) -> Path:
    """A run of model 4 on the same set. Not to be changed by tests either."""
    path = tmp_path_factory.mktemp("model_4") / "run"
    with few_epochs():
        assert run_app("train", work.set, "--model", 4, "--out", path, *FEW) == 0
    return path
