import numpy as np
import pytest
import torch

from albumnet.errors import ExplainError
from albumnet.explain.attribution import MoodScorer
from untrained import make_model

KINDS = [("1", ""), ("2", ""), ("3", ""), ("4", "decoded"), ("4", "regressed")]


@pytest.mark.parametrize(("kind", "space"), KINDS)
def test_log_odds_are_those_that_the_model_predicts(kind, space, pixels):
    model = make_model(kind, space=space)
    scorer = MoodScorer(model, genres=["Rock"], year=1970)
    predicted = model.probabilities(model.features(pixels[None]), [["Rock"]], [1970])
    ours = torch.sigmoid(scorer.logits(scorer.normalise(pixels[None]))).numpy()
    np.testing.assert_allclose(ours, predicted, atol=1e-5)
    np.testing.assert_allclose(torch.sigmoid(scorer.scores(pixels[None])).numpy(), predicted, atol=1e-4)


def test_another_genre_and_year_change_only_the_copy(pixels):
    scorer = MoodScorer(make_model("2"), genres=["Rock"], year=1970)
    before = scorer.scores(pixels[None])
    other = scorer.with_metadata(["Jazz"], 1962)
    assert not torch.allclose(other.scores(pixels[None]), before)
    torch.testing.assert_close(scorer.scores(pixels[None]), before)


def test_forgetting_changes_the_copy_and_leaves_the_model_alone(scorer, pixels):
    covers = scorer.normalise(pixels[None])
    with torch.no_grad():
        before = scorer.logits(covers)
        forgetful = scorer.shuffled(rng=np.random.default_rng(0))
        assert not torch.allclose(forgetful.logits(covers), before)
        assert torch.isfinite(forgetful.logits(covers)).all()
        torch.testing.assert_close(scorer.logits(covers), before)
    torch.testing.assert_close(forgetful.scores(pixels[None]), forgetful.logits(covers), rtol=1e-3, atol=1e-3)


def test_a_model_without_pixels_is_refused():
    with pytest.raises(ExplainError, match="no pixels"):
        MoodScorer(make_model("metadata"))
