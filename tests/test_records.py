"""Mood names, their vocabulary, its encodings, and alias files."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from albumnet.errors import InputTableError, VocabularyMismatchError
from albumnet.records import MoodAliases, MoodVocabulary, build_vocabulary, normalise_name, read_aliases


@pytest.mark.parametrize(
    "variant",
    [
        "Good-Natured",
        "good natured",
        "GoodNatured",
        "GOOD_NATURED",
        " good\u00a0 natured\t",
        "Good\u2010Natured",
        "Good\u2011Natured",
        "Good\u2013Natured",
    ],
)
def test_case_spaces_and_hyphens_do_not_tell_names_apart(variant):
    assert normalise_name(variant) == normalise_name("Good-Natured")


def test_two_encodings_of_one_accented_letter_are_one_name():
    assert normalise_name("Bj\u00f6rk") == normalise_name("Bjo\u0308rk")


@pytest.mark.parametrize("other", ["Amiable", "Good/Natured", "Good-Natured!", "Göod-Natured"])
def test_anything_else_tells_names_apart(other):
    assert normalise_name(other) != normalise_name("Good-Natured")


def test_a_vocabulary_keeps_its_order():
    vocabulary = MoodVocabulary(("Warm", "Cold", "Playful"))
    assert [vocabulary.index(name) for name in vocabulary.names] == [0, 1, 2]
    assert len(vocabulary) == 3


def test_the_digest_tells_names_and_orders_apart():
    vocabularies = [("Warm", "Cold"), ("Cold", "Warm"), ("Warm", "cold"), ("Warm",), ()]
    assert len({MoodVocabulary(names).digest for names in vocabularies}) == len(vocabularies)
    assert MoodVocabulary(("Warm", "Cold")).digest == MoodVocabulary(("Warm", "Cold")).digest


def test_a_mood_is_found_under_any_spelling():
    vocabulary = MoodVocabulary(("Cold", "Laid-Back/Mellow"))
    assert vocabulary.index("laid back/mellow") == 1
    assert "LaidBack/Mellow" in vocabulary
    assert "Mellow" not in vocabulary


def test_an_unknown_mood_is_named_with_the_vocabulary_it_is_not_in():
    vocabulary = MoodVocabulary(("Cold", "Warm"))
    with pytest.raises(VocabularyMismatchError, match=f"'Plain'.*2 moods of vocabulary {vocabulary.digest}"):
        vocabulary.index("Plain")


def test_two_spellings_of_one_mood_are_refused_and_both_named():
    with pytest.raises(InputTableError, match=r"'Good-Natured' and 'good natured'"):
        MoodVocabulary(("Good-Natured", "Warm", "good natured"))


@pytest.mark.parametrize("name", ["", "  ", "-"])
def test_a_mood_without_a_name_is_refused(name):
    with pytest.raises(InputTableError, match="a mood name is empty"):
        MoodVocabulary(("Warm", name))


def test_target_is_one_where_an_album_has_a_mood():
    vocabulary = MoodVocabulary(("Cold", "Playful", "Warm"))
    target = vocabulary.target([("warm", "Cold"), (), ("Playful", "Playful"), ("Unheard Of",)])
    assert target.tolist() == [[1, 0, 1], [0, 0, 0], [0, 1, 0], [0, 0, 0]]
    assert target.dtype == np.uint8


def test_relevance_falls_with_rank_in_equal_steps_from_one():
    vocabulary = MoodVocabulary(("Cold", "Playful", "Sad", "Warm"))
    relevance = vocabulary.relevance([("Warm", "Cold", "Sad", "Playful"), ("Sad",), ()])
    assert relevance.tolist() == [[0.75, 0.25, 0.5, 1], [0, 0, 1, 0], [0, 0, 0, 0]]


def test_relevance_counts_ranks_without_moods_outside_the_vocabulary_and_repeats():
    vocabulary = MoodVocabulary(("Cold", "Warm"))
    assert vocabulary.relevance([("Unheard Of", "warm", "Warm", "Cold")]).tolist() == [[0.5, 1]]


@given(st.lists(st.lists(st.sampled_from(["Cold", "Playful", "Sad", "Warm", "None of These"]), max_size=6), max_size=5))
def test_relevance_is_positive_exactly_where_target_is_one(moods):
    vocabulary = MoodVocabulary(("Cold", "Playful", "Sad", "Warm"))
    assert ((vocabulary.relevance(moods) > 0) == (vocabulary.target(moods) == 1)).all()


def test_a_vocabulary_is_built_in_alphabetical_order_whatever_the_case():
    assert build_vocabulary([("warm", "Cold"), ("playful",)]).names == ("Cold", "playful", "warm")


def test_of_several_spellings_the_commonest_wins_and_of_equally_common_ones_the_first_in_order():
    assert build_vocabulary([("GoodNatured",), ("Good-Natured",), ("Good-Natured",)]).names == ("Good-Natured",)
    assert build_vocabulary([("warm",), ("Warm",)]).names == ("Warm",)
    assert build_vocabulary([("Warm",), ("warm",)]).names == ("Warm",)


def test_no_moods_make_an_empty_vocabulary():
    vocabulary = build_vocabulary([(), ()])
    assert vocabulary.names == ()
    assert vocabulary.target([(), ()]).shape == (2, 0)


def test_an_alias_file_maps_every_spelling_of_a_variant(tmp_path):
    path = tmp_path / "aliases.csv"
    path.write_bytes(b"\xef\xbb\xbfvariant,mood,note\nAmiable/GoodNatured, Amiable/Good-Natured ,\nEmpty,\n,Nothing\n")
    aliases = read_aliases(path)
    assert aliases.canonical("amiable/good natured") == "Amiable/Good-Natured"
    assert aliases.canonical("Empty") == "Empty"


def test_a_name_without_an_alias_stays_itself_but_for_blanks():
    assert MoodAliases().canonical("  Laid-Back  Mellow ") == "Laid-Back Mellow"


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"from,to\na,b\n", "has columns from, to; an alias file needs variant,mood"),
        (b"", "has columns none"),
        (b"variant,mood\nCaf\xe9,Warm\n", "cannot read alias file .*expected a UTF-8 CSV file"),
        (b"variant,mood\nwarmish,Warm\nWarm-ish,Hot\n", "'Warm-ish' stands for 'Warm' and for 'Hot'"),
    ],
)
def test_a_wrong_alias_file_is_refused(tmp_path, content, message):
    path = tmp_path / "aliases.csv"
    path.write_bytes(content)
    with pytest.raises(InputTableError, match=message):
        read_aliases(path)


def test_a_missing_alias_file_is_named(tmp_path):
    with pytest.raises(InputTableError, match=r"nowhere\.csv"):
        read_aliases(tmp_path / "nowhere.csv")
