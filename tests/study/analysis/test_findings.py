"""Who agrees with whom: from answers to a table."""

import numpy as np
import pytest

from albumnet.metrics.agreement import pooled_kappa
from albumnet.study.analysis import analyse, party_of_model, party_of_rater, party_of_set
from albumnet.study.analysis.decisions import Party, choose_thresholds

MOODS = ("Bleak", "Cheerful", "Energetic", "Laid-Back")


def party(name, decisions, kind="rater", **changes):
    shape = decisions.shape
    return Party(
        name, kind, decisions, **{"is_known": np.ones(shape[0], bool), "knows": np.ones(shape[1], bool)} | changes
    )


def everyone(n_raters=3, n=40, seed=0):
    rng = np.random.default_rng(seed)
    truth = rng.random((n, 4)) < 0.4
    noisy = [np.where(rng.random((n, 4)) < 0.7, truth, rng.random((n, 4)) < 0.4) for _ in range(n_raters + 1)]
    return [party(f"r{i}", d) for i, d in enumerate(noisy[:-1])], [
        party("the set", truth, "set"),
        party("model 1", noisy[-1], "model"),
    ]


def found(raters, others, again=None):
    nothing = [party(r.name, r.decisions, is_known=np.zeros(len(r.is_known), bool)) for r in raters]
    rng = np.random.default_rng(0)
    return analyse(MOODS, raters, again or nothing, others, n_resamples=200, rng=rng)


def test_every_pair_but_models_with_each_other_is_compared_in_the_order_people_ask():
    raters, others = everyone()
    kinds = [pair.kind for pair in found(raters, others).pairs]
    assert kinds == ["rater–rater"] * 3 + ["rater–set"] * 3 + ["rater–model"] * 3 + ["model–set"]


def test_values_are_those_of_the_metrics_and_lie_in_their_intervals():
    raters, others = everyone()
    pairs = {(p.first, p.second): p for p in found(raters, others).pairs}
    pair = pairs["r0", "r1"]
    assert pair.pooled.value == pytest.approx(pooled_kappa(raters[0].decisions, raters[1].decisions))
    for estimate in (pair.pooled, pair.mean_kappa, *pair.alphas.values()):
        assert estimate.low < estimate.value < estimate.high
    assert {m.mood for m in pair.moods} == set(MOODS)
    assert set(pair.alphas) == {"nominal", "jaccard", "masi", "semantic"}
    assert pairs["model 1", "the set"].kind == "model–set"


def test_covers_that_a_rater_can_t_tell_from_and_moods_a_model_does_not_know_are_left_out():
    raters, others = everyone()
    is_known = np.arange(40) >= 10
    raters[0] = party("r0", raters[0].decisions, is_known=is_known)
    others[1] = party("model 1", others[1].decisions, "model", knows=np.array([True, True, True, False]))
    pairs = {(p.first, p.second): p for p in found(raters, others).pairs}
    pair = pairs["r0", "model 1"]
    assert (pair.n_covers, pair.n_moods) == (30, 3)
    expected = pooled_kappa(raters[0].decisions[10:, :3], others[1].decisions[10:, :3])
    assert pair.pooled.value == pytest.approx(expected)


def test_contrasts_are_differences_of_means():
    raters, others = everyone()
    findings = found(raters, others)
    by_title = {c.title: c for c in findings.contrasts}
    own, model = by_title["raters with each other"], by_title["raters with model 1"]
    assert model.less_raters.value == pytest.approx(model.mean.value - own.mean.value)
    assert not own.less_raters.is_defined
    assert model.n_pairs == 3


def test_fleiss_is_for_three_raters_or_more():
    assert found(*everyone(3)).group.fleiss.is_defined
    assert not found(*everyone(2)).group.fleiss.is_defined


def test_one_rater_alone_is_compared_with_set_and_models_only():
    findings = found(*everyone(1))
    assert {p.kind for p in findings.pairs} == {"rater–set", "rater–model", "model–set"}
    assert np.isnan(findings.disagreement).all()


def test_a_rater_who_repeats_themself_has_kappa_1_and_few_covers_have_no_interval():
    raters, others = everyone(2)
    some = np.arange(40) < 8
    again = [party(r.name, r.decisions, is_known=some) for r in raters]
    findings = found(raters, others, again)
    assert findings.raters[0].n_repeated == 8
    assert findings.raters[0].repeats.value == 1
    few = [party(r.name, r.decisions, is_known=np.arange(40) < 3) for r in raters]
    assert not found(raters, others, few).raters[0].repeats.is_defined


def test_disagreement_of_a_cover_is_the_mean_distance_between_raters():
    raters, others = everyone(2)
    both = raters[0].decisions & raters[1].decisions
    either = raters[0].decisions | raters[1].decisions
    distance = 1 - both.sum(axis=1) / np.maximum(either.sum(axis=1), 1)
    distance[~either.any(axis=1)] = 0
    assert found(raters, others).disagreement == pytest.approx(distance)


def test_thresholds_say_a_mood_as_often_as_validation_has_it_and_never_one_it_has_not():
    rng = np.random.default_rng(0)
    target = rng.random((200, 3)) < [0.3, 0.05, 0.0]
    probabilities = rng.random((200, 3))
    decided = probabilities >= choose_thresholds(target, probabilities)
    assert decided.sum(axis=0)[:2] == pytest.approx(target.sum(axis=0)[:2], abs=1)
    assert decided[:, 2].sum() == 0


def test_parties_are_read_from_answers_key_and_probabilities(answered, book):
    from albumnet.study import read_key

    anna, again = (party_of_rater(answered, "anna", book.current("anna"), showing=n) for n in (1, 2))
    assert anna.is_simulated
    assert anna.is_known.sum() + anna.n_cannot_tell == 12
    assert again.is_known.sum() + again.n_cannot_tell == 3
    truth = party_of_set(answered, read_key(answered))
    assert truth.decisions.any(axis=1).all()
    names = answered.moods[1:3]
    model = party_of_model(
        answered, name="m", moods=names, probabilities=np.full((12, 2), 0.5), thresholds=np.array([0.4, 0.6])
    )
    assert model.knows.sum() == 2
    assert model.decisions[:, 1].all()
    assert model.decisions.sum() == 12
