"""A recorded step does what the step does, for every batch, with new draws each time."""

import pytest
import torch

from albumnet.training.steps import ReplayedStep

pytestmark = pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a GPU")


def test_every_batch_is_stepped_once_whatever_its_length():
    counts = torch.zeros(100, device="cuda")

    def step(rows):
        counts.index_add_(0, rows, torch.ones(len(rows), device="cuda"))
        return rows.double().sum()

    replayed = ReplayedStep(step, batch_size=8)
    batches = torch.randperm(100, device="cuda").split(8)
    told = [float(replayed(rows)) for rows in batches]
    assert told == [float(rows.sum()) for rows in batches]
    assert (counts == 1).all()


def test_replays_draw_anew_and_by_the_seed():
    draws = []
    for _ in range(2):
        step = ReplayedStep(lambda rows: torch.rand((), device="cuda"), batch_size=2)
        torch.manual_seed(3)
        draws.append([float(step(torch.arange(2, device="cuda"))) for _ in range(8)])
    assert draws[0] == draws[1]
    assert len(set(draws[0])) == 8
