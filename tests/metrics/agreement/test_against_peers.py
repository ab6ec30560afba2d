"""Every measure of agreement that nltk, statsmodels or scikit-learn define too, on 1,000 random tables."""

import importlib

import numpy as np
import pytest
from sklearn.metrics import cohen_kappa_score, f1_score
from statsmodels.stats import inter_rater

from albumnet.metrics.agreement import (
    cohen_kappa,
    compare_two,
    fleiss_kappa,
    jaccard_distance,
    krippendorff_alpha,
    masi_distance,
    nominal_distance,
)
from albumnet.metrics.agreement.two_raters import tabulate

# `import nltk.metrics.agreement` finds another module of that name.
agreement = importlib.import_module("nltk.metrics.agreement")
distance = importlib.import_module("nltk.metrics.distance")

# statsmodels takes roots of, and divides by, standard errors of 0 where a rater always said the same; not compared.
pytestmark = pytest.mark.filterwarnings("ignore:invalid value encountered:RuntimeWarning")

N_TABLES = 1000
EXACT = {"abs": 1e-9, "rel": 0}


def tables(*, n_categories: int | None = None):
    """Two raters of some covers, from unlike to alike, from one category to six, some hardly used."""
    rng = np.random.default_rng(0)
    for _ in range(N_TABLES):
        k = n_categories or int(rng.integers(2, 7))
        n = int(rng.integers(3, 80))
        shares = rng.dirichlet(np.full(k, rng.choice([0.3, 1.0, 5.0])))
        first = rng.choice(k, size=n, p=shares)
        second = np.where(rng.random(n) < rng.random(), first, rng.choice(k, size=n, p=shares))
        yield k, first, second


def test_cohen_kappa_is_that_of_scikit_learn_statsmodels_and_nltk():
    n_undefined = 0
    for k, first, second in tables():
        ours = cohen_kappa(first, second, n_categories=k)
        if np.isnan(ours):
            n_undefined += 1
            assert len(set(first) | set(second)) == 1
            continue
        assert ours == pytest.approx(cohen_kappa_score(first, second), **EXACT)
        found = inter_rater.cohens_kappa(tabulate(first, second, n_categories=k))
        assert ours == pytest.approx(found.kappa, **EXACT)
        data = [(rater, str(n), str(c)) for rater, cs in (("a", first), ("b", second)) for n, c in enumerate(cs)]
        assert ours == pytest.approx(agreement.AnnotationTask(data=data).kappa(), **EXACT)
    assert 0 < n_undefined < N_TABLES / 10


def test_positive_and_negative_agreement_highest_kappa_and_pabak_are_their_peers():
    for _, first, second in tables(n_categories=2):
        ours = compare_two(first, second)
        if first.any() or second.any():
            assert ours.positive == pytest.approx(f1_score(first, second), **EXACT)
        if not (first.all() and second.all()):
            assert ours.negative == pytest.approx(f1_score(first, second, pos_label=0), **EXACT)
        counts = np.stack([2 - first - second, first + second], axis=1)
        assert ours.pabak == pytest.approx(inter_rater.fleiss_kappa(counts, method="randolph"), **EXACT)
        if not np.isnan(ours.kappa):
            table = tabulate(first, second, n_categories=2)
            assert ours.max_kappa == pytest.approx(inter_rater.cohens_kappa(table).kappa_max, **EXACT)


def test_fleiss_kappa_is_that_of_statsmodels():
    rng = np.random.default_rng(1)
    n_compared = 0
    for _ in range(N_TABLES):
        n, k, r = (int(rng.integers(low, high)) for low, high in ((2, 40), (2, 6), (2, 9)))
        counts = rng.multinomial(r, rng.dirichlet(np.full(k, 0.7)), size=n)
        ours = fleiss_kappa(counts)
        if not np.isnan(ours):
            n_compared += 1
            assert ours == pytest.approx(inter_rater.fleiss_kappa(counts, method="fleiss"), **EXACT)
    assert n_compared > 0.9 * N_TABLES


def mood_sets(rng, n_moods):
    """Never empty: nltk divides by zero there."""
    return frozenset(rng.choice(n_moods, size=rng.integers(1, min(n_moods, 4) + 1), replace=False).tolist())


def test_jaccard_and_masi_are_those_of_nltk():
    rng = np.random.default_rng(2)
    for _ in range(N_TABLES):
        first, second = mood_sets(rng, 6), mood_sets(rng, 6)
        assert jaccard_distance(first, second) == pytest.approx(distance.jaccard_distance(first, second), **EXACT)
        assert masi_distance(first, second) == pytest.approx(distance.masi_distance(first, second), **EXACT)


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        (nominal_distance, distance.binary_distance),
        (jaccard_distance, distance.jaccard_distance),
        (masi_distance, distance.masi_distance),
    ],
    ids=["nominal", "jaccard", "masi"],
)
def test_alpha_is_that_of_nltk_with_gaps_and_any_number_of_raters(ours, theirs):
    rng = np.random.default_rng(3)
    for _ in range(N_TABLES):
        n, r, n_moods = (int(rng.integers(low, high)) for low, high in ((2, 9), (2, 5), (2, 6)))
        rated = rng.random((n, r)) < 0.8
        rated[:, :2] = True  # nltk: every cover counts
        answers = [[mood_sets(rng, n_moods) for _ in range(int(is_rated.sum()))] for is_rated in rated]
        found = krippendorff_alpha(answers, ours)
        if np.isnan(found):
            assert len({a for of_cover in answers for a in of_cover}) == 1
            continue
        data = [(f"r{i}", f"i{n}", a) for n, of_cover in enumerate(answers) for i, a in enumerate(of_cover)]
        assert found == pytest.approx(agreement.AnnotationTask(data=data, distance=theirs).alpha(), **EXACT)
