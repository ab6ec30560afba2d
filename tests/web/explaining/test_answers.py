"""Answers about models that cannot say everything: each part says why, and the others stay."""

import pytest

from albumnet.errors import ExplainError
from albumnet.pipeline.explaining.explainer import CoverExplainer
from albumnet.vision.backbones import load_backbone
from albumnet.web.explaining import answers
from albumnet.web.explaining.explainer import Asked
from albumnet.web.intake import Taken
from untrained import MOODS, make_model, make_pixels

pytest.importorskip("cv2")


def asked_of(model, *, side=224):
    taken = Taken(make_pixels(side=side), ("Rock",), 1970)
    return Asked(model, taken, lambda: CoverExplainer(model))


def test_a_backbone_without_a_classifier_or_a_grid_says_so_and_can_be_changed_all_the_same():
    backbone = load_backbone("colour_statistics")
    asked = asked_of(make_model("2", backbone=backbone), side=backbone.transform.size)
    told = answers.tell_of_cover(asked)
    assert told["guesses"] == []
    assert "never trained to name things" in told["why_no_guesses"]
    assert len(told["shares"]) == len(MOODS)
    with pytest.raises(ExplainError, match="no grid"):
        answers.tell_map(asked, mood="Bleak")
    assert answers.tell_change(asked, answers.Change(90.0, 1.0, 1.0, False, ()))["n_beyond"] > 0


def test_a_model_of_the_cover_alone_has_no_shares():
    told = answers.tell_of_cover(asked_of(make_model("1")))
    assert told["shares"] is None
    assert "cover alone" in told["why_no_shares"]


def test_a_model_that_looks_at_no_cover_has_shares_of_genre_and_year_alone():
    asked = asked_of(make_model("metadata"))
    told = answers.tell_of_cover(asked)
    assert {each["cover"] for each in told["shares"]} == {0.0}
    assert any(each["genre"] for each in told["shares"])
    assert "looks at no cover" in told["why_no_guesses"]
    assert told["backbone"] is None
    with pytest.raises(ExplainError, match="no pixels"):
        answers.tell_map(asked, mood="Bleak")


def test_of_a_fine_tuned_backbone_the_classifier_is_not_asked(monkeypatch):
    from dataclasses import replace

    model = make_model("1")
    monkeypatch.setattr(model, "config", replace(model.config, n_fine_tuned=1))
    told = answers.tell_of_cover(asked_of(model))
    assert told["guesses"] == []
    assert "fine-tuned" in told["why_no_guesses"]
