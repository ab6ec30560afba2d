"""Worlds with a leak that names hide: some test albums are by an artist of the train side, credited otherwise."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from albumnet.planted.known.world import KnownWorld, WorldOptions, plant_in_features
from albumnet.planted.world import draw_artist_of_albums

if TYPE_CHECKING:
    from jaxtyping import Bool, Float, Int

# Fitted to EfficientNet-Lite0 features (square roots) of 1,525 real covers by 707 artists: the variance of the k-th
# principal component, and the share of it that lies between artists. A few artists put out series, whose covers are far
# more alike. Cosines of two covers by one artist, measured / here: mean .061 / .059; quantiles 0.1, 0.5, 0.9, 0.99
# -.08 .05 .23 .45 / -.09 .05 .20 .49; the nearest of all covers is by the same artist for 5.6 % / 4.7 % of the albums
# of artists with several.
_N_COMPONENTS = 200
_VARIANCE_FALL = -0.63
_FIRST_ARTIST_SHARE, _ARTIST_SHARE_FALL = 0.2, 12.0
_SERIES_CHANCE, _SERIES_SHARE = 0.05, 0.45


# Saved again at 200 px and quality 50, 60 real covers have a median cosine of 0.92 with themselves (0.97 at quality 75
# alone, 0.85 when 4 % is cut off each edge), as with noise of this share of each component's standard deviation.
_COPY_NOISE = 0.43
# The mean cosine of two albums' standardised moods, if by one artist: .291 measured on 1,375 real albums / .290 here.
LEAK_WORLD = WorldOptions(artist_spread=2.0)


@dataclass(frozen=True)
class LeakyWorld:
    """A known world, split, with what hides in the split.

    Attributes:
        world: Albums, truth and features.
        credited: (N,) the artist each album is credited to, numbered from 0; what a split goes by.
        side: (N,) "train" or "test"; no credited artist is on both.
        is_leaked: (N,) True on the test albums whose artist also made train albums, or whose cover is a train one's.
    """

    world: KnownWorld
    credited: Int[np.ndarray, " N"]
    side: np.ndarray
    is_leaked: Bool[np.ndarray, " N"]


def draw_covers_of_artists(
    artist: Int[np.ndarray, " N"], *, rng: np.random.Generator, look_strength: float = 1.0
) -> Float[np.ndarray, "N D"]:
    """Features (N, 200) as if of covers: alike within an artist as measured on real ones, without drawing any.

    Args:
        artist: Who made each album, numbered from 0.
        rng: Settles everything.
        look_strength: Factor on the share of variance between artists: 1 as measured, 0 for artists without a look.
    """
    k, n_artists = np.arange(_N_COMPONENTS), int(artist.max()) + 1
    share = np.minimum(look_strength * _FIRST_ARTIST_SHARE * np.exp(-k / _ARTIST_SHARE_FALL), 0.95)
    is_series = rng.random((n_artists, 1)) < _SERIES_CHANCE
    share_of_artist = np.where(is_series, np.maximum(share, min(look_strength, 1.0) * _SERIES_SHARE), share)[artist]
    look = rng.normal(size=(n_artists, _N_COMPONENTS))[artist]
    own = rng.normal(size=look.shape)
    mixed = np.sqrt(share_of_artist) * look + np.sqrt(1 - share_of_artist) * own
    return np.asarray(mixed * (k + 1) ** (_VARIANCE_FALL / 2))


def draw_leaky_world(
    *,
    n_albums: int,
    rng: np.random.Generator,
    leak_share: float = 0.0,
    duplicate_share: float = 0.0,
    test_share: float = 0.15,
    look_strength: float = 1.0,
    options: WorldOptions = LEAK_WORLD,
) -> LeakyWorld:
    """A world whose test side holds hidden artists or copied covers of the train side.

    Args:
        n_albums: N.
        rng: Settles everything.
        leak_share: Share of test albums whose artist has albums on the train side under another name.
        duplicate_share: Share of test albums that show a train album's cover, as if saved again, smaller.
        test_share: Share of albums on the test side.
        look_strength: As `draw_covers_of_artists` takes it.
        options: What the world is like; its own duplicates lie anywhere.
    """
    artist = draw_artist_of_albums(n_albums, rng)
    features = draw_covers_of_artists(artist, rng=rng, look_strength=look_strength)
    world = plant_in_features(features, artist=artist, rng=rng, options=options)
    is_test, is_leaked = split_with_hidden_artists(artist, test_share=test_share, leak_share=leak_share, rng=rng)
    credited = np.where(is_leaked, artist + int(artist.max()) + 1, artist)
    features = world.features.copy()
    copies = rng.permutation(np.flatnonzero(is_test))[: round(duplicate_share * is_test.sum())]
    originals = rng.choice(np.flatnonzero(~is_test), size=len(copies))
    noise = rng.normal(scale=_COPY_NOISE, size=(len(copies), features.shape[1])) * features.std(axis=0)
    features[copies] = features[originals] + noise
    is_leaked[copies] = True
    world = KnownWorld(world.albums, world.truth, features, world.cover_from, world.target)
    return LeakyWorld(world, credited, np.where(is_test, "test", "train"), is_leaked)


def split_with_hidden_artists(
    artist: Int[np.ndarray, " N"], *, test_share: float, leak_share: float, rng: np.random.Generator
) -> tuple[Bool[np.ndarray, " N"], Bool[np.ndarray, " N"]]:
    """Put whole artists on the test side, then half of the albums of some other artists, until both shares are met.

    Returns:
        (N,) True on the test side, and (N,) True on those of its albums whose artist is on the train side too.
    """
    n_test = round(test_share * len(artist))
    is_leaked, is_test = np.zeros(len(artist), dtype=bool), np.zeros(len(artist), dtype=bool)
    rows_of = _rows_of_artists(artist)
    order = rng.permutation(len(rows_of))
    for a in order:
        if is_leaked.sum() >= leak_share * n_test:
            break
        rows = rng.permutation(rows_of[a])
        is_leaked[rows[: len(rows) // 2]] = True
    taken = np.isin(artist, artist[is_leaked])
    is_test |= is_leaked
    for a in order:
        if is_test.sum() >= n_test:
            break
        if len(rows_of[a]) and not taken[rows_of[a][0]]:
            is_test[rows_of[a]] = True
    return is_test, is_leaked


def _rows_of_artists(artist: Int[np.ndarray, " N"]) -> list[Int[np.ndarray, " n"]]:
    order = np.argsort(artist, kind="stable")
    return list(np.split(order, np.cumsum(np.bincount(artist))[:-1]))
