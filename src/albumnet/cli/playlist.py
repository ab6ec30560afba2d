"""`albumnet playlist`: albums of a library in an order, as a file that players read."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from albumnet.cli.options import Force, Json, Vectors, Weights
from albumnet.cli.output import ProgressPrinter, command, list_failures, note
from albumnet.cli.tag import ModelName, printable_name

if TYPE_CHECKING:
    from albumnet.pipeline import OpenLibrary, Playlist
    from albumnet.playlists import Limits

_N_SHOWN = 20


@command
def playlist(
    words: Annotated[list[str] | None, typer.Argument(metavar="[WORD…]", help="What it should feel like.")] = None,
    library: Annotated[
        Path | None, typer.Option("--library", metavar="DIR|SET", help="Folder of music, or a set imported from one.")
    ] = None,
    model: ModelName = "starter",
    start: Annotated[
        str | None, typer.Option("--from", metavar="MOOD", help="Where a way through moods begins.")
    ] = None,
    end: Annotated[str | None, typer.Option("--to", metavar="MOOD", help="Where it ends.")] = None,
    mood_map: Annotated[
        Path | None, typer.Option("--map", metavar="MAP", help="A map of the library's albums.")
    ] = None,
    region: Annotated[
        str | None, typer.Option("--region", metavar="X0,Y0,X1,Y1", help="A part of the map; 0 to 1, y up.")
    ] = None,
    around: Annotated[
        str | None, typer.Option("--around", metavar="ALBUM", help="An album and its neighbours on the map.")
    ] = None,
    length: Annotated[int, typer.Option("--length", min=1, help="Albums at most; of a .nsp, tracks.")] = 20,
    minutes: Annotated[float | None, typer.Option("--minutes", min=1, help="How long it may play.")] = None,
    per_album: Annotated[int | None, typer.Option("--per-album", min=1, help="Tracks of each album at most.")] = None,
    out: Annotated[
        Path | None, typer.Option("--out", metavar="FILE", help=".m3u8, or .nsp for Navidrome; stdout if not given.")
    ] = None,
    vectors: Vectors = None,
    weights: Weights = None,
    force: Force = False,
    json: Json = False,
) -> None:
    """Make a playlist by words, or from mood to mood.

    Or of a part of a map.
    """
    from albumnet.playlists import Limits

    asked = _Asked(" ".join(words or ()), start, end, mood_map, region, around)
    is_smart = out is not None and out.suffix.lower() == ".nsp"
    _check_usage(asked, library, out)
    _check_out(out, force=force)
    if out is not None and is_smart:
        return _write_smart(asked.words, model, out=out, vectors=vectors, n_tracks=length)
    from albumnet import pipeline

    assert library is not None
    progress = ProgressPrinter()
    opened = pipeline.open_library(library, progress=progress)
    options = {"vectors": vectors, "weights": weights, "progress": progress}
    made = _make(opened, asked, Limits(length, minutes, per_album), model=model, options=options)
    return _give(made, opened, out=out, json=json)


@dataclass(frozen=True)
class _Asked:
    """What kind of playlist is wanted; one of words, a way, and a part of a map."""

    words: str
    start: str | None
    end: str | None
    mood_map: Path | None
    region: str | None
    around: str | None


def _check_usage(asked: _Asked, library: Path | None, out: Path | None) -> None:
    ways = {
        "words": asked.words,
        "--from and --to": asked.start or asked.end,
        "--region": asked.region,
        "--around": asked.around,
    }
    given = [way for way, is_given in ways.items() if is_given]
    if len(given) != 1:
        raise typer.BadParameter(f"give one of: {', '.join(ways)}" + (f" (not {' and '.join(given)})" if given else ""))
    if bool(asked.start) != bool(asked.end):
        raise typer.BadParameter("--from and --to go together")
    if bool(asked.region or asked.around) != bool(asked.mood_map):
        raise typer.BadParameter("--map goes with --region or --around")
    suffix = ".m3u8" if out is None else out.suffix.lower()
    if suffix not in (".m3u8", ".m3u", ".nsp"):
        raise typer.BadParameter(f"{out} ends in neither .m3u8 nor .nsp", param_hint="--out")
    if suffix == ".nsp" and not asked.words:
        raise typer.BadParameter("a .nsp is a rule about mood tags, so it takes words; use .m3u8 for the rest")
    if suffix != ".nsp" and library is None:
        raise typer.BadParameter("is needed, except for a .nsp", param_hint="--library")


def _check_out(out: Path | None, *, force: bool) -> None:
    from albumnet.errors import PlaylistError

    if out is not None and out.exists() and not force:
        raise PlaylistError(f"{out} exists; choose another --out, or pass --force to replace it")


def _make(library: OpenLibrary, asked: _Asked, limits: Limits, *, model: str, options: dict[str, Any]) -> Playlist:
    from albumnet import pipeline
    from albumnet.playlists import parse_region

    if asked.start and asked.end:
        return pipeline.playlist_between(library, model, asked.start, asked.end, limits=limits, **options)
    if asked.mood_map and asked.region:
        return pipeline.playlist_of_region(library, asked.mood_map, parse_region(asked.region), limits=limits)
    if asked.mood_map and asked.around:
        return pipeline.playlist_around(library, asked.mood_map, asked.around, limits=limits)
    return pipeline.playlist_by_words(library, model, asked.words, limits=limits, **options)


def _write_smart(text: str, model: str, *, out: Path, vectors: Path | None, n_tracks: int) -> None:
    from albumnet import pipeline
    from albumnet.dataset.atomic import write_text
    from albumnet.playlists import to_smart_playlist

    moods = pipeline.moods_for_words(model, text, vectors=vectors)
    write_text(out, to_smart_playlist(moods, title=text, n_tracks=n_tracks))
    note(f"{out}: tracks tagged {', '.join(moods)}; Navidrome finds them once `albumnet tag` has written moods")


def _give(made: Playlist, library: OpenLibrary, *, out: Path | None, json: bool) -> None:
    from albumnet.dataset.atomic import write_text
    from albumnet.playlists import title_of, to_m3u

    music_dir = library.tracks.music_dir
    beside = out.parent if out is not None else music_dir
    text, unnamed = to_m3u(made.albums, title=made.title, music_dir=music_dir, beside=beside)
    if out is not None:
        write_text(out, text)
    if json:
        _print_json(made)
    elif out is None:
        print(text, end="")
    for n, member in enumerate(made.albums[:_N_SHOWN], start=1):
        note(f"{n:3d}  {title_of(member.album)}  ({_clock(member.seconds)})")
    total = sum(member.seconds for member in made.albums)
    n_tracks = sum(len(member.tracks) for member in made.albums)
    note(
        f"{made.title}: {len(made.albums):,} albums, {n_tracks:,} tracks, {_clock(total)}" + (f"; {out}" if out else "")
    )
    if made.n_left_out:
        note(f"albumnet: note: {made.n_left_out:,} albums without a usable cover could not be placed")
    failures = [(f.item, f.reason) for f in library.failures]
    failures += [
        (printable_name(name), "its name is no line of UTF-8, so a playlist cannot name it") for name in unnamed
    ]
    failures += [(word, "no word vector; --vectors FILE may have it") for word in made.missing]
    list_failures(failures, what="files and words")


def _print_json(made: Playlist) -> None:
    import json

    albums = [
        {
            "album_id": member.album.album_id,
            "artist": member.album.artist,
            "title": member.album.title,
            "seconds": round(member.seconds, 1),
            "tracks": [printable_name(track.path) for track in member.tracks],
        }
        for member in made.albums
    ]
    content = {"title": made.title, "missing": list(made.missing), "n_left_out": made.n_left_out, "albums": albums}
    print(json.dumps(content, ensure_ascii=False, indent=1))


def _clock(seconds: float) -> str:
    minutes, left = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02d}:{left:02d}" if hours else f"{minutes}:{left:02d}"
