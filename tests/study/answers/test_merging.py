"""Copies that are sent away, answered, and brought together."""

import pytest

from albumnet.errors import StudyError
from albumnet.study import StudyOptions, create_study, read_key, read_study
from albumnet.study.answers.merging import copy_for_rater, merge_study
from albumnet.study.answers.store import AnswerBook


@pytest.fixture
def copy(study, book, say, tmp_path):
    book.save(say(0, 1))
    book.save(say(0, 1, rater="ben"))
    copy_for_rater(study, "anna", tmp_path / "copy")
    return read_study(tmp_path / "copy")


def test_a_copy_holds_one_rater_and_no_key(copy):
    assert [rater.name for rater in copy.raters] == ["anna"]
    with pytest.raises(StudyError):
        read_key(copy)
    with AnswerBook(copy.answers_file) as book:
        assert {answer.rater for answer in book.history()} == {"anna"}


def test_what_was_answered_in_a_copy_comes_home_once(copy, study, book, say):
    with AnswerBook(copy.answers_file) as theirs:
        theirs.save(say(0, 2, study.moods[1:2]))
        theirs.save(say(1, 1))
    assert merge_study(study, copy.path).n_new == 2
    assert merge_study(study, copy.path).n_new == 0
    assert book.current("anna")[0].moods == study.moods[1:2]
    assert len(book.current("anna")) == 2


def test_an_older_copy_changes_nothing(copy, study, book, say):
    book.save(say(0, 2, study.moods[1:2]))
    found = merge_study(study, copy.path)
    assert (found.n_new, found.conflicts) == (0, ())


@pytest.mark.parametrize(("prefer", "kept"), [(None, 1), ("ours", 1), ("theirs", 2)])
def test_answers_that_went_apart_are_a_conflict_until_one_is_preferred(copy, study, book, say, prefer, kept):
    book.save(say(0, 2, study.moods[1:2], submission="here"))
    with AnswerBook(copy.answers_file) as theirs:
        theirs.save(say(0, 2, study.moods[2:3], submission="there"))
    found = merge_study(study, copy.path, prefer=prefer)
    assert book.current("anna")[0].moods == study.moods[kept : kept + 1]
    assert len(found.conflicts) == (prefer is None)
    assert merge_study(study, copy.path, prefer=prefer).n_new == 0


def test_another_study_is_refused(planted_set, study, tmp_path):
    other = create_study(planted_set, tmp_path / "other", StudyOptions(("anna",), 4, side="train", n_repeats=0, seed=9))
    with pytest.raises(StudyError, match="only copies"):
        merge_study(study, other.study.path)
