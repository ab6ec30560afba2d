"""What several test files share: a small planted world as files, and the album set made of it."""

import errno
import os
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import numpy as np
import pytest
from hypothesis import settings

from albumnet.dataset import AlbumSet
from albumnet.planted import draw_world, write_world
from albumnet.sources import import_table

N_PLANTED = 60

# Networks here are tiny: a second thread only waits for the first, and spins while it does. Before torch is imported.
os.environ.setdefault("OMP_NUM_THREADS", "1")

# The same examples in every run, and no deadline: the machines that test are shared and slow at times.
settings.register_profile("albumnet", max_examples=50, deadline=None, derandomize=True)
settings.load_profile("albumnet")


@pytest.fixture(scope="session", autouse=True)
def own_cache(tmp_path_factory) -> Iterator[None]:
    """Graphs of backbones are kept where these tests alone find them, their subprocesses too."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("ALBUMNET_CACHE", str(tmp_path_factory.mktemp("cache")))
        yield


@pytest.fixture(scope="session")
def planted_table(tmp_path_factory) -> Path:
    """albums.csv of 60 planted albums; their covers lie in `covers` beside it. Read only."""
    world = draw_world(n_albums=N_PLANTED, rng=np.random.default_rng(1), cover_size=64)
    return write_world(world, tmp_path_factory.mktemp("world"))


@pytest.fixture(scope="session")
def planted_set(planted_table, tmp_path_factory) -> AlbumSet:
    """The album set of `planted_table`. Read only: copy it to change it."""
    return import_table(
        planted_table, planted_table.parent / "covers", out=tmp_path_factory.mktemp("planted") / "set"
    ).album_set


@pytest.fixture
def full_disk(monkeypatch) -> Callable[[], AbstractContextManager[None]]:
    """`with full_disk():` writing ends as on a full disk, when the bytes are flushed to it."""

    @contextmanager
    def fill() -> Iterator[None]:
        def refuse(_descriptor: int) -> None:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

        with monkeypatch.context() as patch:
            patch.setattr(os, "fsync", refuse)
            yield

    return fill
