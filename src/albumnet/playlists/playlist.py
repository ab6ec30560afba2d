"""A playlist: albums in an order, their tracks, and how long it is."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from albumnet.dataset.tracks import AlbumTrack
from albumnet.errors import PlaylistError
from albumnet.records import Album, normalise_name

_N_NAMES = 3


@dataclass(frozen=True, slots=True)
class PlaylistAlbum:
    """One album of a playlist, and those of its tracks that are played."""

    album: Album
    tracks: tuple[AlbumTrack, ...]

    @property
    def seconds(self) -> float:
        """How long it plays; tracks of unknown length count as none."""
        return sum(track.seconds or 0.0 for track in self.tracks)


@dataclass(frozen=True, slots=True)
class Limits:
    """How long a playlist may be.

    Attributes:
        n_albums: At most.
        minutes: At most; None for any.
        n_tracks: Tracks of an album, from its first; None for all.
    """

    n_albums: int = 20
    minutes: float | None = None
    n_tracks: int | None = None


def fill(albums: Sequence[Album], tracks_of: Mapping[str, Sequence[AlbumTrack]], limits: Limits) -> list[PlaylistAlbum]:
    """The first albums that have tracks, as many as the limits allow; one that is too long ends the list.

    Raises:
        PlaylistError: If not even the first album fits.
    """
    playlist: list[PlaylistAlbum] = []
    seconds = 0.0
    for album in albums:
        member = PlaylistAlbum(album, tuple(tracks_of.get(album.album_id, ()))[: limits.n_tracks])
        seconds += member.seconds
        if len(playlist) == limits.n_albums or (limits.minutes is not None and seconds > 60 * limits.minutes):
            break
        if member.tracks:
            playlist.append(member)
    if not playlist:
        if limits.minutes is not None and seconds > 0:
            raise PlaylistError(
                f"the first album alone plays {seconds / 60:.0f} minutes, which is more than {limits.minutes:g}; allow "
                "more --minutes or fewer tracks with --per-album"
            )
        raise PlaylistError("no album that was asked for has tracks; import the library again")
    return playlist


def fill_path(
    path_of: Callable[[int], Sequence[Album]], tracks_of: Mapping[str, Sequence[AlbumTrack]], limits: Limits
) -> list[PlaylistAlbum]:
    """The longest path that fits: a path that was cut off would not arrive.

    Args:
        path_of: The albums of a path of so many.
        tracks_of: As in `fill`.
        limits: Likewise.

    Raises:
        PlaylistError: If not even a path of two albums fits.
    """
    playlist: list[PlaylistAlbum] = []
    for n in range(limits.n_albums, 1, -1):
        albums = path_of(n)
        playlist = [PlaylistAlbum(a, tuple(tracks_of.get(a.album_id, ()))[: limits.n_tracks]) for a in albums]
        if limits.minutes is None or sum(member.seconds for member in playlist) <= 60 * limits.minutes:
            return playlist
    raise PlaylistError(
        f"no two albums from one mood to the other fit into {limits.minutes or 0:g} minutes; allow more --minutes, or "
        "fewer tracks with --per-album"
    )


def find_album(albums: Sequence[Album], name: str) -> Album:
    """An album by its id, its title, or its artist and title.

    Raises:
        PlaylistError: If there is none (near names are offered), or several are called so.
    """
    key = normalise_name(name)
    found = [a for a in albums if name == a.album_id or key in (normalise_name(a.title), _full(a))]
    if len(found) == 1:
        return found[0]
    if found:
        some = "; ".join(f"{title_of(album)} ({album.album_id})" for album in found[:_N_NAMES])
        raise PlaylistError(f"{len(found)} albums are called {name!r}: {some}; say artist and title, or the id")
    by_name = {**{_full(a): a for a in albums}, **{normalise_name(a.title): a for a in albums}}
    near = dict.fromkeys(
        title_of(by_name[k]) for k in difflib.get_close_matches(key, by_name, n=2 * _N_NAMES, cutoff=0.5)
    )
    hint = f"; did you mean {'; '.join(list(near)[:_N_NAMES])}?" if near else ""
    raise PlaylistError(f"no album {name!r} among the {len(albums):,} of the library{hint}")


def title_of(album: Album) -> str:
    """Artist and title, or the id."""
    return " – ".join(part for part in (album.artist, album.title) if part) or album.album_id


def _full(album: Album) -> str:
    return normalise_name(f"{album.artist} {album.title}")
