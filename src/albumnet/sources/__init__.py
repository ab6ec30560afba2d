"""Where albums come from: one module or package per source, each turning what it reads into an album set."""

from albumnet.sources.folders import import_folder
from albumnet.sources.importing import ImportResult
from albumnet.sources.library import import_library
from albumnet.sources.musicbrainz import import_musicbrainz
from albumnet.sources.tables import import_table

__all__ = ["ImportResult", "import_folder", "import_library", "import_musicbrainz", "import_table"]
