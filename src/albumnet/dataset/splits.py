"""Train, valid and test: no artist and no duplicate cover on two sides, rare moods on all three."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise

import numpy as np

from albumnet.records import Album, normalise_name

SIDES = ("train", "valid", "test")
DEFAULT_FRACTIONS = {"train": 0.7, "valid": 0.15, "test": 0.15}

# Names that stand for no artist in particular; linking albums by them would make one giant group.
_NO_ARTIST = frozenset(
    normalise_name(name)
    for name in ("", "Various", "Various Artists", "VA", "V.A.", "V/A", "Unknown", "Unknown Artist", "[unknown]")
)

# Moves without a gain before the search ends.
_PATIENCE = 2000


def split_albums(
    albums: Sequence[Album], *, rng: np.random.Generator, fractions: Mapping[str, float] = DEFAULT_FRACTIONS
) -> dict[str, str]:
    """Assign every album a side.

    Albums that share an artist, a cover or its picture are one group, and a group is never divided. Groups are dealt
    out rarest mood first, each to the side that lacks most of that mood (iterative stratification, for groups). Moods
    found in as many groups as there are sides, or more, are then brought onto every side, as far as moods that share
    groups allow.

    Args:
        albums: At least one.
        rng: Breaks ties.
        fractions: Wanted share of albums per side; the sides are its keys.

    Returns:
        album_id -> side.

    Source:
        Sechidis, Tsoumakas & Vlahavas (2011), "On the Stratification of Multi-Label Data", ECML PKDD.
    """
    sides = list(fractions)
    share = np.array([fractions[side] for side in sides], dtype=np.float64)
    group_of = group_albums(albums)
    side_of = _assign(_group_contents(albums, group_of), share=share / share.sum(), rng=rng)
    return {album.album_id: sides[side_of[group]] for album, group in zip(albums, group_of, strict=True)}


def fold_albums(albums: Sequence[Album], *, n_folds: int, rng: np.random.Generator) -> dict[str, int]:
    """album_id -> fold in [0, n_folds), artist-disjoint and balanced like `split_albums`."""
    folds = split_albums(albums, rng=rng, fractions={str(k): 1.0 for k in range(n_folds)})
    return {album_id: int(fold) for album_id, fold in folds.items()}


def group_albums(albums: Sequence[Album]) -> np.ndarray:
    """Group number (N,) of each album: equal when albums are linked by artist or cover, directly or through others."""
    parent = list(range(len(albums)))

    def root(n: int) -> int:
        while parent[n] != n:
            parent[n] = parent[parent[n]]
            n = parent[n]
        return n

    linked: dict[tuple[str, str], list[int]] = {}
    for n, album in enumerate(albums):
        if artist := artist_key(album):
            linked.setdefault(("artist", artist), []).append(n)
        for cover in {album.cover, album.picture} - {None}:
            linked.setdefault(("cover", str(cover)), []).append(n)
    for members in linked.values():
        for first, second in pairwise(members):
            parent[root(second)] = root(first)
    return np.unique([root(n) for n in range(len(albums))], return_inverse=True)[1]


def artist_key(album: Album) -> str:
    """What is equal for albums of one artist; empty where nobody in particular is named, as on compilations."""
    name = normalise_name(album.artist)
    return "" if name in _NO_ARTIST else name


def _group_contents(albums: Sequence[Album], group_of: np.ndarray) -> np.ndarray:
    """(G, 1 + M): albums of each group, then how many of them carry each mood."""
    moods = sorted({normalise_name(mood) for album in albums for mood in album.moods})
    column = {mood: 1 + m for m, mood in enumerate(moods)}
    contents = np.zeros((int(group_of.max(initial=-1)) + 1, 1 + len(moods)), dtype=np.int32)
    for album, group in zip(albums, group_of, strict=True):
        contents[group, 0] += 1
        for mood in {normalise_name(mood) for mood in album.moods}:
            contents[group, column[mood]] += 1
    return contents


def _assign(contents: np.ndarray, *, share: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Side (G,) of each group."""
    wanted = contents.sum(axis=0)[None] * share[:, None]  # (S, 1 + M) albums a side still lacks
    side_of = np.full(len(contents), -1)
    groups_with = (contents > 0).sum(axis=0)
    # Rarest mood first; column 0, the albums without moods, last.
    for column in [*(1 + np.argsort(groups_with[1:], kind="stable")), 0]:
        holders = np.flatnonzero((contents[:, column] > 0) & (side_of < 0))
        # Large groups first: they fit only while a side still lacks much.
        for group in holders[np.lexsort((rng.random(len(holders)), -contents[holders, column]))]:
            # A side whose whole share is taken gets nothing more while another has room.
            is_full = wanted[:, 0] < contents[group, 0] / 2
            side = np.lexsort((rng.random(len(share)), -wanted[:, 0], -wanted[:, column], is_full))[0]
            side_of[group] = side
            wanted[side] -= contents[group]
    return _bring_moods_to_all_sides(contents, side_of, share=share, rng=rng)


def _bring_moods_to_all_sides(
    contents: np.ndarray, side_of: np.ndarray, *, share: np.ndarray, rng: np.random.Generator
) -> np.ndarray:
    """Move groups until every mood that can be is on every side; the least number of gaps found, if some remain.

    A tabu search: fill one gap at a time with the group that opens fewest others, and let that group rest for some
    moves, so that a move which only shifts a gap can lead on to one that closes it.
    """
    n_albums = contents[:, 0]
    can_be_everywhere = (contents[:, 1:] > 0).sum(axis=0) >= len(share)
    holds = (contents[:, 1:] > 0)[:, can_be_everywhere]
    side_of = side_of.copy()
    counts = np.stack([holds[side_of == side].sum(axis=0) for side in range(len(share))])  # (S, M) groups
    excess = np.bincount(side_of, n_albums, minlength=len(share)) - n_albums.sum() * share  # (S,) albums
    gaps = np.argwhere(counts == 0)
    best, fewest_gaps = side_of.copy(), len(gaps)
    rests_until = np.zeros(len(side_of), dtype=np.int64)
    step = last_gain = 0
    while len(gaps) and step - last_gain < _PATIENCE:
        step += 1
        new_side, mood = gaps[rng.integers(len(gaps))]
        groups = np.flatnonzero(holds[:, mood])
        old_sides = side_of[groups]
        opened = (holds[groups] & (counts[old_sides] == 1)).sum(axis=1)
        closed = (holds[groups] & (counts[new_side] == 0)).sum(axis=1)
        imbalance = np.abs(excess[old_sides] - n_albums[groups]) - np.abs(excess[old_sides])
        imbalance += np.abs(excess[new_side] + n_albums[groups])
        # A resting group may still make the move that leaves fewer gaps than ever.
        must_rest = (rests_until[groups] > step) & (len(gaps) + opened - closed >= fewest_gaps)
        chosen = np.lexsort((rng.random(len(groups)), imbalance, opened - closed, must_rest))[0]
        group, old_side = groups[chosen], old_sides[chosen]
        side_of[group] = new_side
        counts[old_side] -= holds[group]
        counts[new_side] += holds[group]
        excess[old_side] -= n_albums[group]
        excess[new_side] += n_albums[group]
        rests_until[group] = step + rng.integers(2, 12)
        gaps = np.argwhere(counts == 0)
        if len(gaps) < fewest_gaps:
            best, fewest_gaps, last_gain = side_of.copy(), len(gaps), step
    return best
