"""A music library whose covers are those of planted albums."""

from pathlib import Path

import real_audio

KINDS = ("flac", "mp3 v2.3", "m4a")


def make_music(music: Path, covers: Path, *, n_albums: int = 4, kinds=KINDS) -> Path:
    """An album per folder; odd ones have their cover inside, even ones beside them."""
    real_audio.need_ffmpeg()
    pictures = sorted(covers.iterdir())
    for n in range(n_albums):
        folder = music / f"artist {n}" / f"album {n}"
        folder.mkdir(parents=True)
        cover = pictures[n].read_bytes()
        for track, kind in enumerate(kinds, start=1):
            path, version = real_audio.named(folder, kind)
            tags = {"album": f"Album {n}", "albumartist": f"Artist {n}", "artist": f"Artist {n}", "genre": "Rock"}
            tags |= {"title": f"Track {track}", "tracknumber": str(track), "date": str(1970 + n)}
            real_audio.write_audio(path, id3_version=version, cover=cover if n % 2 else None, **tags)
        if not n % 2:
            (folder / f"cover{pictures[n].suffix}").write_bytes(cover)
    return music
