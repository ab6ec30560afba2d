"""Moods asked for by name: those that a model knows, and those that training never saw, which word vectors place."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from albumnet.errors import WordVectorError
from albumnet.models.run import RunConfig
from albumnet.moodspace import WordVectors, embed_labels, load_packaged_vectors, load_packaged_words, read_glove
from albumnet.moodspace.label_vectors import split_label
from albumnet.records import normalise_name

if TYPE_CHECKING:
    import numpy as np
    from jaxtyping import Float


@dataclass(frozen=True)
class AskedMoods:
    """What was asked for.

    Attributes:
        known: Moods of the model, as it calls them.
        unseen: K others, as they were asked for.
        labels: (K, E) unit vectors of the others; None if there are none.
    """

    known: tuple[str, ...]
    unseen: tuple[str, ...]
    labels: Float[np.ndarray, "K E"] | None


def look_up_moods(names: Sequence[str], *, config: RunConfig) -> AskedMoods:
    """Find moods by name, each once; case, blanks and hyphens do not matter.

    Args:
        names: As a person writes them.
        config: Of the model that is asked.

    Raises:
        WordVectorError: If the model does not know a mood and a word of its name has no vector, or if the word vectors
            that the model was trained on are gone or have changed.
    """
    known_by_key = {normalise_name(mood): mood for mood in config.moods}
    asked = {normalise_name(name): name for name in names}
    unseen = tuple(name for key, name in asked.items() if key not in known_by_key)
    return AskedMoods(
        known=tuple(known_by_key[key] for key in asked if key in known_by_key),
        unseen=unseen,
        labels=_embed(unseen, _read_vectors(config)) if unseen else None,
    )


def _embed(names: Sequence[str], vectors: WordVectors) -> Float[np.ndarray, "K E"]:
    if wordless := [name for name in names if not split_label(name, vectors)]:
        raise WordVectorError(f"{wordless[0]!r} has no word in it; give the name of a mood")
    try:
        return embed_labels(names, vectors)
    except WordVectorError as error:
        # What to do about it is another thing than in training.
        raise WordVectorError(
            f"{str(error).partition(';')[0]}, and the model was not trained on it; ask in other words, or "
            "train a model with fuller word vectors (--vectors FILE)"
        ) from error


def _read_vectors(config: RunConfig) -> WordVectors:
    found = read_glove(Path(config.vectors)) if config.vectors else load_packaged_vectors()
    # Models that give logits were trained without word vectors: the packaged ones place their moods.
    if config.vectors_digest not in ("", found.digest):
        here = config.vectors or "the packaged ones"
        raise WordVectorError(
            f"the model was trained on word vectors {config.vectors_digest}, but {here} are {found.digest} now; "
            "moods that it was not trained on need the same"
        )
    return found if config.vectors else load_packaged_words()
