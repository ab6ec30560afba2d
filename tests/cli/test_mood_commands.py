"""Commands that walk among moods and words: answers on stdout, notes on stderr, and how each ends."""

import pytest

from albumnet.dataset import AlbumSet


@pytest.fixture
def vectors(tmp_path):
    """Four directions that cancel out."""
    path = tmp_path / "compass.txt"
    path.write_text("north 0 2\neast 1 0\nsouth 0 -1\nwest -3 0\n")
    return path


# near


def test_near_prints_the_nearest_words_with_cosines(run):
    said = run("moods", "near", "Wistful", "--top", 3)
    assert said.code == 0
    assert said.out.split()[:2] == ["word", "cosine"]
    assert len(said.out.splitlines()) == 4
    assert "melancholy" in said.out
    assert "among 23,631 words" in said.err


def test_near_among_a_sets_moods_names_moods_only(run, work):
    moods = AlbumSet(work.set).vocabulary.names
    said = run("moods", "near", "rainy", "sunday", "--on", work.set, "--json")
    assert said.code == 0
    assert said.json["words"] == "rainy sunday"
    assert {each["name"] for each in said.json["nearest"]} <= set(moods)
    assert run("moods", "near", "rainy", "--model", work.run).out.startswith("mood ")


def test_near_looks_words_up_in_a_file_of_ones_own(run, vectors):
    said = run("moods", "near", "north", "--vectors", vectors, "--json")
    assert [each["name"] for each in said.json["nearest"]] == ["east", "west", "south"]


def test_a_missing_word_is_one_line_with_near_spellings(run):
    said = run("moods", "near", "melancholly")
    assert (said.code, said.out) == (1, "")
    assert "did you mean melancholy" in said.error_line


def test_moods_without_a_vector_are_noted(run, work, tmp_path):
    mood, other, lacking = AlbumSet(work.set).vocabulary.names[:3]
    path = tmp_path / "few.txt"
    path.write_text(f"{mood.lower()} 1 0\n{other.lower()} 0 1\nthere -1 0.5\n")
    said = run("moods", "near", "there", "--on", work.set, "--vectors", path)
    assert (said.code, len(said.out.splitlines())) == (0, 3)
    assert f"passed over, no word vector: {lacking}" in said.err


def test_moods_of_which_none_has_a_vector_are_one_line(run, work, vectors):
    said = run("moods", "near", "north", "--on", work.set, "--vectors", vectors)
    assert said.code == 1
    assert "has a word vector" in said.error_line


def test_a_set_and_a_run_at_once_are_wrong_usage(run, work):
    assert run("moods", "near", "calm", "--on", work.set, "--model", work.run).code == 2


# analogy


@pytest.mark.parametrize(
    "words",
    [
        ("king", "-", "man", "+", "woman"),
        ("king", "-man", "+woman"),
        ("+king", "\u2212", "man", "+", "woman"),
        ("king - man + woman",),
        ("- man", "+ king", "+ woman"),
    ],
    ids=" ".join,
)
def test_an_analogy_is_read_however_its_signs_stand(run, words):
    said = run("moods", "analogy", *words, "--json", "--top", 2)
    assert said.code == 0
    assert (sorted(said.json["plus"]), said.json["minus"]) == (["king", "woman"], ["man"])
    assert said.json["answers"][0]["name"] == "queen"
    assert len(said.json["answers"]) == 2
    assert said.json["tied"] == []


@pytest.mark.parametrize(
    "words",
    [
        ("king",),
        ("king", "man"),
        ("king", "-"),
        ("king", "-", "+", "man"),
        ("king", "--man"),
        ("king", "+-man"),
        ("-",),
        ("king", "-man", "woman"),
    ],
    ids=" ".join,
)
def test_an_analogy_that_cannot_be_read_is_wrong_usage(run, words):
    assert run("moods", "analogy", *words).code == 2


def test_a_hyphened_word_is_not_taken_apart(run):
    assert run("moods", "analogy", "laid-back", "+", "happy", "--json").json["plus"] == ["laid-back", "happy"]


def test_tied_answers_are_said(run, vectors):
    said = run("moods", "analogy", "east", "-", "west", "--vectors", vectors)
    assert said.code == 0
    assert "no single answer: north, south are equally near" in said.err


def test_an_analogy_with_a_missing_word_is_one_line(run):
    said = run("moods", "analogy", "kingg", "-", "man")
    assert (said.code, said.out) == (1, "")
    assert "'kingg' (did you mean king" in said.error_line


# odd


def test_the_odd_one_out_is_the_only_line_on_stdout(run):
    said = run("moods", "odd", "guitar", "drums", "tuesday", "piano")
    assert (said.code, said.out) == (0, "tuesday\n")
    assert run("moods", "odd", "guitar", "drums", "tuesday", "piano", "--json").json["odd"] == "tuesday"


def test_no_odd_one_out_is_said_and_null(run, vectors):
    words = ("north", "east", "south", "west")
    said = run("moods", "odd", *words, "--vectors", vectors)
    assert (said.code, said.out) == (0, "no odd one out\n")
    assert "equally far" in said.err
    assert run("moods", "odd", *words, "--vectors", vectors, "--json").json["odd"] is None


def test_a_close_call_is_said(run):
    assert "a close call" in run("moods", "odd", "happy", "joyful", "sad", "cheerful").err


@pytest.mark.parametrize("words", [("happy",), ("happy", "sad"), ("happy", "sad", "happy")], ids=" ".join)
def test_fewer_than_three_words_are_wrong_usage(run, words):
    assert run("moods", "odd", *words).code == 2


# families


def test_families_hold_every_mood_once_under_one_of_their_names(run, work):
    for source in (("--on", work.set), ("--model", work.run)):
        found = run("moods", "families", *source, "--json").json["families"]
        assert all(family["name"] in family["moods"] for family in found)
        moods = [mood for family in found for mood in family["moods"]]
        assert len(moods) == len(set(moods)) >= 4
    assert run("moods", "families", "--on", work.set).out.startswith("family ")


def test_as_many_families_as_asked_for_and_too_many_are_refused(run, work):
    said = run("moods", "families", "--on", work.set, "--families", 1, "--json")
    assert (len(said.json["families"]), said.json["silhouette"]) == (1, None)
    assert "undefined" in run("moods", "families", "--on", work.set, "--families", 1).err
    said = run("moods", "families", "--on", work.set, "--families", 999)
    assert said.code == 1
    assert "cannot be divided" in said.error_line


def test_moods_without_a_vector_are_listed_and_end_with_3(run, work, tmp_path):
    mood, other, lacking = AlbumSet(work.set).vocabulary.names[:3]
    path = tmp_path / "few.txt"
    path.write_text(f"{mood.lower()} 1 0\n{other.lower()} 0 1\n")
    said = run("moods", "families", "--on", work.set, "--vectors", path, "--json")
    assert said.code == 3
    assert {name for family in said.json["families"] for name in family["moods"]} == {mood, other}
    assert f"  {lacking}: no word vector\n" in said.err


def test_families_of_nothing_are_wrong_usage(run):
    assert run("moods", "families").code == 2


# find


def test_find_prints_albums_closest_first(run, work):
    said = run("moods", "find", "rainy sunday", "--on", work.set, "--model", work.run, "--top", 4)
    assert said.code == 0
    assert said.out.split()[:3] == ["rank", "closeness", "album_id"]
    assert len(said.out.splitlines()) == 5
    assert "30 albums searched for rainy, sunday" in said.err
    assert "nearest to that" in said.err


def test_find_prints_json(run, work):
    said = run("moods", "find", "rainy", "sunday", "--on", work.set, "--model", work.run, "--json", "--top", 2)
    assert said.code == 0
    assert set(said.json) == {"words", "missing", "nearest_moods", "n_searched", "n_left_out", "albums"}
    first, second = said.json["albums"]
    assert set(first) == {"rank", "album_id", "artist", "title", "closeness", "moods"}
    assert first["closeness"] >= second["closeness"]
    assert [set(mood) for mood in first["moods"]] == [{"mood", "probability"}] * 3


def test_a_missing_word_among_others_is_listed_and_ends_with_3(run, work):
    said = run("moods", "find", "rainy qzxqzx", "--on", work.set, "--model", work.run, "--json")
    assert said.code == 3
    assert (said.json["words"], said.json["missing"]) == (["rainy"], ["qzxqzx"])
    assert "qzxqzx: no word vector" in said.err


def test_finding_by_missing_words_only_is_one_line(run, work):
    said = run("moods", "find", "qzxqzx", "--on", work.set, "--model", work.run)
    assert (said.code, said.out) == (1, "")
    assert "no vector for 'qzxqzx'" in said.error_line


def test_a_collapsed_model_is_said_to_be_one(run, work, tmp_path):
    options = ("--model", 4, "--space", "regressed", "--out", tmp_path / "run", "--min-albums-per-mood", 4)
    assert run("train", work.set, *options).code == 0
    said = run("moods", "find", "calm", "--on", work.set, "--model", tmp_path / "run")
    assert said.code == 0
    assert "find the same few" in said.err


def test_find_needs_a_set_and_a_model(run, work):
    assert run("moods", "find", "calm", "--on", work.set).code == 2
    assert run("moods", "find", "calm", "--model", work.run).code == 2
