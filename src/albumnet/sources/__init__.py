"""Where albums come from: one module per source, each turning what it reads into an album set."""

from albumnet.sources.folders import import_folder
from albumnet.sources.importing import ImportResult
from albumnet.sources.tables import import_table

__all__ = ["ImportResult", "import_folder", "import_table"]
