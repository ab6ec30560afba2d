"""The album set that the stages are tested on."""

import numpy as np
import pytest

from small_world import make_albums, make_set


@pytest.fixture
def album_set(tmp_path):
    return make_set(tmp_path / "set", *make_albums(np.random.default_rng(0)))
