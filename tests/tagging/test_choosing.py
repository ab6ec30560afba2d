"""Which moods of a prediction are written."""

from albumnet.marks import MoodMark, parse_mark
from albumnet.models.answers import MoodProbability, Prediction
from albumnet.tagging import Choice

MOODS = (
    MoodProbability("Rousing", 0.6, 0.7, 1),
    MoodProbability("Wistful", 0.5, 0.2, 2),
    MoodProbability("Bleak", 0.35, 0.1, 3),
    MoodProbability("Silly", 0.1, 0.01, 4),
)


def chosen(*, can_tell=True, **options):
    mark = Choice(**options).choose(Prediction("cover", MOODS, can_tell=can_tell), model="m")
    return None if mark is None else [mood for mood, _ in mark.moods]


def test_likely_moods_are_chosen_and_those_below_their_base_rate_are_not():
    assert chosen() == ["Wistful", "Bleak"]
    assert chosen(top=1) == ["Wistful"]
    assert chosen(min_probability=0.05) == ["Wistful", "Bleak", "Silly"]


def test_what_the_model_would_only_guess_is_not_written():
    told = (MoodProbability("Wistful", 0.5, 0.2, 1, False), MoodProbability("Bleak", 0.35, 0.1, 2, True))
    mark = Choice().choose(Prediction("cover", told, can_tell=True), model="starter")
    assert [mood for mood, _ in mark.moods] == ["Bleak"]


def test_where_the_model_cannot_tell_nothing_is_written():
    assert chosen(can_tell=False) is None
    assert chosen(min_probability=0.9) is None


def test_where_it_is_unknown_whether_the_model_can_tell_likely_moods_are_written():
    assert chosen(can_tell=None) == ["Wistful", "Bleak"]


def test_a_mark_comes_back_from_its_text_and_rubbish_is_none():
    mark = MoodMark("starter@0123", (("Laid-Back/Mellow", 0.512), ("Görünmez", 0.3)))
    assert parse_mark(mark.to_text()) == mark
    assert "\n" not in mark.to_text()
    for text in ("", "Wistful", "{}", "[]", '{"version": 7, "model": "m", "moods": {}}', '{"version": 1, "moods": 3}'):
        assert parse_mark(text) is None


def test_ours_are_told_from_a_persons_however_they_are_joined():
    mark = MoodMark("m", (("Wistful", 0.5), ("Laid-Back/Mellow", 0.4)))
    assert mark.is_all_of(["Wistful", "Laid-Back/Mellow"])
    assert mark.is_all_of(["laid-back/mellow; wistful"])
    assert not mark.is_all_of(["Wistful"])
    assert not mark.is_all_of(["Wistful", "Laid-Back/Mellow", "Sad"])
    assert not mark.is_all_of([])
