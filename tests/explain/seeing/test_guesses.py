import numpy as np
import pytest

from albumnet.errors import WeightsError
from albumnet.explain.seeing.guesses import N_SEEN, Namer, find_lifts, things_seen
from albumnet.vision.backbones import load_backbone, read_class_names


def test_there_are_a_thousand_names_in_imagenet_s_order():
    names = read_class_names()
    assert len(names) == 1000
    assert (names[0], names[423], names[999]) == ("tench", "barber chair", "toilet tissue")


def test_guesses_are_probabilities_likeliest_first():
    backbone = load_backbone("efficientnet_lite0")
    namer = Namer(backbone)
    features = np.random.default_rng(0).random((2, *backbone.feature_shape)).astype(np.float32)
    probabilities = namer.probabilities(features)
    np.testing.assert_allclose(probabilities.sum(axis=1), 1, rtol=1e-4)
    found = namer.guesses(probabilities[0], top=3)
    assert [g.probability for g in found] == sorted(probabilities[0])[::-1][:3]


def test_a_backbone_without_a_classifier_says_so():
    with pytest.raises(WeightsError, match="never trained to name"):
        Namer(load_backbone("colour_statistics"))


def test_five_things_are_seen_on_a_cover():
    assert (things_seen(np.random.default_rng(0).random((4, 30))).sum(axis=1) == N_SEEN).all()


def lifts(seen, target, artists):
    return find_lifts(
        seen, target, artists=artists, things=("chair", "boat"), moods=("Calm", "Wild"), min_seen=10, n_resamples=300,
        rng=np.random.default_rng(0),
    )  # fmt: skip


def test_a_lift_is_the_share_with_the_mood_over_the_share_of_all():
    rng = np.random.default_rng(0)
    target = np.stack([np.arange(400) % 4 == 0, rng.random(400) < 0.5], axis=1)
    chair = np.where(target[:, 0], rng.random(400) < 0.8, rng.random(400) < 0.1)
    seen = np.stack([chair, rng.random(400) < 0.3], axis=1)
    first, *others = lifts(seen, target, [f"artist {n % 150}" for n in range(400)])
    assert (first.thing, first.mood) == ("chair", "Calm")
    assert first.lift == pytest.approx(chair[target[:, 0]].mean() / chair.mean())
    assert first.low < first.lift < first.high
    assert first.p_holm < 0.01
    assert all(other.p_holm > 0.01 for other in others if other.thing == "boat")


def test_rare_things_are_passed_over():
    target = np.random.default_rng(0).random((50, 2)) < 0.5
    assert lifts(np.zeros((50, 2), dtype=bool), target, [str(n) for n in range(50)]) == []
