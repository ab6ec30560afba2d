"""A small music library with sound."""

import pytest

import real_audio
from tagging.libraries import make_library


@pytest.fixture
def music(tmp_path):
    """Two albums with a file of each format."""
    real_audio.need_ffmpeg()
    make_library(tmp_path / "music")
    return tmp_path / "music"


@pytest.fixture
def names(music):
    return sorted(path.relative_to(music).as_posix() for path in music.rglob("*.*"))
