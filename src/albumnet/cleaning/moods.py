"""The cut of rare moods, the curve of what a cut costs, and synonyms proposed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from albumnet.moodspace import WordVectors, embed_labels, moods_with_vectors
from albumnet.records import MoodVocabulary, build_vocabulary

CURVE = (1, 2, 5, 10, 15, 20, 30, 50, 100, 200, 500, 1000)
# Found by looking at the proposals for two sets: below these, opposites ("Cheerful" and "Sad") begin to appear.
_MIN_CLOSENESS = 0.55
_MIN_LIKENESS = 0.8
_MIN_LIFT = 1.5


@dataclass(frozen=True)
class CurvePoint:
    """What is left when moods must be on K albums: moods, and albums with moods enough."""

    min_albums_per_mood: int
    moods: int
    albums: int


@dataclass(frozen=True)
class Synonyms:
    """Two moods that may be one.

    Attributes:
        variant: The rarer.
        mood: The commoner.
        closeness: Cosine of their word vectors.
        likeness: Cosine of what other moods they occur with, each by how much oftener than by chance.
        lift: How much oftener they share an album than by chance.
        albums: That have the rarer.
    """

    variant: str
    mood: str
    closeness: float
    likeness: float
    lift: float
    albums: int


def cut_moods(moods: Iterable[Iterable[str]], *, min_albums_per_mood: int, min_moods: int) -> frozenset[str]:
    """The moods that are on K albums with N such moods each: the largest set of which that is true.

    Albums that are left with too few moods count for no mood, so that cutting goes on until nothing changes.
    """
    albums = [set(album_moods) for album_moods in moods]
    kept = {mood for album in albums for mood in album}
    while True:
        counts = Counter(mood for album in albums if len(album & kept) >= min_moods for mood in album & kept)
        left = {mood for mood in kept if counts[mood] >= min_albums_per_mood}
        if left == kept:
            return frozenset(kept)
        kept = left


def kept_curve(moods: Sequence[Sequence[str]], *, min_moods: int) -> list[CurvePoint]:
    """Moods and albums left for each K of `CURVE`."""
    points = []
    for least in CURVE:
        kept = cut_moods(moods, min_albums_per_mood=least, min_moods=min_moods)
        n_albums = sum(len(kept.intersection(album)) >= max(min_moods, 1) for album in moods)
        points.append(CurvePoint(least, len(kept), n_albums))
    return points


def propose_synonyms(moods: Sequence[Sequence[str]], vectors: WordVectors, *, most: int = 50) -> list[Synonyms]:
    """Pairs of moods that mean much the same and are used in much the same way, closest first.

    Words close in meaning are not enough (opposites are close too), nor is sharing albums: both must hold.

    Args:
        moods: Of each album.
        vectors: Word vectors; moods without one are passed over.
        most: Pairs at most.
    """
    vocabulary = build_vocabulary(moods)
    names = moods_with_vectors(vocabulary.names, vectors)
    if len(names) < 2:
        return []
    labels = embed_labels(names, vectors)
    closeness = labels @ labels.T
    target = MoodVocabulary(names).target(moods).astype(np.float32)
    counts = target.sum(axis=0)
    lift = (target.T @ target) * len(target) / np.outer(counts, counts)
    likeness = _profile_likeness(lift)
    is_pair = (closeness >= _MIN_CLOSENESS) & (lift >= _MIN_LIFT) & (likeness >= _MIN_LIKENESS)
    found = []
    for one, other in zip(*np.nonzero(np.triu(is_pair, 1)), strict=True):
        rare, common = sorted((one, other), key=lambda m: (counts[m], names[m]))
        found.append(
            Synonyms(
                variant=names[rare],
                mood=names[common],
                closeness=float(closeness[one, other]),
                likeness=float(likeness[one, other]),
                lift=float(lift[one, other]),
                albums=int(counts[rare]),
            )
        )
    return sorted(found, key=lambda pair: -pair.closeness * pair.likeness)[:most]


def _profile_likeness(lift: np.ndarray) -> np.ndarray:
    """(M, M) cosine of rows of log lift, with both moods of a pair themselves left out."""
    profile = np.log(np.maximum(lift, 0.1))
    np.fill_diagonal(profile, 0)
    product = profile @ profile.T
    square = (profile**2).sum(axis=1)
    # Each row without the other mood's own column.
    lengths = np.sqrt(np.maximum(square[:, None] - profile**2, 1e-12))
    likeness: np.ndarray = product / (lengths * lengths.T)
    return likeness
