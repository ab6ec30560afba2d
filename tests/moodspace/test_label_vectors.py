"""Label vectors: averages over a name's words, unit length, and every missing word named with its mood."""

from pathlib import Path

import numpy as np
import pytest

from albumnet.errors import WordVectorError
from albumnet.moodspace import WordVectors, embed_labels, load_packaged_vectors
from albumnet.moodspace.label_vectors import moods_with_vectors, split_label
from albumnet.planted.rule import MOODS

ALLMUSIC_MOODS = Path(__file__).parents[2] / "scripts" / "allmusic_moods.txt"
# The one word among AllMusic's mood names that is not in GloVe 6B.
WITHOUT_VECTOR = {"thuggish"}

WORDS = ("amiable", "good", "natured", "laid", "back", "laid-back", "mellow")
VECTORS = WordVectors(WORDS, np.eye(len(WORDS), 8, dtype=np.float32))


@pytest.mark.parametrize(
    ("mood", "words"),
    [
        ("Mellow", ["mellow"]),
        (" MELLOW ", ["mellow"]),
        ("Laid-Back/Mellow", ["laid-back", "mellow"]),
        ("Amiable/Good-Natured", ["amiable", "good", "natured"]),
        ("laid back", ["laid", "back"]),
        ("good_natured, amiable & mellow", ["good", "natured", "amiable", "mellow"]),
        ("/Mellow-", ["mellow"]),
        ("Unheard-Of", ["unheard", "of"]),
    ],
)
def test_a_name_is_split_into_words_and_a_hyphened_word_only_if_it_has_no_vector_of_its_own(mood, words):
    assert split_label(mood, VECTORS) == words


def test_a_name_of_several_words_is_their_average_brought_to_unit_length():
    (single, several) = embed_labels(["Mellow", "Amiable/Good-Natured"], VECTORS)
    assert single.tolist() == VECTORS["mellow"].tolist()
    assert several == pytest.approx(np.array([1, 1, 1, 0, 0, 0, 0, 0]) / np.sqrt(3))


def test_label_vectors_have_unit_length_and_the_width_of_the_words():
    vectors = load_packaged_vectors()
    embedded = embed_labels([mood.name for mood in MOODS], vectors)
    assert embedded.shape == (len(MOODS), vectors.size)
    assert embedded.dtype == np.float32
    assert np.linalg.norm(embedded, axis=1) == pytest.approx(1, abs=1e-6)


def test_all_words_without_a_vector_are_named_with_their_moods():
    with pytest.raises(
        WordVectorError, match=r"'grim' \(of Grim/Good\), 'un' \(of Un-Mellow\) among 7 words.*--vectors"
    ):
        embed_labels(["Grim/Good", "Mellow", "Un-Mellow"], VECTORS)


def test_the_packaged_slice_covers_every_allmusic_mood_but_the_word_that_glove_lacks():
    vectors = load_packaged_vectors()
    names = [name for name in ALLMUSIC_MOODS.read_text("utf-8").split("\n") if name]
    assert len(names) > 300
    lacking = {word for name in names for word in split_label(name, vectors) if word not in vectors}
    assert lacking == WITHOUT_VECTOR
    with pytest.raises(WordVectorError, match="'thuggish'"):
        embed_labels(names, vectors)
    assert len(embed_labels([name for name in names if "thuggish" not in name.casefold()], vectors)) == len(names) - 1


def test_only_names_whose_every_word_has_a_vector_have_one():
    assert moods_with_vectors(("Amiable/Good-Natured", "Mellow Gold", "/"), VECTORS) == ("Amiable/Good-Natured",)
