"""The journal: every answer is settled whole or not at all."""

import sqlite3

import pytest

from albumnet.errors import SchemaVersionError
from albumnet.sources.allmusic.journal import Journal, Kind, State
from albumnet.sources.allmusic.pages import AlbumPage, Links, MoodsAndThemes, Review, Weighted

SITE = "https://site.example"


@pytest.fixture
def journal(tmp_path):
    with Journal(tmp_path / "journal.sqlite") as journal:
        yield journal


def page(n, **options):
    return AlbumPage(f"mw{n:010d}", artist="A", title="T", **{"review": Review("Yes."), **options})


def settle(journal, task, found, parts=()):
    journal.settle_album(task, found, address=task.address, retrieved_at="2026-01-01T00:00:00+00:00", parts=parts)


def test_parts_of_an_album_come_before_the_next_and_listings_last(journal):
    journal.begin([f"{SITE}/list", f"{SITE}/album/mw0000000001", f"{SITE}/album/mw0000000002"])
    first = journal.waiting(most=1)[0]
    settle(journal, first, page(1), parts=[(Kind.COVER, f"{SITE}/1.jpg")])
    assert [task.kind for task in journal.waiting(most=9)] == [Kind.COVER, Kind.ALBUM, Kind.LISTING]


def test_what_was_settled_is_there_when_it_is_opened_again(journal):
    journal.begin([f"{SITE}/list"])
    links = Links((f"{SITE}/album/mw0000000001", f"{SITE}/album/x-mw0000000002"), (f"{SITE}/list/2",))
    journal.settle_listing(journal.waiting(most=1)[0], links)
    weighted = (Weighted("Sad", 3.0), Weighted("Odd"))
    newer = page(1, review=None, has_parts=True)
    settle(journal, journal.waiting(most=1)[0], newer, parts=[(Kind.REVIEW, f"{SITE}/album/mw0000000001/reviewAjax")])
    journal.settle_review(
        journal.waiting(most=1)[0], Review("Fine.", "Me"),
        parts=[(Kind.MOODS, f"{SITE}/album/mw0000000001/moodsThemesAjax"), (Kind.COVER, f"{SITE}/1.jpg")],
    )  # fmt: skip
    journal.settle_moods(journal.waiting(most=1)[0], MoodsAndThemes(weighted, weighted))
    journal.settle_cover(journal.waiting(most=1)[0], "ab12")
    journal.settle_without(journal.waiting(most=1)[0], State.FAILED, "answers 500")
    counts = journal.counts
    journal.close()
    with Journal(journal.path) as again:
        assert again.counts == counts
        assert (counts.found, counts.read, counts.reviewed) == (2, 2, 1)
        [record] = again.reviewed()
        assert (record.page.moods, record.page.themes, record.page.review) == (
            weighted,
            weighted,
            Review("Fine.", "Me"),
        )
        assert again.covers() == {f"{SITE}/1.jpg": "ab12"}
        assert [(t.address, t.reason) for t in again.troubles()] == [(f"{SITE}/album/x-mw0000000002", "answers 500")]
        again.begin([])
        assert again.counts.read == 1
        assert {task.kind for task in again.waiting(most=9)} == {Kind.ALBUM, Kind.LISTING}


def test_an_error_in_the_middle_leaves_everything_as_it_was(journal):
    journal.begin([f"{SITE}/album/mw0000000001"])
    task = journal.waiting(most=1)[0]

    def broken():
        yield Kind.COVER, f"{SITE}/1.jpg"
        raise RuntimeError

    with pytest.raises(RuntimeError):
        settle(journal, task, page(1), parts=broken())
    assert journal.waiting(most=9) == [task]
    assert list(journal.reviewed()) == []


def test_an_album_without_review_is_counted_and_not_kept(journal):
    journal.begin([f"{SITE}/album/mw0000000001"])
    settle(journal, journal.waiting(most=1)[0], page(1, review=None))
    assert (journal.counts.read, journal.counts.reviewed, list(journal.reviewed())) == (1, 0, [])


def test_an_album_that_is_another_ends_both_requests(journal):
    journal.begin([f"{SITE}/album/mw0000000001", f"{SITE}/album/mw0000000002"])
    settle(journal, journal.waiting(most=1)[0], page(2))
    assert journal.waiting(most=9) == []
    assert journal.counts.read == 2


def test_what_is_no_journal_is_told(tmp_path):
    (tmp_path / "text").write_text("not a database at all, but longer than a header has to be " * 20)
    with pytest.raises(SchemaVersionError, match="is no journal"):
        Journal(tmp_path / "text")


def test_another_version_is_told(journal):
    journal.close()
    with sqlite3.connect(journal.path) as db:
        db.execute("UPDATE settings SET value = '99' WHERE name = 'schema_version'")
    db.close()
    with pytest.raises(SchemaVersionError, match="has schema version 99"):
        Journal(journal.path)
