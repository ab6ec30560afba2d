"""Albums by words: those whose mood vectors lie closest; and which moods and word vectors to walk among."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from albumnet.dataset import AlbumSet
from albumnet.errors import WordVectorError
from albumnet.models.run import RunConfig, read_config
from albumnet.moodspace import (
    Neighbour,
    WordVectors,
    embed_labels,
    load_packaged_words,
    moods_with_vectors,
    nearest_moods,
    read_glove,
)
from albumnet.moodspace.neighbours import check_words, known_words
from albumnet.pipeline.scoring import predict_albums, predict_closeness, scorable_albums
from albumnet.progress import ProgressCallback, ignore_progress
from albumnet.records import Album

if TYPE_CHECKING:
    from jaxtyping import Float

    from albumnet.models.answers import MoodProbability
    from albumnet.models.prediction import MoodModel

N_MOODS = 3
# Cosine between a mood's vector in the model and in the file; rounded numbers keep it above.
_SAME_VECTOR = 0.999


@dataclass(frozen=True, slots=True)
class FoundAlbum:
    """One album found.

    Attributes:
        album: The album.
        rank: From 1, closest first.
        closeness: Of its mood vector to the words: a sum of log-odds for models with logits or decoded, a cosine for
            regressed ones. Compare within one search only.
        moods: Its likeliest moods, as predicted.
    """

    album: Album
    rank: int
    closeness: float
    moods: tuple[MoodProbability, ...]


@dataclass(frozen=True, slots=True)
class FoundAlbums:
    """What a search found.

    Attributes:
        words: The words searched by.
        missing: Those that have no vector and were passed over.
        nearest_moods: The model's moods nearest to the words: what it can know of them.
        albums: Closest first.
        n_searched: Albums searched.
        n_left_out: Albums that the model could not place, for want of a usable cover.
        is_regressed: Whether the model is of the kind whose mood vectors crowd together, so that searches find the
            same few albums (of 1,500 albums, one was among the ten first for 1,750 of 2,000 words).
    """

    words: tuple[str, ...]
    missing: tuple[str, ...]
    nearest_moods: tuple[Neighbour, ...]
    albums: tuple[FoundAlbum, ...]
    n_searched: int
    n_left_out: int
    is_regressed: bool


def find_albums(
    album_set: AlbumSet,
    run: Path,
    *,
    text: str,
    vectors: Path | None = None,
    top: int = 10,
    weights: Path | None = None,
    progress: ProgressCallback = ignore_progress,
) -> FoundAlbums:
    """The albums of a set whose mood vectors are closest to the mean of some words' vectors.

    Args:
        album_set: Where to search.
        run: The model that places its albums.
        text: The words; those without a vector are passed over.
        vectors: Word vectors to look them up in, GloVe text format; those of the model, or the packaged ones, if none.
        top: How many albums at most.
        weights: The backbone's weights file, if it no longer lies where it lay.
        progress: Told how far the search is.

    Raises:
        WordVectorError: If no word has a vector, or the vectors are not those that the model's mood space is made of.
        RunError: If the folder is no finished run.
        FeatureStoreError: If features are yet to be computed, or were made by another backbone than the model's.
    """
    from albumnet.models.prediction import load_model

    config = read_config(run)
    word_vectors = vectors_to_walk(vectors, config=config)
    words, missing = known_words(text, word_vectors)
    if not words:
        check_words([text], word_vectors)
    model = load_model(run, weights=weights)
    label = label_of_words(words, word_vectors, model=model)[None]

    albums, store = scorable_albums(model, album_set)
    closeness = predict_closeness(model, album_set, albums, store, labels=label, progress=progress)[:, 0]
    order = np.argsort(-closeness, kind="stable")[:top]
    found = [albums[n] for n in order]
    moods = [model.rank(row, top=N_MOODS) for row in predict_albums(model, album_set, found, store)]
    return FoundAlbums(
        words=tuple(words),
        missing=tuple(missing),
        nearest_moods=tuple(nearest_moods(" ".join(words), word_vectors, moods=model.mood_labels[0], top=N_MOODS)),
        albums=tuple(
            FoundAlbum(album, rank, float(closeness[n]), likeliest)
            for rank, (n, album, likeliest) in enumerate(zip(order, found, moods, strict=True), start=1)
        ),
        n_searched=len(albums),
        n_left_out=len(album_set.albums) - len(albums),
        is_regressed=config.space == "regressed",
    )


def label_of_words(words: Sequence[str], vectors: WordVectors, *, model: MoodModel) -> Float[np.ndarray, " E"]:
    """The place of some words in a model's mood space: the unit vector along their mean.

    Args:
        words: All with a vector.
        vectors: Where it is looked up.
        model: Whose space it has to be.

    Raises:
        WordVectorError: If the vectors are of another space, or the words cancel out.
    """
    check_same_space(model, vectors)
    query = np.mean([vectors[word] for word in words], axis=0)
    if not query.any():
        raise WordVectorError(f"the vectors of {', '.join(words)} cancel out or are zero; ask with other words")
    label: np.ndarray = (query / np.linalg.norm(query)).astype(np.float32)
    return label


def moods_to_walk(*, on: Path | None, run: Path | None) -> tuple[tuple[str, ...] | None, RunConfig | None]:
    """The moods of a run or else of an album set, None where neither is given; and the run's configuration."""
    if run is not None:
        config = read_config(run)
        return config.moods, config
    return (AlbumSet(on).vocabulary.names if on is not None else None), None


def vectors_to_walk(file: Path | None, *, config: RunConfig | None = None) -> WordVectors:
    """Word vectors from a file; if none is given, those a run was trained with, or else the packaged ones.

    Raises:
        WordVectorError: If the file cannot be read, or is not what the run was trained with any more.
    """
    if file is not None:
        return read_glove(file)
    if config is None or not config.vectors:
        return load_packaged_words()
    vectors = read_glove(Path(config.vectors))
    if vectors.digest != config.vectors_digest:
        raise WordVectorError(
            f"the model was trained on word vectors {config.vectors_digest}, but {config.vectors} holds "
            f"{vectors.digest} now; give those it was trained with, or fuller ones of the same source, with --vectors"
        )
    return vectors


def check_same_space(model: MoodModel, vectors: WordVectors) -> None:
    """Check that words' vectors are of the mood space that a model answers in.

    Files differ in how many words they hold, so moods' vectors are compared and not the files' digests.

    Raises:
        WordVectorError: If not.
    """
    moods, labels = model.mood_labels
    shared = moods_with_vectors(moods, vectors) if vectors.size == labels.shape[1] else ()
    if shared:
        rows = [moods.index(mood) for mood in shared]
        # The median: one file may hold a hyphened word that the other only has in parts.
        if np.median((embed_labels(shared, vectors) * labels[rows]).sum(axis=1)) >= _SAME_VECTOR:
            return
    made_of = model.config.vectors or "the packaged word vectors"
    raise WordVectorError(
        f"the words' vectors ({vectors.size} numbers) are of another space than the model's, which is of {made_of} "
        f"({labels.shape[1]} numbers); give a fuller file of the same source with --vectors, or none"
    )
