"""What is hidden from recommenders and then asked for: some interactions, some albums, or all of some artists.

Every interaction of every user is hidden once over the folds, liked or not: a list that brings up what a user turned
out to dislike is a worse list. Only liked ones are to be found.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from albumnet.recommend.interactions import Interactions

if TYPE_CHECKING:
    from jaxtyping import Bool, Int

SCENARIOS = ("warm", "cold albums", "cold artists")


@dataclass(frozen=True, eq=False)
class Fold:
    """One division of the interactions.

    Attributes:
        is_hidden: (I,) interactions that recommenders must not see.
        is_candidate: (N,) albums that are ranked: for warm those that anyone knows, else the hidden ones.
    """

    is_hidden: Bool[np.ndarray, " I"]
    is_candidate: Bool[np.ndarray, " N"]


def deal_folds(
    scenario: str,
    interactions: Interactions,
    *,
    artists: Int[np.ndarray, " N"],
    n_folds: int,
    rng: np.random.Generator,
    among: Bool[np.ndarray, " I"] | None = None,
) -> list[Fold]:
    """Divide interactions into folds that are hidden in turn.

    Args:
        scenario: One of `SCENARIOS`.
        interactions: What to divide.
        artists: Group of each album; albums of one artist, or of one cover, have one number.
        n_folds: 7 hides 14 % at a time.
        rng: Deals.
        among: Interactions that there are at all; the others are hidden already and stay so.
    """
    there = np.ones(len(interactions.user), dtype=bool) if among is None else among
    n_albums = len(interactions.album_ids)
    is_known = np.bincount(interactions.album[there], minlength=n_albums) > 0
    if scenario == "warm":
        fold_of = _deal(len(there), n_folds, rng)
        return [Fold((fold_of == fold) | ~there, is_known) for fold in range(n_folds)]
    unit = np.arange(n_albums) if scenario == "cold albums" else artists
    known_units = np.unique(unit[is_known])
    fold_of_unit = np.full(int(unit.max(initial=0)) + 1, -1)
    fold_of_unit[known_units] = _deal(len(known_units), n_folds, rng)
    fold_of_album = np.where(is_known, fold_of_unit[unit], -1)
    return [
        Fold((fold_of_album[interactions.album] == fold) | ~there, fold_of_album == fold) for fold in range(n_folds)
    ]


def _deal(n: int, n_folds: int, rng: np.random.Generator) -> np.ndarray:
    return rng.permutation(np.arange(n) % n_folds)
