"""A planted world: albums drawn from the rule of `rule`, with the truth behind them kept.

Notation: N albums, M moods, G genres, E eras, A artists, P dials of a cover (`rule.DIALS`).

The rule. Mood m of album n, by artist a in era e, has the strength

    strength[n, m] = mood_offset[m] + artist_leaning[a, m] + (genre_weight[n] @ genre_effect)[m] + era_effect[e, m]
                     + (feeling[n] @ mood_character[m]) + noise of standard deviation 0.8

and the album carries its strongest moods: those above 0, but at least 2 and at most 6. The cover's dials are

    dials[n] = plain look + genre_weight[n] @ genre_look + era_look[e] + artist_look[a] + whim of the designer
               + sum over m of presence(strength[n, m]) * visibility[m] * mood_look[m]

so a mood of visibility 0 leaves no trace of its own. The artist's look and emblem are drawn apart from all moods: they
say who made the record, which helps a model only if the same artist was in its training set.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, fields
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from albumnet.errors import InputTableError
from albumnet.planted.names import invent_artists, invent_title
from albumnet.planted.rule import (
    DIALS,
    ERAS,
    FIRST_YEAR,
    GENRES,
    LAST_YEAR,
    MOODS,
    effect_matrix,
    era_of,
    look_matrix,
)
from albumnet.records import Album

if TYPE_CHECKING:
    from jaxtyping import Float, Int

MIN_MOODS, MAX_MOODS = 2, 6
MAX_ALBUMS_PER_ARTIST = 8
_MISSING_YEAR_SHARE = 0.04
_MISSING_GENRES_SHARE = 0.03
_SECOND_GENRE_SHARE = 0.25


@dataclass(frozen=True)
class PlantedTruth:
    """What is true of a planted world, known because we made it; also of albums whose year or genres are missing.

    Attributes:
        mood_names: M names; column m of every (·, M) array below.
        genre_names: G names.
        strength: (N, M) latent strength from which the moods were taken; an album's moods are its largest.
        visibility: (M,) in [0, 1], how strongly a mood shows on covers; exactly 0 for invisible moods.
        mood_offset: (M,) sets how common a mood is.
        mood_character: (M, 2) how a mood follows an album's feeling: drive, light.
        mood_look: (M, P) pushes on the dials at visibility 1.
        genre_effect: (G, M) what a genre adds to strength.
        era_effect: (E, M) what an era adds to strength.
        artist_leaning: (A, M) what an artist adds to strength.
        feeling: (N, 2) standard normal drive and light of each album.
        artist: (N,) in [0, A).
        genre_weight: (N, G) 1 for the main genre, 0.5 for a second one, else 0.
        year: (N,) year of release.
    """

    mood_names: tuple[str, ...]
    genre_names: tuple[str, ...]
    strength: Float[np.ndarray, "N M"]
    visibility: Float[np.ndarray, " M"]
    mood_offset: Float[np.ndarray, " M"]
    mood_character: Float[np.ndarray, "M 2"]
    mood_look: Float[np.ndarray, "M P"]
    genre_effect: Float[np.ndarray, "G M"]
    era_effect: Float[np.ndarray, "E M"]
    artist_leaning: Float[np.ndarray, "A M"]
    feeling: Float[np.ndarray, "N 2"]
    artist: Int[np.ndarray, " N"]
    genre_weight: Float[np.ndarray, "N G"]
    year: Int[np.ndarray, " N"]


@dataclass(frozen=True)
class PlantedWorld:
    """Albums, the truth behind them, and all that drawing their covers takes.

    Attributes:
        albums: N albums in table order; some lack their year or genres, as in real tables.
        truth: What is true of them.
        artist_look: (A, P) pushes of each artist's own taste.
        artist_emblem: (A, 5) in [0, 1): points, depth, turn, side and hue of each artist's emblem.
        cover_seed: (N,) seed of the designer's whims on each cover.
        cover_size: Height and width of a cover in pixels.
    """

    albums: tuple[Album, ...]
    truth: PlantedTruth
    artist_look: Float[np.ndarray, "A P"]
    artist_emblem: Float[np.ndarray, "A 5"]
    cover_seed: Int[np.ndarray, " N"]
    cover_size: int = 256

    @cached_property
    def digest(self) -> str:
        """16 hex digits that differ whenever an album, the truth or anything drawn differs."""
        parts = [repr((self.albums, self.cover_size)).encode()]
        for owner in (self, self.truth):
            values = (getattr(owner, field.name) for field in fields(owner))
            parts += [value.tobytes() for value in values if isinstance(value, np.ndarray)]
        return hashlib.sha256(b"\n".join(parts)).hexdigest()[:16]


def draw_world(*, n_albums: int, rng: np.random.Generator, cover_size: int = 256) -> PlantedWorld:
    """Draw artists, their albums and the albums' moods; covers are drawn when asked for (`draw_cover`).

    Args:
        n_albums: N, at least 1. From 600 on every mood has at least 30 albums.
        rng: Settles everything, pixels too.
        cover_size: Height and width of the covers in pixels, at least 64.

    Raises:
        InputTableError: If there would be no album, or covers too small to draw.
    """
    if n_albums < 1 or cover_size < 64:
        raise InputTableError(
            f"a planted world of {n_albums} albums with covers of {cover_size} px cannot be drawn; "
            "ask for at least 1 album and 64 px"
        )
    artist = draw_artist_of_albums(n_albums, rng)
    n_artists = int(artist.max()) + 1
    genre_weight = draw_genre_weights(artist, rng=rng)
    year = draw_years(artist, rng=rng)
    truth = _draw_truth(artist, genre_weight=genre_weight, year=year, rng=rng)
    return PlantedWorld(
        albums=_draw_albums(truth, rng=rng),
        truth=truth,
        artist_look=rng.normal(scale=0.6, size=(n_artists, len(DIALS))),
        artist_emblem=rng.random((n_artists, 5)),
        cover_seed=rng.integers(2**62, size=n_albums),
        cover_size=cover_size,
    )


def draw_artist_of_albums(n_albums: int, rng: np.random.Generator) -> Int[np.ndarray, " N"]:
    """Artist of each album: 1 to 8 albums each, geometric, shuffled so that an artist's albums do not lie together."""
    n_of_artist = np.minimum(rng.geometric(0.4, size=n_albums), MAX_ALBUMS_PER_ARTIST)
    artist = np.repeat(np.arange(n_albums), n_of_artist)[:n_albums]
    shuffled: Int[np.ndarray, " N"] = rng.permutation(artist)
    return shuffled


def draw_genre_weights(artist: Int[np.ndarray, " N"], *, rng: np.random.Generator) -> Float[np.ndarray, "N G"]:
    """Weight of each genre on each album: 1 for its artist's genre, 0.5 for a second one that some albums have."""
    shares = np.array([genre.share for genre in GENRES])
    main_genre = rng.choice(len(GENRES), size=int(artist.max()) + 1, p=shares / shares.sum())[artist]
    second_genre = rng.choice(len(GENRES), size=len(artist), p=shares / shares.sum())
    has_second = rng.random(len(artist)) < _SECOND_GENRE_SHARE
    weights = np.zeros((len(artist), len(GENRES)))
    weights[has_second, second_genre[has_second]] = 0.5
    weights[np.arange(len(artist)), main_genre] = 1.0
    return weights


def draw_years(artist: Int[np.ndarray, " N"], *, rng: np.random.Generator) -> Int[np.ndarray, " N"]:
    """Years within some 12 of each artist's debut, so that an artist has an era."""
    debut = rng.integers(FIRST_YEAR, LAST_YEAR - 3, size=int(artist.max()) + 1)
    year: Int[np.ndarray, " N"] = np.minimum(debut[artist] + rng.integers(0, 13, size=len(artist)), LAST_YEAR)
    return year


def _draw_truth(
    artist: Int[np.ndarray, " N"],
    *,
    genre_weight: Float[np.ndarray, "N G"],
    year: Int[np.ndarray, " N"],
    rng: np.random.Generator,
) -> PlantedTruth:
    genre_effect, era_effect = effect_matrix(GENRES), effect_matrix(ERAS)
    mood_character = np.array([(mood.drive, mood.light) for mood in MOODS])
    artist_leaning = rng.normal(scale=0.7, size=(int(artist.max()) + 1, len(MOODS)))
    feeling = rng.normal(size=(len(artist), 2))
    era = np.array([era_of(int(one_year)) for one_year in year])
    raw_strength = artist_leaning[artist] + genre_weight @ genre_effect + era_effect[era] + feeling @ mood_character.T
    raw_strength += rng.normal(scale=0.8, size=raw_strength.shape)
    mood_offset = _offsets_for_frequencies(raw_strength, wanted=np.array([mood.frequency for mood in MOODS]))
    return PlantedTruth(
        mood_names=tuple(mood.name for mood in MOODS),
        genre_names=tuple(genre.name for genre in GENRES),
        strength=raw_strength + mood_offset,
        visibility=np.array([mood.visibility for mood in MOODS]),
        mood_offset=mood_offset,
        mood_character=mood_character,
        mood_look=look_matrix(MOODS),
        genre_effect=genre_effect,
        era_effect=era_effect,
        artist_leaning=artist_leaning,
        feeling=feeling,
        artist=artist,
        genre_weight=genre_weight,
        year=year,
    )


def _offsets_for_frequencies(
    raw_strength: Float[np.ndarray, "N M"], *, wanted: Float[np.ndarray, " M"]
) -> Float[np.ndarray, " M"]:
    """Offsets (M,) under which each mood is taken by about its wanted share of albums."""
    offset = -np.array([np.quantile(column, 1 - share) for column, share in zip(raw_strength.T, wanted, strict=True)])
    # The limits of 2 and 6 moods shift the shares a little; 12 corrections bring them back within 0.01.
    for _ in range(12):
        found = np.maximum(_takes_mood(raw_strength + offset).mean(axis=0), 0.5 / len(raw_strength))
        offset += 0.7 * np.log(wanted / found)
    return offset


def _takes_mood(strength: Float[np.ndarray, "N M"]) -> np.ndarray:
    """(N, M) True where an album carries a mood: its strongest ones above 0, but 2 to 6 of them."""
    rank = (-strength).argsort(axis=1).argsort(axis=1)
    n_moods = np.clip((strength > 0).sum(axis=1, keepdims=True), MIN_MOODS, MAX_MOODS)
    taken: np.ndarray = rank < n_moods
    return taken


def _draw_albums(truth: PlantedTruth, *, rng: np.random.Generator) -> tuple[Album, ...]:
    artists = invent_artists(n_artists=int(truth.artist.max()) + 1, rng=rng)
    taken = _takes_mood(truth.strength)
    lacks_year = rng.random(len(taken)) < _MISSING_YEAR_SHARE
    lacks_genres = rng.random(len(taken)) < _MISSING_GENRES_SHARE
    width = max(4, len(str(len(taken))))
    albums = []
    for n, strength in enumerate(truth.strength):
        album_id = f"pw{n + 1:0{width}d}"
        weight = truth.genre_weight[n]
        main_genre_first = (-weight).argsort(kind="stable")[: np.count_nonzero(weight)]
        albums.append(
            Album(
                album_id=album_id,
                artist=artists[truth.artist[n]],
                title=invent_title(rng),
                moods=tuple(truth.mood_names[m] for m in (-strength).argsort()[: taken[n].sum()]),
                genres=() if lacks_genres[n] else tuple(truth.genre_names[g] for g in main_genre_first),
                year=None if lacks_year[n] else int(truth.year[n]),
                cover_file=f"{album_id}.jpg",
                source="planted",
            )
        )
    return tuple(albums)
