"""Which tags of listeners stand for which mood: a table to edit, and the packaged one."""

from __future__ import annotations

from importlib import resources

from albumnet.records import MoodAliases, read_aliases


def load_mood_tags() -> MoodAliases:
    """The packaged table: listeners' tags to the mood names of AllMusic."""
    with resources.as_file(resources.files("albumnet.sources.musicbrainz") / "data" / "mood_tags.csv") as path:
        return read_aliases(path)
