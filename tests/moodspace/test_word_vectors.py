"""Word vectors are read from GloVe's text format, of any width, and what is malformed is named with its line."""

import gzip

import numpy as np
import pytest

from albumnet.errors import WordVectorError
from albumnet.moodspace import WordVectors, load_packaged_vectors, load_packaged_words, read_glove


@pytest.fixture
def glove(tmp_path):
    """Writes these bytes as a vector file, gzipped where the name says so."""

    def write(content, name="vectors.txt"):
        (tmp_path / name).write_bytes(gzip.compress(content) if name.endswith(".gz") else content)
        return tmp_path / name

    return write


def refusal(path):
    with pytest.raises(WordVectorError) as caught:
        read_glove(path)
    assert "\n" not in str(caught.value)
    return str(caught.value)


@pytest.mark.parametrize("name", ["vectors.txt", "vectors.txt.gz"])
@pytest.mark.parametrize("width", [1, 3, 300])
def test_words_and_numbers_come_back_plain_or_gzipped_whatever_the_width(glove, name, width):
    values = np.round(np.random.default_rng(0).normal(size=(4, width)), 5).astype(np.float32)
    words = ["the", "laid-back", "naïve", ","]
    lines = [f"{word} {' '.join(map(str, row))}\n" for word, row in zip(words, values.tolist(), strict=True)]
    vectors = read_glove(glove("".join(lines).encode(), name))
    assert vectors.words == tuple(words)
    assert vectors.size == width
    assert vectors.vectors.dtype == np.float32
    assert (vectors.vectors == values).all()


def test_windows_line_ends_blanks_at_line_ends_and_a_missing_last_line_end_are_read(glove):
    vectors = read_glove(glove(b"sad 1 2\r\nwarm 3 4 \r\ncold 5e-1 -6"))
    assert vectors.words == ("sad", "warm", "cold")
    assert vectors["cold"].tolist() == [0.5, -6]


def test_a_word_may_hold_blanks_of_any_kind(glove):
    # As GloVe 840B has them: ". . ." and an address after "at"; GloVe 6B has words with a no-break space.
    vectors = read_glove(glove("the 1 2\n. . . 3 4\nat name@domain.com 5 6\none\u00a0half 7 8\n".encode()))
    assert vectors.words == ("the", ". . .", "at name@domain.com", "one\u00a0half")
    assert vectors.vectors.tolist() == [[1, 2], [3, 4], [5, 6], [7, 8]]


@pytest.mark.parametrize(
    ("line", "message"),
    [
        (b"warm 1 2", "2 numbers after 'warm'; the lines before have 3"),
        (b"warm 1 2 3 4", "4 numbers after 'warm'; the lines before have 3"),
        (b"warm", "0 numbers after 'warm'; the lines before have 3"),
        (b"", "0 numbers after ''; the lines before have 3"),
        (b"warm 1 two 3", "could not convert"),
        (b"warm 1  3", "could not convert"),
        (b"w\xe4rm 1 2 3", "can't decode byte 0xe4"),
        (b"warm 1 nan 3", "the vector of 'warm' holds nan or infinity"),
        (b"warm 1 2 inf", "the vector of 'warm' holds nan or infinity"),
    ],
)
def test_a_malformed_line_is_named_by_its_number(glove, line, message):
    said = refusal(glove(b"sad 1 2 3\n" + line + b"\ncold 1 2 3\n"))
    assert "vectors.txt, line 2: " in said
    assert message in said


def test_a_first_line_without_numbers_is_named(glove):
    assert "line 1: 0 numbers after 'warm'; expected a word and its numbers" in refusal(glove(b"warm\n"))


@pytest.mark.parametrize("name", ["vectors.txt", "vectors.txt.gz"])
def test_an_empty_file_is_refused(glove, name):
    assert "is empty; expected a word and its numbers per line" in refusal(glove(b"", name))


def test_a_missing_file_is_named(tmp_path):
    assert "nowhere.txt" in refusal(tmp_path / "nowhere.txt")


@pytest.mark.parametrize(
    "breaking",
    [
        lambda data: b"no gzip",
        lambda data: data[:-20],
        lambda data: b"",
        lambda data: data[:500] + bytes(8) + data[508:],
    ],
)
def test_a_broken_gzip_file_is_refused(tmp_path, breaking):
    rng = np.random.default_rng(0)
    whole = gzip.compress("".join(f"w{n} {rng.random()} {rng.random()}\n" for n in range(200)).encode())
    (tmp_path / "vectors.txt.gz").write_bytes(breaking(whole))
    assert "vectors.txt.gz" in refusal(tmp_path / "vectors.txt.gz")


def test_a_word_without_a_vector_is_named():
    vectors = WordVectors(("sad",), np.ones((1, 2), dtype=np.float32))
    assert "sad" in vectors
    assert "glad" not in vectors
    with pytest.raises(WordVectorError, match="word 'glad' is not among the 1 words"):
        vectors["glad"]


def test_the_digest_tells_words_numbers_and_orders_apart():
    one = WordVectors(("a", "b"), np.array([[1, 2], [3, 4]], dtype=np.float32))
    others = [
        WordVectors(("a", "c"), one.vectors),
        WordVectors(("b", "a"), one.vectors),
        WordVectors(("a", "b"), one.vectors[::-1].copy()),
        WordVectors(("a", "b"), one.vectors + 1),
    ]
    assert len({one.digest, *(other.digest for other in others)}) == 5
    assert WordVectors(("a", "b"), one.vectors.copy()).digest == one.digest


def test_the_packaged_slice_is_a_hundred_wide_and_holds_the_commonest_words():
    vectors = load_packaged_vectors()
    assert vectors.size == 100
    assert vectors.words[0] == "the"
    assert len(set(vectors.words)) == len(vectors.words) > 4000


def test_the_packaged_words_begin_with_the_slice_that_models_remember_and_go_on():
    of_moods, words = load_packaged_vectors(), load_packaged_words()
    n_first = len(of_moods.words)
    assert words.words[:n_first] == of_moods.words
    assert (words.vectors[:n_first] == of_moods.vectors).all()
    assert len(set(words.words)) == len(words.words) > 23_000
    assert all(word in words for word in ("rainy", "joyful", "nostalgia", "neon"))
