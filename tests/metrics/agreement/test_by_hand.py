"""Measures of agreement by hand, at their edges, and where no peer defines them."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from albumnet.errors import AgreementError
from albumnet.metrics.agreement import (
    Alpha,
    cohen_kappa,
    compare_mood_by_mood,
    compare_two,
    count_moods,
    flat_kappa,
    fleiss_kappa,
    fleiss_kappas,
    gwet_ac1,
    jaccard_distance,
    kappa_in_words,
    krippendorff_alpha,
    masi_distance,
    nominal_distance,
    pooled_kappa,
    semantic_distance,
)


def raters(both, only_first, only_second, neither):
    return np.repeat([1, 1, 0, 0], [both, only_first, only_second, neither]), np.repeat(
        [1, 0, 1, 0], [both, only_first, only_second, neither]
    )


def test_all_of_a_table_by_hand():
    # 40 yes/yes, 5 yes/no, 10 no/yes, 45 no/no: Po .85, Pe .45 * .5 + .55 * .5 = .5.
    found = compare_two(*raters(40, 5, 10, 45))
    assert found.n_covers == 100
    assert found.kappa == pytest.approx(0.7)
    assert found.prevalence == pytest.approx(0.475)
    assert found.positive == pytest.approx(80 / 95)
    assert found.negative == pytest.approx(90 / 105)
    assert found.max_kappa == pytest.approx((0.45 + 0.5 - 0.5) / 0.5)
    assert found.pabak == pytest.approx(0.7)
    # Chance of AC1: 2 * .475 * .525 = .49875.
    assert found.ac1 == pytest.approx((0.85 - 0.49875) / (1 - 0.49875))


def test_high_agreement_has_a_low_kappa_where_a_mood_is_rare_and_ac1_does_not_fall_for_it():
    # 1 / 4 / 5 / 90: Po .91, Pe .05 * .06 + .95 * .94 = .896.
    found = compare_two(*raters(1, 4, 5, 90))
    assert found.kappa == pytest.approx((0.91 - 0.896) / 0.104)
    assert found.pabak == pytest.approx(0.82)
    chance = 2 * 0.055 * 0.945
    assert found.ac1 == pytest.approx((0.91 - chance) / (1 - chance))


def test_ac1_of_three_categories_by_hand():
    first, second = np.array([0, 0, 1, 2]), np.array([0, 1, 1, 2])
    # Shares of both: 3/8, 3/8, 2/8; chance (15 + 15 + 12) / 64 / 2.
    chance = 42 / 64 / 2
    assert gwet_ac1(first, second, n_categories=3) == pytest.approx((0.75 - chance) / (1 - chance))


def test_cohen_kappa_is_nan_when_only_one_category_was_used():
    zeros = np.zeros(5, dtype=int)
    assert np.isnan(cohen_kappa(zeros, zeros, n_categories=3))
    found = compare_two(zeros, zeros)
    assert np.isnan(found.kappa)
    assert np.isnan(found.max_kappa)
    assert np.isnan(found.positive)
    assert (found.negative, found.pabak, found.ac1) == (1, 1, 1)


def test_cohen_kappa_is_exactly_0_when_one_rater_always_says_the_same_and_1_when_they_never_differ():
    some = np.array([0, 1, 1, 0, 0])
    assert cohen_kappa(some, np.zeros(5, dtype=int), n_categories=2) == pytest.approx(0, abs=1e-15)
    assert cohen_kappa(some, some, n_categories=2) == 1


@pytest.mark.parametrize(
    ("first", "second", "said"),
    [([], [], "at least one"), ([0, 1], [0], "as many"), ([0, 2], [0, 1], "0 to 1"), ([0, 1], [-1, 1], "from -1")],
)
def test_answers_that_cannot_be_compared_are_an_error(first, second, said):
    with pytest.raises(AgreementError, match=said):
        cohen_kappa(np.array(first, dtype=int), np.array(second, dtype=int), n_categories=2)


def test_ac1_needs_two_categories():
    with pytest.raises(AgreementError, match="two"):
        gwet_ac1(np.zeros(2, dtype=int), np.zeros(2, dtype=int), n_categories=1)


def test_fleiss_kappa_by_hand_and_undefined():
    # Three raters, two covers: 3-0 and 1-2. Agreement (1 + 1/3) / 2, shares 4/6 and 2/6, chance 20/36.
    assert fleiss_kappa(np.array([[3, 0], [1, 2]])) == pytest.approx((2 / 3 - 20 / 36) / (1 - 20 / 36))
    assert np.isnan(fleiss_kappa(np.array([[3, 0], [3, 0]])))
    with pytest.raises(AgreementError, match="one number"):
        fleiss_kappa(np.array([[3, 0], [1, 1]]))
    decisions = np.array([[[1, 0], [1, 0]], [[1, 0], [0, 0]], [[1, 0], [0, 0]]], dtype=bool)
    assert fleiss_kappas(decisions)[0] == pytest.approx((2 / 3 - 20 / 36) / (1 - 20 / 36))
    assert np.isnan(fleiss_kappas(decisions)[1])


def test_pooled_kappa_by_hand():
    first = np.array([[1, 0], [1, 1], [0, 0], [0, 0]], dtype=bool)
    second = np.array([[1, 0], [0, 1], [0, 0], [0, 0]], dtype=bool)
    # Mood 0: Po .75, Pe .5 * .25 + .5 * .75 = .5. Mood 1: Po 1, Pe 1/16 + 9/16 = .625.
    assert pooled_kappa(first, second) == pytest.approx((0.25 + 0.375) / (0.5 + 0.375))
    kappas = count_moods(first, second, np.ones((1, 4))).kappas[0]
    assert kappas == pytest.approx([0.5, 1.0])


def test_who_names_the_same_moods_for_every_cover_has_pooled_kappa_0_but_a_flat_kappa_above():
    rng = np.random.default_rng(0)
    shares = np.array([0.6, 0.5, 0.1, 0.05, 0.02])
    careful = rng.random((200, 5)) < shares
    lazy = np.broadcast_to(shares > 0.3, careful.shape)
    assert pooled_kappa(careful, lazy) == pytest.approx(0, abs=1e-12)
    assert flat_kappa(careful, lazy) > 0.4


def test_pooled_kappa_is_nan_without_a_mood_to_agree_on():
    nothing = np.zeros((3, 2), dtype=bool)
    assert np.isnan(pooled_kappa(nothing, nothing))


@given(st.integers(0, 10_000))
def test_kappas_on_a_resample_are_those_of_its_covers_written_out(seed):
    rng = np.random.default_rng(seed)
    first, second = rng.random((2, 8, 3)) < 0.4
    rows = rng.integers(8, size=8)
    weights = np.bincount(rows, minlength=8)[None].astype(float)
    found = count_moods(first, second, weights)
    assert found.pooled[0] == pytest.approx(pooled_kappa(first[rows], second[rows]), abs=1e-9, nan_ok=True)
    by_hand = [cohen_kappa(first[rows, m] * 1, second[rows, m] * 1, n_categories=2) for m in range(3)]
    assert found.kappas[0] == pytest.approx(by_hand, abs=1e-9, nan_ok=True)
    sets = [[frozenset(np.flatnonzero(r).tolist()) for r in pair] for pair in zip(first, second, strict=True)]
    alpha = Alpha(sets, jaccard_distance).resampled(weights)[0]
    assert alpha == pytest.approx(krippendorff_alpha([sets[n] for n in rows], jaccard_distance), abs=1e-9, nan_ok=True)


def test_mood_by_mood_leaves_out_moods_that_neither_named():
    first = np.array([[1, 0, 0], [0, 0, 0]], dtype=bool)
    found = compare_mood_by_mood(first, ~first & [True, False, True], ("Bleak", "Calm", "Warm"))
    assert [line.mood for line in found] == ["Bleak", "Warm"]
    assert found[0].agreement.kappa == pytest.approx(-1)


def test_set_distances_by_hand():
    a, b = frozenset({1, 2}), frozenset({1, 2, 3, 4})
    assert nominal_distance(a, b) == 1
    assert jaccard_distance(a, b) == pytest.approx(0.5)
    assert masi_distance(a, b) == pytest.approx(1 - 0.5 * 2 / 3)
    assert masi_distance(frozenset({1, 2}), frozenset({2, 3})) == pytest.approx(1 - 1 / 9)
    empty = frozenset()
    for distance in (nominal_distance, jaccard_distance, masi_distance, semantic_distance(np.eye(5))):
        assert distance(empty, empty) == 0
        assert distance(empty, a) == 1
        assert distance(a, a) == 0


def test_semantic_distance_counts_a_near_mood_as_a_near_miss():
    # Moods 0 and 1 nearly one, 2 at right angles, 3 without a vector. Mean cosine of different moods: .9 / 3 = .3.
    vectors = np.array([[1, 0], [0.9, np.sqrt(1 - 0.81)], [np.nan, np.nan]])
    vectors = np.vstack([vectors[:2], [0, 0], vectors[2:]])  # a zero vector has cosine 0 with all
    distance = semantic_distance(vectors)
    near = (0.9 - 0.3) / 0.7
    assert distance(frozenset({0}), frozenset({1})) == pytest.approx(1 - near / (2 - near))
    assert distance(frozenset({0}), frozenset({2})) == 1
    assert distance(frozenset({0, 3}), frozenset({1, 3})) == pytest.approx(1 - (1 + near) / (4 - 1 - near))
    assert distance(frozenset({3}), frozenset({0})) == 1


@given(st.sets(st.integers(0, 5)), st.sets(st.integers(0, 5)))
def test_semantic_distance_is_jaccard_s_where_no_moods_are_alike(first, second):
    found = semantic_distance(np.eye(6))(frozenset(first), frozenset(second))
    assert found == pytest.approx(jaccard_distance(frozenset(first), frozenset(second)))


def test_alpha_by_hand_passes_over_covers_with_one_answer():
    # Krippendorff (2011), "Computing Krippendorff's alpha-reliability", section A: two coders, binary, no gaps.
    first, second = [0, 1, 0, 0, 0, 0, 0, 0, 1, 0], [1, 1, 1, 0, 0, 1, 0, 0, 0, 0]
    answers = [[a, b] for a, b in zip(first, second, strict=True)]
    assert krippendorff_alpha(answers, lambda a, b: float(a != b)) == pytest.approx(0.095, abs=5e-4)
    assert krippendorff_alpha([*answers, [1], []], lambda a, b: float(a != b)) == pytest.approx(0.095, abs=5e-4)


@pytest.mark.parametrize("answers", [[], [[1]], [[1, 1], [1, 1]]])
def test_alpha_is_nan_where_nothing_could_differ(answers):
    assert np.isnan(krippendorff_alpha(answers, lambda a, b: float(a != b)))


@pytest.mark.parametrize(
    ("low", "high", "words"),
    [
        (-0.1, -0.01, "poor"),
        (0.0, 0.2, "slight"),
        (0.1, 0.3, "slight to fair"),
        (0.41, 0.6, "moderate"),
        (0.7, 0.81, "substantial to almost perfect"),
        (float("nan"), 0.3, ""),
    ],
)
def test_words_are_of_the_whole_interval(low, high, words):
    assert kappa_in_words(low, high) == words
