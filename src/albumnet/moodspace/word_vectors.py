"""Word vectors from the standard GloVe text format: a word and its numbers per line, separated by blanks."""

from __future__ import annotations

import gzip
import hashlib
import zlib
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache, cached_property
from importlib.resources import as_file, files
from itertools import takewhile
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from albumnet.errors import WordVectorError

if TYPE_CHECKING:
    from jaxtyping import Float

PACKAGED_NAME = "glove.6B.100d.moods.txt.gz"
FURTHER_NAME = "glove.6B.100d.words.txt.gz"


@dataclass(frozen=True)
class WordVectors:
    """V words and their vectors (V, E), float32, as they were read."""

    words: tuple[str, ...]
    vectors: Float[np.ndarray, "V E"]

    @property
    def size(self) -> int:
        """E, the width of a vector."""
        return int(self.vectors.shape[1])

    @cached_property
    def _row(self) -> dict[str, int]:
        return {word: row for row, word in enumerate(self.words)}

    @cached_property
    def digest(self) -> str:
        """16 hex digits of the words and their numbers."""
        return hashlib.sha256("\n".join(self.words).encode() + self.vectors.tobytes()).hexdigest()[:16]

    def __contains__(self, word: str) -> bool:
        return word in self._row

    def __getitem__(self, word: str) -> Float[np.ndarray, " E"]:
        """The vector of a word.

        Raises:
            WordVectorError: If it has none.
        """
        if word not in self._row:
            raise WordVectorError(f"word {word!r} is not among the {len(self.words):,} words that have a vector")
        vector: np.ndarray = self.vectors[self._row[word]]
        return vector


@cache
def load_packaged_vectors() -> WordVectors:
    """The packaged slice of GloVe 6B, 100 numbers wide: the words of mood names and the commonest English words.

    Source:
        Pennington, Socher & Manning (2014), "GloVe: Global Vectors for Word Representation", EMNLP. The vectors are
        in the public domain (PDDL).
    """
    return _read_packaged(PACKAGED_NAME)


@cache
def load_packaged_words() -> WordVectors:
    """The packaged vectors and those of 19,000 further words, to ask with: `rainy` names no mood.

    The further ones are rounded to steps of .05 (cosine to the source at least 0.998). Moods have the vectors of
    `load_packaged_vectors`, which are what models are trained on and remember.
    """
    of_moods, further = load_packaged_vectors(), _read_packaged(FURTHER_NAME)
    return WordVectors(of_moods.words + further.words, np.concatenate([of_moods.vectors, further.vectors]))


def _read_packaged(name: str) -> WordVectors:
    with as_file(files("albumnet.moodspace").joinpath(f"data/{name}")) as path:
        return read_glove(path)


def read_glove(path: Path) -> WordVectors:
    """Read a GloVe text file, plain or gzipped, of any width.

    Raises:
        WordVectorError: If the file is missing, broken or empty, or a line has another number of values than the first.
    """
    try:
        with gzip.open(path, "rb") if path.suffix == ".gz" else path.open("rb") as file:
            return _parse(file, path)
    except (OSError, EOFError, zlib.error) as error:
        raise WordVectorError(f"cannot read word vectors from {path}: {error}; expected a GloVe text file") from error


def _parse(lines: Iterable[bytes], path: Path) -> WordVectors:
    words: list[str] = []
    rows: list[np.ndarray] = []
    for number, line in enumerate(lines, start=1):
        line = line.rstrip(b" \r\n")
        # Numbers are counted from the end: some words of GloVe's 840B release contain blanks.
        n_values = len(rows[0]) if rows else line.count(b" ")
        word, *values = line.rsplit(b" ", n_values)
        n_found = len(values) + _count_numbers(word)
        if n_found != n_values or not values:
            expected = f"the lines before have {n_values}" if rows else "expected a word and its numbers"
            raise WordVectorError(f"{path}, line {number}: {n_found} numbers after {_shown(word)}; {expected}")
        try:
            row = np.array(values, dtype=np.float32)
            words.append(word.decode())
        except ValueError as error:
            raise WordVectorError(
                f"{path}, line {number}: {error}; expected a word and numbers, separated by blanks"
            ) from error
        if not np.isfinite(row).all():
            raise WordVectorError(f"{path}, line {number}: the vector of {_shown(word)} holds nan or infinity")
        rows.append(row)
    if not rows:
        raise WordVectorError(f"{path} is empty; expected a word and its numbers per line")
    return WordVectors(tuple(words), np.stack(rows))


def _count_numbers(word: bytes) -> int:
    """Numbers at the end of what should be a word: a line has more of them than the first."""
    parts = word.split(b" ")[1:]
    return sum(1 for _ in takewhile(_is_number, reversed(parts)))


def _is_number(text: bytes) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def _shown(word: bytes) -> str:
    return repr(word.split(b" ")[0][:20].decode(errors="replace"))
