"""The layout: in the unit square, the same twice, near albums near each other, and refused where there is nothing."""

import os
import subprocess
import sys

import numpy as np
import pytest

from albumnet.errors import MapError
from albumnet.metrics import neighbour_scores
from albumnet.moodmap import lay_out, layout
from albumnet.progress import Progress
from grouped_vectors import draw_groups


def rng() -> np.random.Generator:
    return np.random.default_rng(0)


def test_all_albums_lie_in_the_unit_square_and_fill_one_side_of_it(grouped):
    found = lay_out(grouped[0], rng=rng())
    assert found.xy.dtype == np.float32
    assert found.xy.min() >= 0
    assert found.xy.max() <= 1
    assert np.ptp(found.xy, axis=0).max() == pytest.approx(1, abs=1e-5)
    assert (found.xy.min(axis=0) + found.xy.max(axis=0)) / 2 == pytest.approx([0.5, 0.5], abs=1e-5)


def test_groups_stay_apart(grouped):
    vectors, group = grouped
    xy = lay_out(vectors, rng=rng(), perplexity=10).xy
    distances = np.linalg.norm(xy[:, None] - xy[None], axis=2)
    np.fill_diagonal(distances, np.inf)
    assert (group[distances.argmin(axis=1)] == group).mean() > 0.95
    assert neighbour_scores(vectors, xy, k=10, rows=np.arange(len(xy)))[0] > 0.85


@pytest.mark.parametrize("method", ["quadtree", "interpolation"])
def test_the_same_vectors_and_seed_give_the_same_layout_bit_for_bit(grouped, monkeypatch, method):
    monkeypatch.setattr(layout, "_MIN_INTERPOLATED", 0 if method == "interpolation" else 10**9)
    first, second = (lay_out(grouped[0], rng=rng()) for _ in range(2))
    np.testing.assert_array_equal(first.xy, second.xy)


@pytest.mark.parametrize("method", ["quadtree", "interpolation"])
def test_how_many_threads_lay_it_out_changes_no_bit(monkeypatch, method):
    monkeypatch.setattr(layout, "_MIN_INTERPOLATED", 0 if method == "interpolation" else 10**9)
    vectors, _ = draw_groups(600, size=20)
    found = []
    for n_threads in (1, 2, 3):
        monkeypatch.setattr(layout, "n_cpus", lambda n=n_threads: n)
        found.append(lay_out(vectors, rng=rng()).xy)
    np.testing.assert_array_equal(found[1], found[0])
    np.testing.assert_array_equal(found[2], found[0])


@pytest.mark.parametrize("n_threads", ["1", "2"])
def test_the_number_of_threads_changes_no_bit(tmp_path, n_threads):
    """In a process of its own: what libraries read from the environment, they read when they are loaded."""
    code = (
        "import sys, numpy as np\n"
        "from albumnet.moodmap import lay_out\n"
        "np.save(sys.argv[2], lay_out(np.load(sys.argv[1]), rng=np.random.default_rng(0)).xy)"
    )
    # Wide and many enough for threads to share the products.
    vectors, _ = draw_groups(600, size=100)
    np.save(tmp_path / "vectors.npy", vectors)
    environment = {**os.environ, "OMP_NUM_THREADS": n_threads, "OPENBLAS_NUM_THREADS": n_threads}
    files = [str(tmp_path / "vectors.npy"), str(tmp_path / "xy.npy")]
    subprocess.run([sys.executable, "-c", code, *files], check=True, env=environment, timeout=120)
    np.testing.assert_array_equal(np.load(tmp_path / "xy.npy"), lay_out(vectors, rng=rng()).xy)


def test_equal_vectors_are_laid_out_beside_each_other(grouped):
    vectors = np.repeat(grouped[0][:4], 5, axis=0)
    xy = lay_out(vectors, rng=rng()).xy
    assert np.isfinite(xy).all()
    own = np.linalg.norm(xy.reshape(4, 5, 2) - xy.reshape(4, 5, 2).mean(axis=1, keepdims=True), axis=2)
    assert own.max() < 0.3


def test_a_few_albums_get_a_perplexity_they_can_have(grouped):
    found = lay_out(grouped[0][:5], rng=rng(), perplexity=30)
    assert found.perplexity == pytest.approx(4 / 3)
    assert np.isfinite(found.xy).all()


def test_vectors_of_one_number_can_be_laid_out():
    vectors = np.where(np.arange(12) < 6, 1.0, -1.0).astype(np.float32)[:, None]
    assert np.isfinite(lay_out(vectors, rng=rng()).xy).all()


def test_progress_reaches_its_end(grouped):
    heard: list[Progress] = []
    lay_out(grouped[0], rng=rng(), progress=heard.append)
    ends = {progress.stage: progress for progress in heard}
    assert ends["neighbours"].done == ends["neighbours"].total == 120
    assert ends["layout"].done == ends["layout"].total


def test_what_cannot_be_laid_out_is_refused_in_one_line(grouped):
    vectors = grouped[0]
    with pytest.raises(MapError, match="4 albums are too few"):
        lay_out(vectors[:4], rng=rng())
    broken = vectors.copy()
    broken[3, 0] = np.nan
    with pytest.raises(MapError, match="1 of 120 vectors hold nan"):
        lay_out(broken, rng=rng())
    with pytest.raises(MapError, match="one and the same vector"):
        lay_out(np.repeat(vectors[:1], 30, axis=0), rng=rng())
