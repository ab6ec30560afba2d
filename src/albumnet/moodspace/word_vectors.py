"""Word vectors from the standard GloVe text format: a word and its numbers per line, separated by blanks."""

from __future__ import annotations

import gzip
import hashlib
import zlib
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from importlib.resources import as_file, files
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from albumnet.errors import WordVectorError

if TYPE_CHECKING:
    from jaxtyping import Float

PACKAGED_NAME = "glove.6B.100d.moods.txt.gz"


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


def load_packaged_vectors() -> WordVectors:
    """The packaged slice of GloVe 6B, 100 numbers wide: the words of mood names and the commonest English words.

    Source:
        Pennington, Socher & Manning (2014), "GloVe: Global Vectors for Word Representation", EMNLP. Public domain (PDDL).
    """
    with as_file(files("albumnet.moodspace").joinpath(f"data/{PACKAGED_NAME}")) as path:
        return read_glove(path)


def read_glove(path: Path) -> WordVectors:
    """Read a GloVe text file, plain or gzipped, of any width.

    Raises:
        WordVectorError: If the file is missing, broken, empty, or a line has another number of values than the first.
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
        # Some words contain a blank-like character, so only the plain blank separates.
        word, _, values = line.rstrip(b"\r\n").partition(b" ")
        try:
            row = np.array(values.split(b" "), dtype=np.float32)
            words.append(word.decode())
        except ValueError as error:
            raise WordVectorError(f"{path}, line {number}: {error}; expected a word and numbers, separated by blanks") from error
        if rows and len(row) != len(rows[0]):
            raise WordVectorError(
                f"{path}, line {number}: {len(row)} numbers after {word[:20]!r}, the lines before have {len(rows[0])}"
            )
        rows.append(row)
    if not rows:
        raise WordVectorError(f"{path} is empty; expected a word and its numbers per line")
    return WordVectors(tuple(words), np.stack(rows))
