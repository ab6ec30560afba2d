"""Answers are added and never changed; links are given and revoked."""

import sqlite3
import threading

import pytest

from albumnet.errors import AnswerConflictError, StudyError
from albumnet.study.answers.store import AnswerBook


def test_an_answer_reads_back_and_the_last_revision_is_current(book, say, study):
    first, second = say(0, 1), say(0, 2, study.moods[1:3])
    assert book.save(first) == first
    book.save(second)
    assert book.current("anna") == {0: second}
    assert book.history() == [first, second]


def test_an_answer_sent_twice_is_kept_once(book, say):
    first = book.save(say(0, 1))
    book.save(say(0, 2))
    assert book.save(say(0, 1)) == first
    assert len(book.history()) == 2


@pytest.mark.parametrize("revision", [1, 3])
def test_an_answer_that_does_not_know_the_last_one_is_a_conflict(book, say, revision):
    book.save(say(0, 1))
    with pytest.raises(AnswerConflictError):
        book.save(say(0, revision, submission="other"))
    assert len(book.history()) == 1


@pytest.mark.parametrize("statement", ["UPDATE answers SET moods = '[]'", "DELETE FROM answers", "DELETE FROM links"])
def test_the_file_itself_refuses_to_change_or_forget(book, say, study, statement):
    book.save(say(0, 1))
    with sqlite3.connect(study.answers_file) as db, pytest.raises(sqlite3.IntegrityError, match="stay"):
        db.execute(statement)
    db.close()


def test_two_at_once_never_both_get_the_same_revision(book, say, study):
    results = []
    other = AnswerBook(study.answers_file)  # as another process would

    def answer(to, n):
        try:
            to.save(say(n // 2, 1, submission=f"{id(to)}-{n}"))
            results.append(n // 2)
        except AnswerConflictError:
            pass

    threads = [threading.Thread(target=answer, args=(b, n)) for n in range(16) for b in (book, other)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    other.close()
    assert sorted(results) == list(range(8))
    assert len(book.history()) == 8


def test_a_revoked_link_is_nobody_s_and_a_new_one_works(book, created):
    old = created.tokens["anna"]
    assert book.revoke_links("anna") == 1
    assert book.rater_of(old) is None
    new = book.give_link("anna")
    assert book.rater_of(new) == "anna"
    assert book.rater_of(created.tokens["ben"]) == "ben"
    assert book.rater_of("x" * 32) is None


def test_a_file_that_is_no_book_is_an_error(tmp_path):
    (tmp_path / "answers.sqlite").write_bytes(b"no database" * 100)
    with pytest.raises(StudyError, match="no file of answers"):
        AnswerBook(tmp_path / "answers.sqlite")
