"""Label vectors: the place of each mood of a vocabulary in the mood space."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from albumnet.errors import WordVectorError
from albumnet.moodspace.word_vectors import WordVectors

if TYPE_CHECKING:
    from jaxtyping import Float


def embed_labels(moods: Sequence[str], vectors: WordVectors) -> Float[np.ndarray, "M E"]:
    """Unit vectors (M, E) of mood names; a name of several words is the average of theirs.

    A hyphenated word that has a vector of its own ("laid-back") counts as one word, otherwise as its parts.

    Raises:
        WordVectorError: If a word has no vector; all such words are named.
    """
    words_of = {mood: split_label(mood, vectors) for mood in moods}
    lacking = [f"{word!r} (of {mood})" for mood, words in words_of.items() for word in words if word not in vectors]
    if lacking:
        raise WordVectorError(
            f"no vector for {', '.join(lacking)} among {len(vectors.words):,} words; give fuller word vectors with "
            "--vectors FILE (GloVe text format), or rename the mood with an alias file"
        )
    means = np.stack([np.mean([vectors[word] for word in words_of[mood]], axis=0) for mood in moods])
    unit: np.ndarray = (means / np.linalg.norm(means, axis=1, keepdims=True)).astype(np.float32)
    return unit


def moods_with_vectors(moods: Sequence[str], vectors: WordVectors) -> tuple[str, ...]:
    """Those of some mood names whose every word has a vector, in their order."""
    words_of = {mood: split_label(mood, vectors) for mood in moods}
    # A name such as "/" has no word at all.
    return tuple(mood for mood, words in words_of.items() if words and all(word in vectors for word in words))


def split_label(mood: str, vectors: WordVectors) -> list[str]:
    """The words of a mood name, lower case: `Laid-Back/Mellow` -> laid-back, mellow."""
    words: list[str] = []
    for word in re.split(r"[\s/_,&]+", mood.casefold()):
        words += [word] if word in vectors else word.split("-")
    return [word for word in words if word]
