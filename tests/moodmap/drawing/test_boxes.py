"""Boxes moved apart: never over one another, in the frame, and near where they wanted to be."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from albumnet.moodmap.drawing.boxes import overlaps, spread_boxes

FRAME = (0.0, 0.0, 1000.0, 800.0)


def as_boxes(centres, sizes):
    return np.hstack([centres - sizes / 2, centres + sizes / 2])


def n_overlaps(boxes, others=None):
    found = overlaps(boxes, boxes if others is None else others)
    if others is None:
        np.fill_diagonal(found, False)
    return int(found.sum())


@settings(max_examples=20)
@given(seed=st.integers(0, 10_000), n_boxes=st.integers(1, 60), crowding=st.sampled_from([0.01, 0.1, 0.5]))
def test_no_box_lies_over_another_or_outside(seed, n_boxes, crowding):
    rng = np.random.default_rng(seed)
    sizes = np.stack([rng.uniform(30, 120, n_boxes), np.full(n_boxes, 20.0)], axis=1)
    anchors = np.array([500, 400]) + rng.normal(size=(n_boxes, 2)) * crowding * 500
    obstacles = np.array([[480.0, 380.0, 560.0, 460.0]])
    centres = spread_boxes(anchors, sizes, frame=FRAME, obstacles=obstacles)
    assert centres is not None
    boxes = as_boxes(centres, sizes)
    assert n_overlaps(boxes) == n_overlaps(boxes, obstacles) == 0
    assert (boxes[:, :2] >= -1e-9).all()
    assert (boxes[:, 2:] <= np.array(FRAME[2:]) + 1e-9).all()


def test_boxes_with_room_stay_where_they_are():
    anchors = np.array([[100.0, 100.0], [500.0, 400.0], [900.0, 700.0]])
    np.testing.assert_allclose(spread_boxes(anchors, np.full((3, 2), 50.0), frame=FRAME), anchors)


def test_two_boxes_on_one_point_part_by_no_more_than_need_be():
    centres = spread_boxes(np.full((2, 2), 400.0), np.full((2, 2), 40.0), frame=FRAME)
    assert centres is not None
    assert 40 <= np.abs(centres[0] - centres[1]).max() <= 48


def test_without_room_there_is_no_answer():
    assert spread_boxes(np.full((4, 2), 50.0), np.full((4, 2), 60.0), frame=(0, 0, 100, 100)) is None
    assert spread_boxes(np.full((1, 2), 50.0), np.full((1, 2), 200.0), frame=(0, 0, 100, 100)) is None
    assert spread_boxes(np.empty((0, 2)), np.empty((0, 2)), frame=FRAME) is not None
