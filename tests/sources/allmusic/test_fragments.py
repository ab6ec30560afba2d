"""Moods, themes and reviews that come in answers of their own."""

import pytest

from albumnet.sources.allmusic.pages import (
    MoodsAndThemes,
    PageError,
    Review,
    Weighted,
    parse_moods_themes,
    parse_review,
)
from allmusic_pages import MOODS, NO_REVIEW, REVIEW


def test_moods_are_ordered_by_their_weights():
    assert parse_moods_themes(MOODS.encode()) == MoodsAndThemes(
        (Weighted("Brittle", 10), Weighted("Late Night", 7), Weighted("Cold", 4)), (Weighted("Winter", 2),)
    )


def test_one_mood_without_a_weight_keeps_the_order_of_the_page():
    found = parse_moods_themes(MOODS.replace("Brittle (10)", "Brittle").encode())
    assert found.moods == (Weighted("Cold", 4), Weighted("Brittle"), Weighted("Late Night", 7))


def test_a_mood_may_be_named_by_its_title_alone():
    found = parse_moods_themes(MOODS.replace("Cold (4)", "").encode())
    assert "Cold" in [mood.name for mood in found.moods]


def test_a_name_may_end_in_brackets_of_its_own():
    found = parse_moods_themes(MOODS.replace("Cold (4)", "Cold (Dry) (4)").encode())
    assert Weighted("Cold (Dry)", 4) in found.moods


def test_no_moods_are_none():
    assert parse_moods_themes(b"<div id=moodsGrid></div>") == MoodsAndThemes()
    with pytest.raises(PageError, match="is empty"):
        parse_moods_themes(b"")


def test_a_review_has_paragraphs_and_an_author():
    assert parse_review(REVIEW.encode()) == Review("Thin, bright and far away. Then nearer.\n\nIt breaks.", "Ada Pane")


@pytest.mark.parametrize("data", [b"", b" \n", NO_REVIEW.encode(), b"<div class=user-review><p>I like it.</p></div>"])
def test_no_review_is_none(data):
    assert parse_review(data) is None
