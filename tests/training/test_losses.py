"""Losses against numbers worked by hand."""

import math
from dataclasses import replace

import pytest
import torch

from albumnet.models.presets import get_model
from albumnet.training.losses import mood_loss, moods_at_ranks, top_mood_columns

# Unit label vectors of three moods in the plane: east, north, and between them.
LABELS = torch.tensor([[1.0, 0.0], [0.0, 1.0], [math.sqrt(0.5), math.sqrt(0.5)]])


def loss(raw, *, model, target=None, top_moods=None, labels=LABELS):
    n = len(raw)
    return mood_loss(
        raw,
        target=torch.zeros(n, 3) if target is None else torch.tensor(target),
        top_moods=torch.full((n, 5), -1) if top_moods is None else torch.tensor(top_moods),
        labels=labels,
        kind=get_model(model),
    )


@pytest.mark.parametrize("model", ["1", "2", "metadata"])
def test_binary_cross_entropy_is_summed_over_moods_and_averaged_over_albums(model):
    raw = torch.tensor([[0.0, math.log(3), -math.log(3)], [0.0, 0.0, 0.0]])
    # First album: -log 1/2 - log 3/4 - log 3/4; second: three times -log 1/2.
    worked = (math.log(2) + 2 * math.log(4 / 3) + 3 * math.log(2)) / 2
    target = [[1.0, 1.0, 0.0], [0.0, 1.0, 0.0]]
    assert loss(raw, model=model, target=target).item() == pytest.approx(worked, rel=1e-6)


def test_a_mood_at_a_rank_is_true_at_that_rank_only_and_a_missing_rank_has_none():
    worked = torch.zeros(1, 5, 3)
    worked[0, 0, 2] = worked[0, 1, 0] = 1
    top_moods = torch.tensor([[2, 0, -1, -1, -1]])
    torch.testing.assert_close(moods_at_ranks(top_moods, n_moods=3), worked)
    raw = 100 * (worked - 0.5)
    ranks = replace(get_model("3"), output="ranks")
    nothing = torch.zeros(1, 3)
    assert mood_loss(raw, target=nothing, top_moods=top_moods, labels=LABELS, kind=ranks).item() == pytest.approx(0)


def test_slots_are_compared_in_order_and_missing_ranks_left_out():
    raw = torch.zeros(2, 5, 2)
    raw[0, 0] = torch.tensor([3.0, 0.0])  # its first mood is east: cosine 1, length does not count
    raw[0, 1] = torch.tensor([2.0, 0.0])  # its second is north: cosine 0
    raw[0, 2:] = 100.0  # masked
    raw[1, 0] = torch.tensor([-1.0, 0.0])  # its only mood is east: cosine -1
    top_moods = [[0, 1, -1, -1, -1], [0, -1, -1, -1, -1]]
    assert loss(raw, model="3", top_moods=top_moods).item() == pytest.approx((0 + 1 + 2) / 3)


def test_slots_in_the_wrong_order_cost_more():
    right, wrong = torch.zeros(1, 5, 2), torch.zeros(1, 5, 2)
    right[0, :2] = LABELS[[0, 1]]
    wrong[0, :2] = LABELS[[1, 0]]
    top_moods = [[0, 1, -1, -1, -1]]
    assert loss(right, model="3", top_moods=top_moods) < loss(wrong, model="3", top_moods=top_moods)


def test_masked_slots_have_no_gradient():
    raw = torch.randn(1, 5, 2, requires_grad=True)
    loss(raw, model="3", top_moods=[[2, -1, -1, -1, -1]]).backward()
    assert raw.grad[0, 0].abs().sum() > 0
    assert raw.grad[0, 1:].abs().sum() == 0


def test_a_vector_is_compared_with_each_true_mood_in_turn():
    raw = torch.tensor([[5.0, 0.0], [0.0, 1.0]])
    target = [[1.0, 1.0, 0.0], [0.0, 0.0, 1.0]]
    # East against east and north: 0 and 1; north against north-east: 1 - sqrt(1/2).
    assert loss(raw, model="4", target=target).item() == pytest.approx((0 + 1 + 1 - math.sqrt(0.5)) / 3)


@pytest.mark.parametrize(("model", "shape"), [("3", (2, 5, 2)), ("4", (2, 2))])
def test_gradients_of_zero_vectors_are_finite(model, shape):
    raw = torch.zeros(shape, requires_grad=True)
    value = loss(raw, model=model, target=[[1.0, 0.0, 1.0]] * 2, top_moods=[[0, 2, -1, -1, -1]] * 2)
    value.backward()
    assert value.isfinite()
    assert raw.grad.isfinite().all()


@pytest.mark.parametrize(("model", "shape"), [("3", (2, 5, 2)), ("4", (2, 2))])
def test_a_batch_without_any_mood_costs_nothing(model, shape):
    assert loss(torch.randn(shape), model=model).item() == 0


def test_top_moods_are_the_five_most_relevant_in_order():
    relevance = torch.tensor([[0.2, 1.0, 0.0, 0.8, 0.4, 0.6, 0.1]])
    assert top_mood_columns(relevance).tolist() == [[1, 3, 5, 4, 0]]


def test_fewer_than_five_top_moods_are_filled_with_minus_one():
    assert top_mood_columns(torch.tensor([[0.0, 1.0, 0.5, 0.0, 0.0, 0.0]])).tolist() == [[1, 2, -1, -1, -1]]
    assert top_mood_columns(torch.tensor([[0.5, 1.0]])).tolist() == [[1, 0, -1, -1, -1]]
