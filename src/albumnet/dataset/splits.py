"""Train, valid and test: no artist and no duplicate cover on two sides, rare moods on all three."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise

import numpy as np

from albumnet.records import Album, normalise_name

SIDES = ("train", "valid", "test")
DEFAULT_FRACTIONS = {"train": 0.7, "valid": 0.15, "test": 0.15}

# Names that stand for no artist in particular; linking albums by them would make one giant group.
_NO_ARTIST = frozenset(normalise_name(name) for name in ("", "Various", "Various Artists", "VA", "Unknown", "Unknown Artist"))


def split_albums(
    albums: Sequence[Album], *, rng: np.random.Generator, fractions: Mapping[str, float] = DEFAULT_FRACTIONS
) -> dict[str, str]:
    """Assign every album a side.

    Albums that share an artist or a cover are one group, and a group is never divided. Groups are dealt out rarest
    mood first, each to the side that lacks most of that mood (iterative stratification, for groups). A mood found
    in as many groups as there are sides is then brought onto every side, as far as moods that share groups allow.

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
        artist = normalise_name(album.artist)
        if artist not in _NO_ARTIST:
            linked.setdefault(("artist", artist), []).append(n)
        if album.cover is not None:
            linked.setdefault(("cover", album.cover), []).append(n)
    for members in linked.values():
        for first, second in pairwise(members):
            parent[root(second)] = root(first)
    return np.unique([root(n) for n in range(len(albums))], return_inverse=True)[1]


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
    n_groups, n_columns = contents.shape
    wanted = contents.sum(axis=0)[None] * share[:, None]  # (S, 1 + M) albums a side still lacks
    side_of = np.full(n_groups, -1)
    groups_with = (contents > 0).sum(axis=0)
    # Rarest mood first; column 0, the albums without moods, last.
    for column in [*(1 + np.argsort(groups_with[1:], kind="stable")), 0][:n_columns]:
        holders = np.flatnonzero((contents[:, column] > 0) & (side_of < 0))
        # Large groups first: they fit only while a side still lacks much.
        for group in holders[np.lexsort((rng.random(len(holders)), -contents[holders, column]))]:
            lack = np.stack([wanted[:, column], wanted[:, 0], rng.random(len(share))])
            # A side whose whole share is taken gets nothing more while another has room.
            full = wanted[:, 0] < contents[group, 0] / 2
            side = np.lexsort((lack[2], -lack[1], -lack[0], full & ~full.all()))[0]
            side_of[group] = side
            wanted[side] -= contents[group]
    return _bring_moods_to_all_sides(contents > 0, side_of, n_sides=len(share))


def _bring_moods_to_all_sides(holds: np.ndarray, side_of: np.ndarray, *, n_sides: int) -> np.ndarray:
    """Move groups so that every mood held by enough groups has one on every side; each move closes more gaps than it opens."""
    size = holds.sum(axis=1)
    holds = holds[:, 1:]
    counts = np.stack([holds[side_of == side].sum(axis=0) for side in range(n_sides)])  # (S, M) groups
    can_be_everywhere = holds.sum(axis=0) >= n_sides
    while True:
        moves = []
        for side, mood in np.argwhere((counts == 0) & can_be_everywhere):
            for group in np.flatnonzero(holds[:, mood]):
                carried = holds[group] & can_be_everywhere
                opened = int((carried & (counts[side_of[group]] == 1)).sum())
                closed = int((carried & (counts[side] == 0)).sum())
                if closed > opened:
                    moves.append((opened - closed, int(size[group]), int(group), int(side)))
        if not moves:
            return side_of
        *_, group, side = min(moves)
        counts[side_of[group]] -= holds[group]
        counts[side] += holds[group]
        side_of[group] = side
