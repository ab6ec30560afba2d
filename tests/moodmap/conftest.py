"""Vectors in a few clear groups."""

import numpy as np
import pytest

from grouped_vectors import draw_groups


@pytest.fixture(scope="session")
def grouped() -> tuple[np.ndarray, np.ndarray]:
    return draw_groups(120)
