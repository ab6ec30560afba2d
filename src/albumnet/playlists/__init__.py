"""Playlists: which albums, in which order, and as which file."""

from albumnet.playlists.m3u import to_m3u
from albumnet.playlists.navidrome import to_smart_playlist
from albumnet.playlists.paths import path_between
from albumnet.playlists.playlist import Limits, PlaylistAlbum, fill, fill_path, find_album, title_of
from albumnet.playlists.regions import Region, parse_region, rows_around, rows_within

__all__ = [
    "Limits",
    "PlaylistAlbum",
    "Region",
    "fill",
    "fill_path",
    "find_album",
    "parse_region",
    "path_between",
    "rows_around",
    "rows_within",
    "title_of",
    "to_m3u",
    "to_smart_playlist",
]
