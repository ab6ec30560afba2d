"""AlbumNet reads the mood of a record from its cover, and says honestly how much a cover tells."""

from __future__ import annotations

import os
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from albumnet.models.answers import Prediction as Prediction
    from albumnet.models.prediction import MoodModel as MoodModel
    from albumnet.models.prediction import load_model as load_model
    from albumnet.records import Album as Album
    from albumnet.records import MoodVocabulary as MoodVocabulary

# PyTorch asks the system for memory by pages of 4 kB unless told to take 2 MB at once, and looks before its first large
# array; those pages took half of the time of a training step of 137 million weights. 0 from outside leaves it as it is.
os.environ.setdefault("THP_MEM_ALLOC_ENABLE", "1")

_HOME = {
    "Album": "albumnet.records",
    "MoodVocabulary": "albumnet.records",
    "MoodModel": "albumnet.models.prediction",
    "Prediction": "albumnet.models.prediction",
    "load_model": "albumnet.models.prediction",
}
__all__ = ["Album", "MoodModel", "MoodVocabulary", "Prediction", "load_model"]


def __getattr__(name: str) -> Any:
    # Looked up on first use, so that `import albumnet` and `albumnet --help` load no heavy library.
    if name == "__version__":
        return version("albumnet")
    if name in _HOME:
        from importlib import import_module

        return getattr(import_module(_HOME[name]), name)
    raise AttributeError(f"module 'albumnet' has no attribute {name!r}")
