"""Nearest neighbours: those of a full sort, whatever the blocks and the threads."""

import os

import numpy as np
import pytest

from albumnet.moodmap import neighbours
from albumnet.moodmap.neighbours import nearest_neighbours, search


@pytest.fixture
def vectors() -> np.ndarray:
    drawn = np.random.default_rng(0).normal(size=(300, 9))
    return (drawn / np.linalg.norm(drawn, axis=1, keepdims=True)).astype(np.float32)


@pytest.mark.parametrize(("n_rows", "n_columns"), [(512, 8192), (7, 40), (64, 300), (300, 11)])
def test_neighbours_are_those_of_a_full_sort_whatever_the_blocks(vectors, monkeypatch, n_rows, n_columns):
    monkeypatch.setattr(neighbours, "_ROWS", n_rows)
    monkeypatch.setattr(neighbours, "_COLUMNS", n_columns)
    scores = vectors @ vectors.T
    np.fill_diagonal(scores, -np.inf)
    rows, cosines = nearest_neighbours(vectors, k=20)
    np.testing.assert_array_equal(rows, np.argsort(-scores, axis=1)[:, :20])
    np.testing.assert_allclose(cosines, -np.sort(-scores, axis=1)[:, :20], atol=1e-6)


def test_albums_already_in_order_are_found_too(vectors):
    ordered = vectors[np.argsort(vectors[:, 0])]
    scores = ordered[:5] @ ordered.T
    np.testing.assert_array_equal(search(ordered[:5], ordered, k=8)[0], np.argsort(-scores, axis=1)[:, :8])


def test_an_album_is_no_neighbour_of_its_own_but_its_twin_is(vectors):
    twins = np.concatenate([vectors, vectors[:1]])
    rows, cosines = nearest_neighbours(twins, k=1)
    assert rows[0, 0] == 300
    assert rows[300, 0] == 0
    assert cosines[0, 0] == pytest.approx(1, abs=1e-6)


def test_the_number_of_threads_changes_no_bit(vectors, monkeypatch):
    found = []
    for n_threads in (1, 3):
        monkeypatch.setattr(neighbours, "n_cpus", lambda n=n_threads: n)
        monkeypatch.setattr(neighbours, "_ROWS", 16)
        found.append(nearest_neighbours(vectors, k=12))
    np.testing.assert_array_equal(found[0][0], found[1][0])
    np.testing.assert_array_equal(found[0][1], found[1][1])


def test_searching_for_more_than_there_are_gives_all(vectors):
    rows, cosines = search(vectors[:2], vectors[:6], k=50)
    assert rows.shape == cosines.shape == (2, 6)
    assert sorted(rows[0].tolist()) == [0, 1, 2, 3, 4, 5]
    assert search(vectors[:0], vectors, k=5)[0].shape == (0, 5)


def test_there_is_a_processor_to_work_on():
    assert 1 <= neighbours.n_cpus() <= (os.cpu_count() or 1)
