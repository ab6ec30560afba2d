"""A shard whose workers die is done cover by cover, and a cover on which they die is given up."""

import pytest

from albumnet.scale.attempts import COVER_TRIES, WHOLE_TRIES, Attempts, forget_attempts

SHARD = ["a" * 64, "b" * 64]


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "in-hand"


def begin(folder, covers=SHARD):
    attempts = Attempts(folder, covers)
    return attempts, attempts.begin()


def test_the_first_tries_are_whole_and_the_next_ones_cover_by_cover(folder):
    assert [begin(folder)[1] for _ in range(WHOLE_TRIES + 2)] == [False] * WHOLE_TRIES + [True, True]


def test_a_cover_is_given_up_after_enough_deaths_on_it_and_no_other(folder):
    for _ in range(COVER_TRIES):
        attempts, _ = begin(folder)
        assert not attempts.is_given_up(SHARD[1])
        attempts.take(SHARD[0])
        attempts.take(SHARD[1])
    attempts, _ = begin(folder)
    assert attempts.is_given_up(SHARD[1])
    assert not attempts.is_given_up(SHARD[0])


def test_a_shard_that_was_ended_begins_anew(folder):
    for _ in range(WHOLE_TRIES):
        attempts, _ = begin(folder)
    attempts.end()
    assert not list(folder.iterdir())
    assert begin(folder)[1] is False


def test_shards_do_not_share_their_records(folder):
    for _ in range(WHOLE_TRIES):
        begin(folder)
    assert begin(folder, SHARD[:1])[1] is False


def test_what_dead_workers_left_is_forgotten_at_the_end(folder):
    begin(folder)
    (folder / ".half.json.1.tmp").touch()
    forget_attempts(folder)
    assert not folder.exists()
    forget_attempts(folder)
