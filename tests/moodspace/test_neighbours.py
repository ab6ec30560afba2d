"""Nearest words, analogies and odd words out: by cosines around the centre, ties and missing words said."""

import numpy as np
import pytest

from albumnet.errors import WordVectorError
from albumnet.moodspace import (
    WordVectors,
    embed_labels,
    find_odd_one_out,
    load_packaged_words,
    nearest,
    nearest_moods,
    place_moods,
    place_words,
    solve_analogy,
)
from albumnet.moodspace.neighbours import Places, known_words, similar_spellings, tied_for_first


def words(**vectors) -> WordVectors:
    return WordVectors(tuple(vectors), np.array(list(vectors.values()), dtype=np.float32))


# Four directions that cancel out: the centre is zero, so cosines are those of the vectors as they are.
COMPASS = words(north=[0, 2], east=[1, 0], south=[0, -1], west=[-3, 0])
ROYAL = words(king=[1, 1, 0, 0], queen=[1, 0, 1, 0], man=[0, 1, 0, 1], woman=[0, 0, 1, 1], throne=[1, 0, 0, -1])


@pytest.fixture(scope="module")
def packaged():
    return load_packaged_words()


def names(neighbours):
    return [each.name for each in neighbours]


# nearest


def test_the_nearest_come_first_with_their_cosines_and_without_the_word_itself():
    found = nearest("north", COMPASS)
    assert names(found) == ["east", "west", "south"]
    assert [each.cosine for each in found] == pytest.approx([0, 0, -1], abs=1e-6)


def test_of_equally_near_words_the_first_comes_first_however_few_are_asked_for():
    alike = words(a=[1, 0], b=[-1, 0], c=[0, 1], d=[0, 1], e=[0, -1], f=[0, -1])
    assert names(nearest("a", alike)) == ["c", "d", "e", "f", "b"]
    assert [names(nearest("a", alike, top=k)) for k in (1, 2, 3)] == [["c"], ["c", "d"], ["c", "d", "e"]]


def test_cosines_are_those_around_the_mean_of_the_unit_vectors():
    rng = np.random.default_rng(0)
    many = WordVectors(tuple(f"w{n}" for n in range(40)), rng.normal(1, 1, size=(40, 6)).astype(np.float32))
    unit = many.vectors / np.linalg.norm(many.vectors, axis=1, keepdims=True)
    around = unit - unit.mean(axis=0)
    around /= np.linalg.norm(around, axis=1, keepdims=True)
    expected = around @ around[7]
    found = {each.name: each.cosine for each in nearest("w7", many)}
    assert len(found) == 39
    assert [found[f"w{n}"] for n in range(40) if n != 7] == pytest.approx(np.delete(expected, 7), abs=1e-5)
    assert names(nearest("w7", many, top=5)) == [f"w{n}" for n in np.argsort(-expected)[1:6]]


def test_a_word_with_a_zero_vector_is_nobodys_neighbour_and_moves_no_centre():
    with_nothing = words(north=[0, 2], nothing=[0, 0], east=[1, 0], south=[0, -1], west=[-3, 0])
    assert nearest("north", with_nothing) == nearest("north", COMPASS)
    with pytest.raises(WordVectorError, match="'nothing' is zero"):
        nearest("nothing", with_nothing)


def test_a_word_alone_has_no_neighbours_and_no_direction():
    with pytest.raises(WordVectorError, match="centre"):
        nearest("only", words(only=[1, 2]))


def test_more_are_asked_for_than_there_are():
    assert len(nearest("north", COMPASS, top=100)) == 3


def test_several_words_are_their_mean_and_all_are_left_out():
    found = nearest("north east", WordVectors((*COMPASS.words, "ne"), np.vstack([COMPASS.vectors, [2, 1]])))
    assert found[0].name == "ne"
    assert set(names(found)) == {"ne", "south", "west"}


@pytest.mark.parametrize("text", ["NORTH", " north ", "north/", "north, north"])
def test_case_blanks_and_slashes_do_not_count(text):
    assert nearest(text, COMPASS) == nearest("north", COMPASS)


def test_the_two_ways_to_write_an_accent_are_one_word():
    accented = WordVectors(("na\u00efve", "calm", "wild"), np.array([[1, 0], [0, 1], [-1, -1]], dtype=np.float32))
    assert nearest("Nai\u0308ve", accented) == nearest("na\u00efve", accented)
    assert len(nearest("Nai\u0308ve", accented)) == 2


def test_a_hyphened_word_is_one_word_where_it_has_a_vector_and_its_parts_where_not():
    vectors = WordVectors(("laid-back", "laid", "back", "r&b"), np.eye(4, dtype=np.float32))
    assert known_words("Laid-Back", vectors) == (["laid-back"], [])
    assert known_words("back-laid", vectors) == (["back", "laid"], [])
    assert known_words("R&B", vectors) == (["r&b"], [])
    assert known_words("back unheard back", vectors) == (["back"], ["unheard"])


def test_the_same_word_in_another_spelling_is_no_neighbour(packaged):
    assert not {"laid-back", "laidback"} & set(names(nearest("laid-back", packaged, top=200)))


def test_missing_words_are_named_together_with_near_spellings(packaged):
    with pytest.raises(WordVectorError, match=r"'melancholly' \(did you mean melancholy.*\), 'qzxqzx' among 23,631"):
        nearest("melancholly qzxqzx", packaged)


@pytest.mark.parametrize("text", ["", " ", "/", "-"])
def test_a_text_without_a_word_is_refused(text):
    with pytest.raises(WordVectorError, match="holds no word"):
        nearest(text, COMPASS)


def test_similar_spellings_are_at_most_three_and_those_that_exist(packaged):
    found = similar_spellings("wistfull", packaged)
    assert 0 < len(found) <= 3
    assert all(word in packaged for word in found)
    assert similar_spellings("qzxqzxqzx", packaged) == []


def test_moods_are_chosen_among_moods_and_a_mood_of_several_words_is_a_mood(packaged):
    places = place_moods(["Laid-Back/Mellow", "Angry", "Hostile", "Soft/Quiet"], packaged)
    found = nearest("angry", packaged, among=places)
    assert found[0].name == "Hostile"
    assert "Angry" not in names(found)
    assert set(names(nearest("Laid-Back/Mellow", packaged, among=places))) == {"Angry", "Hostile", "Soft/Quiet"}


@pytest.mark.parametrize(("asked", "is_own"), [("Sad", True), ("sad", True), ("soft quiet", True), ("rainy", False)])
def test_moods_are_seen_from_their_own_centre_when_one_of_them_is_asked_for(packaged, asked, is_own):
    moods = ["Sad", "Soft/Quiet", "Cold", "Warm", "Dark", "Epic", "Angry", "Lonely", "Wry", "Lush"]
    own, of_words = embed_labels(moods, packaged).mean(axis=0), place_words(packaged).centre
    found = place_moods(moods, packaged, asked=asked).centre
    assert found == pytest.approx(own if is_own else of_words, abs=1e-6)


def test_few_moods_are_seen_from_the_words_centre(packaged):
    assert (place_moods(["Sad", "Happy"], packaged, asked="sad").centre == place_words(packaged).centre).all()


def test_moods_without_a_vector_are_left_out_and_none_at_all_is_an_error():
    assert place_moods(["North", "Thuggish"], COMPASS).names == ("North",)
    assert place_moods(["North", "Nothing"], words(north=[0, 2], nothing=[0, 0])).names == ("North",)
    with pytest.raises(WordVectorError, match="none of the 1 moods"):
        place_moods(["Thuggish"], COMPASS)


def test_a_mood_that_was_named_is_its_own_nearest_mood(packaged):
    found = nearest_moods("sad", packaged, moods=["Happy", "Sad", "Cold"], top=2)
    assert found[0].name == "Sad"
    assert found[0].cosine == pytest.approx(1, abs=1e-5)
    assert len(found) == 2


def test_places_are_neither_copied_nor_changed():
    before = COMPASS.vectors.copy()
    places = place_words(COMPASS)
    assert places.vectors is COMPASS.vectors
    places.cosines(np.array([1, 0], dtype=np.float32))
    assert (COMPASS.vectors == before).all()


def test_a_place_at_the_very_centre_has_no_cosine():
    places = Places(("centre", "east"), np.array([[0, 1], [1, 0]], np.float32), np.array([0, 1], np.float32))
    cosines = places.cosines(np.array([1, 0], dtype=np.float32))
    assert np.isnan(cosines[0])
    assert cosines[1] == pytest.approx(np.sqrt(0.5))


# analogies


def test_king_less_man_and_woman_is_queen():
    found = solve_analogy(["king", "woman"], ["man"], vectors=ROYAL)
    assert names(found) == ["queen", "throne"]


def test_king_less_man_and_woman_is_queen_among_the_packaged_words_too(packaged):
    assert solve_analogy(["King", "woman"], ["man"], vectors=packaged, top=1)[0].name == "queen"
    assert solve_analogy(["paris", "italy"], ["france"], vectors=packaged, top=1)[0].name == "rome"


def test_missing_words_of_an_analogy_are_named_all_at_once(packaged):
    with pytest.raises(WordVectorError, match=r"'kingg' \(did you mean king.*'womann'"):
        solve_analogy(["kingg", "womann"], ["man"], vectors=packaged)


def test_words_that_cancel_out_are_refused():
    with pytest.raises(WordVectorError, match="cancel out"):
        solve_analogy(["king"], ["king"], vectors=ROYAL)


def test_equally_near_answers_are_told():
    # east less west points east, and from there north and south are equally far.
    assert tied_for_first(solve_analogy(["east"], ["west"], vectors=COMPASS)) == ["north", "south"]
    assert tied_for_first(solve_analogy(["king", "woman"], ["man"], vectors=ROYAL)) == []
    assert tied_for_first([]) == []


# odd one out


def test_the_odd_one_out_has_the_lowest_mean_cosine_with_the_others():
    found = find_odd_one_out(
        ["north", "east", "south"], words(north=[0, 1], east=[1, 0.2], south=[0, -1], west=[-1, 0])
    )
    assert found.odd == "south"
    assert names(found.closeness) == ["north", "east", "south"]


def test_mean_cosines_are_worked_by_hand():
    found = find_odd_one_out(["north", "east", "south", "west"], COMPASS)
    assert [each.cosine for each in found.closeness] == pytest.approx([-1 / 3] * 4, abs=1e-6)
    assert found.odd is None


def test_the_odd_one_out_of_packaged_words_is_what_a_person_would_say(packaged):
    assert find_odd_one_out(["guitar", "drums", "Tuesday", "piano"], packaged).odd == "Tuesday"
    assert find_odd_one_out(["Laid-Back/Mellow", "Relaxed", "Apocalyptic", "Soothing"], packaged).odd == "Apocalyptic"


def test_two_words_have_no_odd_one_out():
    with pytest.raises(WordVectorError, match="give three or more"):
        find_odd_one_out(["north", "east"], COMPASS)
