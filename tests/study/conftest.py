"""A study of planted covers that two raters have sat through, simulated."""

from dataclasses import replace

import numpy as np
import pytest

from albumnet.study import StudyOptions, create_study, read_key
from albumnet.study.answers.store import Answer, AnswerBook, now
from albumnet.study.simulation import Planted, simulate_answers


@pytest.fixture
def created(planted_set, tmp_path):
    options = StudyOptions(raters=("anna", "ben"), n_covers=12, n_repeats=3, side="train")
    return create_study(planted_set, tmp_path / "study", options)


@pytest.fixture
def study(created):
    return created.study


@pytest.fixture
def book(study):
    with AnswerBook(study.answers_file) as book:
        yield book


@pytest.fixture
def answered(study, book):
    book.save_all(
        simulate_answers(study, read_key(study), ["anna", "ben"], planted=Planted(), rng=np.random.default_rng(0))
    )
    return study


@pytest.fixture
def say(study):
    """An answer of anna's."""

    def make(position=0, revision=1, moods=None, *, submission=None, rater="anna") -> Answer:
        return Answer(
            submission=submission or f"{rater}-{position}-{revision}", rater=rater, position=position,
            item=study.items_of(study.rater(rater))[position], revision=revision,
            moods=tuple(study.moods[:1] if moods is None else moods), cannot_tell=moods == (), seconds=None,
            answered_at=now(), source="page",
        )  # fmt: skip

    return make


@pytest.fixture
def changed():
    return replace
