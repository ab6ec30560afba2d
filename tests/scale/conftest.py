"""Sets to fill with features, and what workers need to import the tests' own work."""

import os
import shutil
from pathlib import Path

import pytest

from albumnet.dataset import AlbumSet
from albumnet.scale import extracting
from albumnet.vision.backbones import load_backbone

BACKBONE = "colour_statistics"


@pytest.fixture
def backbone():
    return load_backbone(BACKBONE)


@pytest.fixture
def copy_set(planted_set, tmp_path):
    """Makes a fresh copy of the planted set under a name."""

    def copy(name: str) -> AlbumSet:
        return AlbumSet(Path(shutil.copytree(planted_set.path, tmp_path / name)))

    return copy


@pytest.fixture
def small_shards(monkeypatch) -> int:
    """Eight shards of the planted set instead of one."""
    monkeypatch.setattr(extracting, "COVERS_PER_SHARD", 8)
    return 8


@pytest.fixture
def importable_tests(monkeypatch):
    """Workers can import the modules beside conftest.py."""
    tests = Path(__file__).parent.parent
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(tests), os.environ.get("PYTHONPATH", "")]))
