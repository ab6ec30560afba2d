"""How long `albumnet tag` takes for a library: the plan, writing, a second run, and taking it all back.

    python benchmarks/tag.py [--albums 1000] [--tracks 10] [--model RUN] [--folder DIR]

The library is made with ffmpeg and mutagen: files of a few kB in eight formats, covers of planted albums. Without
`--model`, a model is first trained on other planted albums. Every file's sound is compared with what it was before.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

import mutagen
import numpy as np
from mutagen import id3, mp4

from albumnet.planted import draw_world, write_world

ENCODERS = {
    ".mp3": ("-c:a", "libmp3lame", "-b:a", "32k", "-id3v2_version", "0"),
    ".flac": ("-c:a", "flac"),
    ".ogg": ("-c:a", "libvorbis", "-b:a", "48k"),
    ".opus": ("-c:a", "libopus", "-b:a", "16k"),
    ".m4a": ("-c:a", "aac", "-b:a", "32k"),
    ".wma": ("-c:a", "wmav2", "-b:a", "32k"),
    ".wv": ("-c:a", "wavpack"),
}
# A library's usual mix, MP3 twice: with ID3v2.3 and with ID3v2.4.
KINDS = (".mp3", ".flac", ".mp3", ".m4a", ".ogg", ".opus", ".wma", ".wv")
N_TRAINED_ON = 300
N_CHECKED = 100


def main() -> None:
    """Make, measure, print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--albums", type=int, default=1000)
    parser.add_argument("--tracks", type=int, default=10)
    parser.add_argument("--model", type=Path)
    parser.add_argument("--folder", type=Path, help="where to work; a temporary folder if not given")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        folder = options.folder or Path(temporary)
        run = options.model or train_model(folder)
        music = folder / "music"
        files = make_library(music, n_albums=options.albums, n_tracks=options.tracks)
        measure(music, files, run=run, cache=folder / "cache")


def measure(music: Path, files: Sequence[Path], *, run: Path, cache: Path) -> None:
    """Print seconds and what became of the files."""
    rng = np.random.default_rng(0)
    checked = [files[n] for n in rng.permutation(len(files))[:N_CHECKED]]
    sounds, tags = [sound_of(path) for path in checked], [tags_of(path) for path in checked]
    n_bytes = sum(path.stat().st_size for path in files)
    print(f"{len(files):,} files, {n_bytes / len(files) / 1000:.1f} kB each, {os.cpu_count()} processors", flush=True)
    likely = ("--model", run, "--min-probability", "0.05")
    for title, arguments in (
        ("plan (reads all tags and covers)", likely),
        ("write", (*likely, "--yes")),
        ("second run", (*likely, "--yes")),
        ("take back", ("--undo",)),
    ):
        seconds, processor_seconds, said = albumnet("tag", music, *arguments, cache=cache)
        load = os.getloadavg()[0]
        print(f"{title:34} {seconds:7.1f} s, {processor_seconds:6.1f} s of processor (load {load:.1f})", flush=True)
        print(f"{'':34} {said}")
        if title == "write":
            same = sum(sound_of(path) == sound for path, sound in zip(checked, sounds, strict=True))
            tagged = sum("ALBUMNET_MOOD" in str(tags_of(path)).upper() for path in checked)
            print(f"{'':34} {same} of {len(checked)} checked files sound as before, {tagged} have moods")
    same = sum(tags_of(path) == before for path, before in zip(checked, tags, strict=True))
    print(f"{'':34} {same} of {len(checked)} checked files have all the tags that they had")


def albumnet(*arguments: object, cache: Path) -> tuple[float, float, str]:
    """Seconds that a command took, those of them on a processor, and the line it said about the library."""
    start, before = time.perf_counter(), resource.getrusage(resource.RUSAGE_CHILDREN)
    command = [sys.executable, "-m", "albumnet", *map(str, arguments)]
    done = subprocess.run(
        command, capture_output=True, text=True, env=os.environ | {"XDG_CACHE_HOME": str(cache)}, check=False
    )
    seconds = time.perf_counter() - start
    if done.returncode:
        raise SystemExit(f"{' '.join(command)} ended with {done.returncode}: {done.stderr[-2000:]}")
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    processor_seconds = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return (
        seconds,
        processor_seconds,
        next(line for line in reversed(done.stderr.splitlines()) if line.startswith(str(arguments[1]))),
    )


def train_model(folder: Path) -> Path:
    """A model of planted albums."""
    table = write_world(
        draw_world(n_albums=N_TRAINED_ON, rng=np.random.default_rng(7), cover_size=128), folder / "world"
    )
    run, album_set, cache = folder / "run", folder / "set", folder / "cache"
    for arguments in (
        ("import", "table", table, "--covers", table.parent / "covers", "--out", album_set),
        ("features", album_set),
        ("train", album_set, "--model", "2", "--out", run, "--min-albums-per-mood", "4"),
    ):
        subprocess.run(
            [sys.executable, "-m", "albumnet", *map(str, arguments)],
            check=True, capture_output=True, env=os.environ | {"XDG_CACHE_HOME": str(cache)},
        )  # fmt: skip
    return run


def make_library(music: Path, *, n_albums: int, n_tracks: int) -> list[Path]:
    """Albums of one format each, with a picture beside the files."""
    sounds = {suffix: make_sound(suffix) for suffix in ENCODERS}
    world = write_world(
        draw_world(n_albums=n_albums, rng=np.random.default_rng(8), cover_size=128), music.parent / "new"
    )
    covers = sorted((world.parent / "covers").iterdir())
    files = []
    for n in range(n_albums):
        folder = music / f"artist {n // 3}" / f"album {n}"
        folder.mkdir(parents=True, exist_ok=True)
        (folder / f"cover{covers[n].suffix}").write_bytes(covers[n].read_bytes())
        kind = KINDS[n % len(KINDS)]
        for track in range(1, n_tracks + 1):
            path = folder / f"{track:02d}{kind}"
            path.write_bytes(sounds[kind])
            write_tags(path, album=f"Album {n}", artist=f"Artist {n // 3}", track=track, is_old=n % len(KINDS) == 2)
            files.append(path)
    return files


def make_sound(suffix: str) -> bytes:
    """A third of a second of a tone."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, f"tone{suffix}")
        tone = ("-f", "lavfi", "-i", "sine=frequency=440:sample_rate=48000:duration=0.3", "-ac", "1")
        subprocess.run(["ffmpeg", "-v", "error", *tone, *ENCODERS[suffix], str(path)], check=True)
        return path.read_bytes()


def write_tags(path: Path, *, album: str, artist: str, track: int, is_old: bool) -> None:
    """Album, artist, year and title, as the format has them."""
    values = {"album": album, "artist": artist, "title": f"Track {track}", "date": str(1960 + track)}
    if path.suffix == ".mp3":
        tags = id3.ID3()
        for frame, name in (("TALB", "album"), ("TPE1", "artist"), ("TPE2", "artist"), ("TIT2", "title")):
            tags.add(id3.Frames[frame](encoding=1, text=[values[name]]))
        tags.add(id3.TYER(encoding=0, text=[values["date"]]) if is_old else id3.TDRC(encoding=0, text=[values["date"]]))
        tags.save(path, v2_version=3 if is_old else 4)
        return
    audio = mutagen.File(path)
    if audio.tags is None:
        audio.add_tags()
    names = {
        ".m4a": ("\xa9alb", "aART", "\xa9nam", "\xa9day"),
        ".wma": ("WM/AlbumTitle", "WM/AlbumArtist", "Title", "WM/Year"),
        ".wv": ("Album", "Album Artist", "Title", "Year"),
    }.get(path.suffix, ("album", "albumartist", "title", "date"))
    for name, value in zip(names, values.values(), strict=True):
        audio[name] = [value]
    audio.save()


def sound_of(path: Path) -> str:
    """MD5 of the decoded samples."""
    command = ["ffmpeg", "-v", "error", "-xerror", "-i", str(path), "-map", "0:a", "-f", "md5", "-"]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def tags_of(path: Path) -> str:
    """All tags in a form that compares."""
    tags = mutagen.File(path).tags
    if isinstance(tags, id3.ID3 | mp4.MP4Tags):
        return json.dumps({key: repr(value) for key, value in sorted(tags.items())})
    return repr(sorted((key, str(value)) for key, value in tags.items()))


if __name__ == "__main__":
    main()
