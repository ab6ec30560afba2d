"""Worlds of known mood probabilities, planted in given features of covers or in the dials of drawn covers."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Literal

import numpy as np

from albumnet.errors import InputTableError
from albumnet.planted.drawing import read_dials
from albumnet.planted.known.probability import MoodTruth, offsets_for_frequencies
from albumnet.planted.names import invent_artists, invent_title
from albumnet.planted.rule import GENRES, MOODS
from albumnet.planted.world import PlantedWorld, draw_artist_of_albums, draw_genre_weights, draw_years
from albumnet.records import Album

if TYPE_CHECKING:
    from jaxtyping import Bool, Float, Int

MAX_COMPONENTS = 16
# In logits; with it an album's strongest mood comes first on 73 % of the albums with several (28 % in random order).
_ORDER_NOISE = 0.5


@dataclass(frozen=True)
class WorldOptions:
    """What is true of a world, and what goes wrong in its table.

    Attributes:
        n_components: C, how many principal components of the features matter, 1 to 16.
        cover_spread: Standard deviation over albums of the cover's part of each logit.
        metadata_spread: The same of genre and year.
        artist_spread: The same of the artist; 0 for no artist effect.
        order: "graded" lists an album's moods by their logit and some noise, "random" in any order.
        duplicate_share: Share of albums, in [0, 1), that take the cover of an album by someone else.
        missing_mood_share: Chance in [0, 1) that the table keeps silent about a mood that an album has.
        n_rare_moods: How many moods, the last by name, are made rare.
        rare_frequency: Share of albums that have each of those.
    """

    n_components: int = MAX_COMPONENTS
    cover_spread: float = 1.0
    metadata_spread: float = 0.7
    artist_spread: float = 0.7
    order: Literal["graded", "random"] = "graded"
    duplicate_share: float = 0.0
    missing_mood_share: float = 0.0
    n_rare_moods: int = 0
    rare_frequency: float = 0.01

    def __post_init__(self) -> None:
        shares = (self.duplicate_share, self.missing_mood_share, self.rare_frequency)
        spreads = (self.cover_spread, self.metadata_spread, self.artist_spread)
        if not 1 <= self.n_components <= MAX_COMPONENTS or any(not 0 <= s < 1 for s in shares) or min(spreads) < 0:
            raise InputTableError(
                f"{self} describes no world; give 1 to {MAX_COMPONENTS} components, shares in [0, 1) and "
                "spreads of at least 0"
            )


@dataclass(frozen=True)
class KnownWorld:
    """Albums as a table tells of them, and what is true of them.

    Attributes:
        albums: N albums with the moods that the table tells, in its order; genre and year are never missing.
        truth: The probabilities.
        features: (N, D) of the covers; those that take another album's cover have its row.
        cover_from: (N,) the album whose cover each one shows: itself, unless it is a duplicate.
        target: (N, M) True where the album has the mood, told or not.
    """

    albums: tuple[Album, ...]
    truth: MoodTruth
    features: Float[np.ndarray, "N D"] = field(repr=False)
    cover_from: Int[np.ndarray, " N"]
    target: Bool[np.ndarray, "N M"]

    @property
    def is_duplicate(self) -> Bool[np.ndarray, " N"]:
        """(N,) True where an album shows another one's cover."""
        return np.asarray(self.cover_from != np.arange(len(self.cover_from)))


def plant_in_features(
    features: Float[np.ndarray, "N D"],
    *,
    rng: np.random.Generator,
    options: WorldOptions = WorldOptions(),
    artist: Int[np.ndarray, " N"] | None = None,
) -> KnownWorld:
    """Invent artists, genres, years and moods for covers of which only features are known.

    Args:
        features: Of the covers; moods depend on their first principal components.
        rng: Settles everything.
        options: What the world is like.
        artist: Who made each album, numbered from 0; None to invent that too.

    Raises:
        InputTableError: If the features vary in fewer directions than components are asked for.
    """
    if artist is None:
        artist = draw_artist_of_albums(len(features), rng)
    return _plant(
        features,
        artist=artist,
        has_genre=draw_genre_weights(artist, rng=rng) > 0,
        year=draw_years(artist, rng=rng),
        options=options,
        rng=rng,
    )


def plant_in_dials(
    world: PlantedWorld, *, rng: np.random.Generator, options: WorldOptions = WorldOptions()
) -> tuple[KnownWorld, PlantedWorld]:
    """Give a drawn world's albums new moods, whose probabilities follow the dials that their covers are drawn with.

    Args:
        world: Gives covers, artists, genres and years.
        rng: Settles the new moods.
        options: What the world is like.

    Returns:
        The known world, whose features are the dials, and a drawn world with its albums, to draw and write. A
        duplicate is drawn like the other album but lettered with its own names, so it is near, not equal, in bytes.
    """
    known = _plant(
        read_dials(world),
        artist=world.truth.artist,
        has_genre=world.truth.genre_weight > 0,
        year=world.truth.year,
        options=options,
        rng=rng,
    )
    rows, truth = known.cover_from, world.truth
    drawn_truth = replace(
        truth,
        strength=truth.strength[rows],
        feeling=truth.feeling[rows],
        artist=truth.artist[rows],
        genre_weight=truth.genre_weight[rows],
        year=truth.year[rows],
    )
    return known, replace(world, albums=known.albums, truth=drawn_truth, cover_seed=world.cover_seed[rows])


def principal_components(features: Float[np.ndarray, "N D"], *, n_components: int) -> Float[np.ndarray, "N C"]:
    """The first principal components, each with mean 0 and standard deviation 1.

    Raises:
        InputTableError: If the features vary in fewer directions.
    """
    centred = features - features.mean(axis=0)
    left, spread, _ = np.linalg.svd(centred.astype(np.float64), full_matrices=False)
    if np.count_nonzero(spread > 1e-9 * spread[0]) < n_components:
        raise InputTableError(
            f"features of shape {features.shape} vary in fewer than {n_components} directions; "
            "give more covers or ask for fewer components"
        )
    return np.asarray(left[:, :n_components] * np.sqrt(len(features)))


def _plant(
    features: Float[np.ndarray, "N D"],
    *,
    artist: Int[np.ndarray, " N"],
    has_genre: Bool[np.ndarray, "N G"],
    year: Int[np.ndarray, " N"],
    options: WorldOptions,
    rng: np.random.Generator,
) -> KnownWorld:
    n_albums, n_moods = len(features), len(MOODS)
    cover_from = _reuse_covers(artist, share=options.duplicate_share, rng=rng)
    cover = principal_components(features, n_components=options.n_components)[cover_from]
    spread_of_year = float(year.std()) or 1.0
    metadata = np.column_stack([has_genre, (year - year.mean()) / spread_of_year])
    truth = MoodTruth(
        mood_names=tuple(mood.name for mood in MOODS),
        offset=np.zeros(n_moods),
        cover=cover,
        cover_effect=_effects(cover, n_moods=n_moods, spread=options.cover_spread, rng=rng),
        metadata=metadata,
        metadata_effect=_effects(metadata, n_moods=n_moods, spread=options.metadata_spread, rng=rng),
        artist=artist,
        artist_effect=rng.normal(scale=options.artist_spread, size=(int(artist.max()) + 1, n_moods)),
        artist_spread=options.artist_spread,
    )
    wanted = np.array([mood.frequency for mood in MOODS])
    wanted[n_moods - options.n_rare_moods :] = options.rare_frequency
    offset = offsets_for_frequencies(truth.shared_logit, wanted=wanted, artist_spread=options.artist_spread)
    truth = replace(truth, offset=offset)
    target = truth.draw_target(rng=rng)
    is_told = target & (rng.random((n_albums, n_moods)) >= options.missing_mood_share)
    strength = rng.gumbel(scale=_ORDER_NOISE, size=(n_albums, n_moods))
    if options.order == "graded":
        strength += truth.logit
    albums = _make_albums(truth, is_told, strength=strength, has_genre=has_genre, year=year, rng=rng)
    return KnownWorld(albums, truth, features[cover_from], cover_from, target)


def _reuse_covers(artist: Int[np.ndarray, " N"], *, share: float, rng: np.random.Generator) -> Int[np.ndarray, " N"]:
    """The album (N,) whose cover each one shows; a duplicate's cover is by someone else, and its own at home."""
    cover_from = np.arange(len(artist))
    duplicates = rng.permutation(len(artist))[: round(share * len(artist))]
    originals = np.setdiff1d(cover_from, duplicates)
    for n in duplicates:
        by_others = originals[artist[originals] != artist[n]]
        if len(by_others):
            cover_from[n] = rng.choice(by_others)
    return cover_from


def _effects(
    inputs: Float[np.ndarray, "N C"], *, n_moods: int, spread: float, rng: np.random.Generator
) -> Float[np.ndarray, "C M"]:
    """Random directions (C, M), of such a length that each mood's part has the wanted standard deviation."""
    direction = rng.normal(size=(inputs.shape[1], n_moods))
    found = (inputs @ direction).std(axis=0)
    return np.asarray(direction * spread / np.where(found > 0, found, 1.0))


def _make_albums(
    truth: MoodTruth,
    is_told: Bool[np.ndarray, "N M"],
    *,
    strength: Float[np.ndarray, "N M"],
    has_genre: Bool[np.ndarray, "N G"],
    year: Int[np.ndarray, " N"],
    rng: np.random.Generator,
) -> tuple[Album, ...]:
    artists = invent_artists(n_artists=len(truth.artist_effect), rng=rng)
    strongest_first = np.argsort(-strength, axis=1)
    width = max(4, len(str(len(is_told))))
    albums = []
    for n, told in enumerate(is_told):
        album_id = f"kw{n + 1:0{width}d}"
        albums.append(
            Album(
                album_id=album_id,
                artist=artists[truth.artist[n]],
                title=invent_title(rng),
                moods=tuple(truth.mood_names[m] for m in strongest_first[n] if told[m]),
                genres=tuple(genre.name for genre, has in zip(GENRES, has_genre[n], strict=True) if has),
                year=int(year[n]),
                # Of its own even where the picture is another's: one picture saved twice has two digests.
                cover=hashlib.sha256(album_id.encode()).hexdigest(),
                cover_file=f"{album_id}.jpg",
                source="planted",
            )
        )
    return tuple(albums)
