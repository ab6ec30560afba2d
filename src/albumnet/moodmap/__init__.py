"""The map of an album set: its layout, places for new albums, mood names as a landscape; read and written."""

from albumnet.moodmap.landscape import MoodPlace, place_moods
from albumnet.moodmap.layout import DEFAULT_PERPLEXITY, Layout, lay_out
from albumnet.moodmap.mood_map import MapConfig, MoodMap, read_config, read_map, write_map

__all__ = [
    "DEFAULT_PERPLEXITY",
    "Layout",
    "MapConfig",
    "MoodMap",
    "MoodPlace",
    "lay_out",
    "place_moods",
    "read_config",
    "read_map",
    "write_map",
]
