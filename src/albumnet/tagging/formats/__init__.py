"""Which kind of tags an audio file has, found by what is in it rather than by its name."""

from __future__ import annotations

from pathlib import Path

from albumnet.errors import TagError
from albumnet.tagging.formats.ape import ApeFile
from albumnet.tagging.formats.asf import AsfFile
from albumnet.tagging.formats.base import Entry, MoodTags, TaggedFile
from albumnet.tagging.formats.id3 import ChunkFile, Mp3File
from albumnet.tagging.formats.mp4 import Mp4File
from albumnet.tagging.formats.vorbis import FlacFile, VorbisFile

__all__ = ["Entry", "MoodTags", "TaggedFile", "list_formats", "open_tags"]

# Names of mutagen's classes.
_KINDS: dict[str, type[TaggedFile]] = {
    "MP3": Mp3File,
    "AIFF": ChunkFile,
    "WAVE": ChunkFile,
    "FLAC": FlacFile,
    "OggVorbis": VorbisFile,
    "OggOpus": VorbisFile,
    "OggFLAC": VorbisFile,
    "OggSpeex": VorbisFile,
    "MP4": Mp4File,
    "ASF": AsfFile,
    "MonkeysAudio": ApeFile,
    "Musepack": ApeFile,
    "WavPack": ApeFile,
}


def list_formats() -> tuple[str, ...]:
    """mutagen's names of the formats that moods can be written into."""
    return tuple(_KINDS)


def open_tags(path: Path) -> TaggedFile:
    """Open an audio file for its mood tags.

    Raises:
        TagError: If it cannot be read, is of a format that moods are not written into, or has tags that could not be
            kept as they are.
    """
    import mutagen

    try:
        audio = mutagen.File(path)
        if audio is None:
            raise TagError("no audio file of a known format, whatever its name says")
        kind = _KINDS.get(type(audio).__name__)
        if kind is None:
            raise TagError(f"{type(audio).__name__} is no format that moods are written into")
        return kind(path)
    except TagError:
        raise
    except Exception as error:  # a parser fed broken files may raise anything
        raise TagError(f"cannot be read: {' '.join(str(error).split()) or type(error).__name__}") from error
