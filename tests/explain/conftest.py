"""A model with a random head, and a cover."""

import pytest
import torch

from albumnet.explain.attribution import MoodScorer
from untrained import make_model, make_pixels


@pytest.fixture(autouse=True)
def one_thread():
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="session")
def scorer():
    return MoodScorer(make_model("1"))


@pytest.fixture(scope="session")
def pixels():
    return make_pixels()
