"""Moods gathered into a few families by what their words mean, so that a map needs few colours."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from albumnet.moodspace import WordVectors, embed_labels, moods_with_vectors

N_FAMILIES = 8
UNKNOWN_FAMILY = 255


@dataclass(frozen=True, slots=True)
class Family:
    """Moods that mean nearly the same; named after the one that most albums carry."""

    name: str
    moods: tuple[str, ...]
    n_albums: int


def find_families(n_albums_of: Mapping[str, int], vectors: WordVectors) -> tuple[Family, ...]:
    """Families of moods by Ward's clustering of their label vectors; moods without a vector belong to none.

    Args:
        n_albums_of: Mood -> how many albums carry it.
        vectors: Of words.

    Returns:
        At most `N_FAMILIES`, the one with most albums first, its moods by number of albums.
    """
    moods = moods_with_vectors(sorted(n_albums_of), vectors)
    if len(moods) <= N_FAMILIES:
        numbers = np.arange(len(moods))
    else:
        from scipy.cluster.hierarchy import fcluster, linkage

        labels = embed_labels(moods, vectors)
        numbers = fcluster(linkage(labels - labels.mean(axis=0), "ward"), N_FAMILIES, "maxclust")
    members: dict[int, list[str]] = {}
    for mood, number in zip(moods, numbers.tolist(), strict=True):
        members.setdefault(number, []).append(mood)
    families = []
    for family in members.values():
        by_count = sorted(family, key=lambda mood: (-n_albums_of[mood], mood))
        families.append(Family(by_count[0], tuple(by_count), sum(n_albums_of[mood] for mood in family)))
    return tuple(sorted(families, key=lambda family: (-family.n_albums, family.name)))
