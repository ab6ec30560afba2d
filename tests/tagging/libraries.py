"""Small music libraries with sound, and plans for them made without a model."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path

import real_audio
from albumnet.marks import MoodMark
from albumnet.records import Album
from albumnet.tagging import AlbumPlan, TagPlan, plan_file

MOODS = ("Wistful", "Nocturnal", "Laid-Back/Mellow", "Bleak", "Playful")
MODEL = "run@0123456789ab"


def make_library(music_dir: Path, *, n_albums: int = 2, kinds: Sequence[str] = real_audio.FORMATS) -> list[str]:
    """An album per folder with a file of each kind; the files' names."""
    names = []
    for n in range(n_albums):
        folder = music_dir / f"album {n}"
        folder.mkdir(parents=True)
        for track, kind in enumerate(kinds, start=1):
            path, version = real_audio.named(folder, kind)
            real_audio.write_audio(
                path, id3_version=version, album=f"Album {n}", albumartist=f"Artist {n}", title=f"Track {track}",
                tracknumber=str(track), date="1999",
            )  # fmt: skip
            names.append(path.relative_to(music_dir).as_posix())
    return names


def mark_of(name: str) -> MoodMark:
    """Moods that follow from a file's name."""
    first = hashlib.sha256(name.encode(errors="surrogateescape")).digest()[0] % len(MOODS)
    return MoodMark(MODEL, ((MOODS[first], 0.6), (MOODS[(first + 1) % len(MOODS)], 0.4)))


def plan_for(music_dir: Path, names: Sequence[str], *, force: bool = False, mark=mark_of) -> TagPlan:
    """All files as one album."""
    files = tuple(plan_file(music_dir / name, name=name, mark=mark(name), force=force) for name in names)
    return TagPlan(music_dir, MODEL, (AlbumPlan(Album("a"), None, None, files),), ())


def snapshot(music_dir: Path, names: Sequence[str]) -> dict[str, tuple[dict[str, str], str]]:
    """All tags and the sound of each file."""
    return {name: (real_audio.all_tags(music_dir / name), real_audio.sound_digest(music_dir / name)) for name in names}


def is_tagged(path: Path, name: str) -> bool:
    """Whether a file has the moods that follow from its name, all of them."""
    from albumnet.tagging import open_tags

    tags = open_tags(path).read()
    return tags.mark == mark_of(name) and tags.are_ours
