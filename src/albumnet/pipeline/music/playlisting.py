"""Playlists of a library: by words, by a part of a map, or along the way from one mood to another."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from albumnet.errors import PlaylistError
from albumnet.moodmap import read_map
from albumnet.moodspace import WordVectors, nearest_moods
from albumnet.moodspace.neighbours import check_words, known_words
from albumnet.pipeline.finding import label_of_words, vectors_to_walk
from albumnet.pipeline.music.opening import OpenLibrary, complete_features
from albumnet.pipeline.scoring import predict_closeness, scorable_albums
from albumnet.playlists import (
    Limits,
    PlaylistAlbum,
    Region,
    fill,
    fill_path,
    find_album,
    path_between,
    rows_around,
    rows_within,
)
from albumnet.progress import ProgressCallback, ignore_progress
from albumnet.records import Album, normalise_name

if TYPE_CHECKING:
    from albumnet.models.prediction import MoodModel

_N_NEAREST = 3
# Cosine of two moods' vectors; rounded numbers keep it above where they are the same.
_ONE_MOOD = 0.999


@dataclass(frozen=True)
class Playlist:
    """What is to be played.

    Attributes:
        title: In a few words.
        albums: In order.
        missing: Words that were passed over, because they have no vector.
        n_left_out: Albums that the model could not place, for want of a usable cover.
    """

    title: str
    albums: tuple[PlaylistAlbum, ...]
    missing: tuple[str, ...] = ()
    n_left_out: int = 0


def playlist_by_words(
    library: OpenLibrary,
    run: Path | str,
    text: str,
    *,
    limits: Limits,
    vectors: Path | None = None,
    weights: Path | None = None,
    progress: ProgressCallback = ignore_progress,
) -> Playlist:
    """The albums whose mood vectors are closest to the mean of some words' vectors, closest first.

    Args:
        library: Where to look.
        run: The model: a run's folder, or the name of one that is packaged.
        text: The words; those without a vector are passed over.
        limits: How long it may be.
        vectors: Word vectors, GloVe text format; those of the model, or the packaged ones, if none.
        weights: The backbone's weights file, if it no longer lies where it lay.
        progress: Told how far it is.

    Raises:
        WordVectorError: If no word has a vector, or the vectors are of another space than the model's.
        PlaylistError: If nothing fits the limits.
    """
    from albumnet.models.prediction import load_model

    model = load_model(run, weights=weights)
    word_vectors = vectors_to_walk(vectors, config=model.config)
    words, missing = _known(text, word_vectors)
    label = label_of_words(words, word_vectors, model=model)
    complete_features(library, model, progress=progress)
    albums, store = scorable_albums(model, library.album_set)
    closeness = predict_closeness(model, library.album_set, albums, store, labels=label[None], progress=progress)[:, 0]
    ordered = [albums[row] for row in np.argsort(-closeness, kind="stable")]
    chosen = fill(ordered, library.tracks.of_album, limits)
    return Playlist(text, tuple(chosen), tuple(missing), len(library.album_set.albums) - len(albums))


def playlist_between(
    library: OpenLibrary,
    run: Path | str,
    start: str,
    end: str,
    *,
    limits: Limits,
    vectors: Path | None = None,
    weights: Path | None = None,
    progress: ProgressCallback = ignore_progress,
) -> Playlist:
    """Albums along the way from one mood to another through the mood space (`playlists.paths`).

    Args:
        library: Where to look.
        run: As in `playlist_by_words`.
        start: The first mood, in any words.
        end: The last.
        limits: How long it may be; a path that does not fit is made of fewer albums.
        vectors: As in `playlist_by_words`.
        weights: Likewise.
        progress: Told how far it is.

    Raises:
        WordVectorError: If no word of a mood has a vector, or the vectors are of another space than the model's.
        PlaylistError: If there is no way between the moods, or nothing fits the limits.
    """
    from albumnet.models.prediction import load_model

    model = load_model(run, weights=weights)
    word_vectors = vectors_to_walk(vectors, config=model.config)
    (first, missing_first), (last, missing_last) = _known(start, word_vectors), _known(end, word_vectors)
    labels = [label_of_words(words, word_vectors, model=model) for words in (first, last)]
    if labels[0] @ labels[1] > _ONE_MOOD:
        raise PlaylistError(f"{start} and {end} lie in one place, so there is no way between them; choose others")
    complete_features(library, model, progress=progress)
    albums, store = scorable_albums(model, library.album_set)
    with_tracks = [album for album in albums if library.tracks.of_album.get(album.album_id)]
    if len(with_tracks) < 2:
        raise PlaylistError("a way takes two albums that the model can place; the library has fewer")
    closeness = predict_closeness(
        model, library.album_set, with_tracks, store, labels=np.stack(labels), progress=progress
    )

    def path_of(n: int) -> Sequence[Album]:
        return [with_tracks[row] for row in path_between(closeness, n=n)]

    chosen = fill_path(path_of, library.tracks.of_album, limits)
    n_left_out = len(library.album_set.albums) - len(albums)
    return Playlist(f"from {start} to {end}", tuple(chosen), (*missing_first, *missing_last), n_left_out)


def playlist_of_region(library: OpenLibrary, map_dir: Path, region: Region, *, limits: Limits) -> Playlist:
    """The albums of a part of a map, those in its middle first.

    Raises:
        MapError: If there is no map, or it is of other albums.
        PlaylistError: If no album lies there, or nothing fits the limits.
    """
    albums, xy = _on_map(library, map_dir)
    title = f"region {region.x0:g},{region.y0:g},{region.x1:g},{region.y1:g}"
    chosen = fill([albums[row] for row in rows_within(xy, region)], library.tracks.of_album, limits)
    return Playlist(title, tuple(chosen), n_left_out=len(library.album_set.albums) - len(albums))


def playlist_around(library: OpenLibrary, map_dir: Path, album: str, *, limits: Limits) -> Playlist:
    """An album, and those that lie nearest to it on a map.

    Raises:
        MapError: If there is no map, or it is of other albums.
        PlaylistError: If the album is not on it, or nothing fits the limits.
    """
    albums, xy = _on_map(library, map_dir)
    middle = find_album(albums, album)
    chosen = fill([albums[row] for row in rows_around(xy, albums.index(middle))], library.tracks.of_album, limits)
    return Playlist(f"around {album}", tuple(chosen), n_left_out=len(library.album_set.albums) - len(albums))


def moods_for_words(run: Path | str, text: str, *, vectors: Path | None = None) -> tuple[str, ...]:
    """The moods of a model that some words mean: those that they name, or else the nearest three.

    Raises:
        WordVectorError: If no mood is named and no word has a vector.
    """
    from albumnet.models.prediction import load_model

    model: MoodModel = load_model(run)
    mood_of = {normalise_name(mood): mood for mood in model.config.moods}
    asked = [text, *text.replace(",", " ").split()]
    if named := [mood_of[key] for key in dict.fromkeys(map(normalise_name, asked)) if key in mood_of]:
        return tuple(named)
    word_vectors = vectors_to_walk(vectors, config=model.config)
    words, _ = _known(text, word_vectors)
    near = nearest_moods(" ".join(words), word_vectors, moods=model.mood_labels[0], top=_N_NEAREST)
    return tuple(found.name for found in near)


def _known(text: str, vectors: WordVectors) -> tuple[list[str], list[str]]:
    words, missing = known_words(text, vectors)
    if not words:
        check_words([text], vectors)
    return words, missing


def _on_map(library: OpenLibrary, map_dir: Path) -> tuple[list[Album], np.ndarray]:
    """The albums of a map in its order, and their places."""
    mood_map = read_map(map_dir)
    mood_map.check_albums(library.album_set.digest)
    album_of = {album.album_id: album for album in library.album_set.albums}
    return [album_of[album_id] for album_id in mood_map.album_ids], mood_map.xy
