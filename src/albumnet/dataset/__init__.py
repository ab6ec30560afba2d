"""The album set on disk: tables, covers by content hash, splits, the feature store and the card."""

from albumnet.dataset.album_set import AlbumSet, CoverFailure, write_album_set
from albumnet.dataset.feature_store import FeatureManifest, FeatureStore
from albumnet.dataset.provenance import Provenance, Step, Terms
from albumnet.dataset.splits import SIDES, split_albums

__all__ = [
    "SIDES",
    "AlbumSet",
    "CoverFailure",
    "FeatureManifest",
    "FeatureStore",
    "Provenance",
    "Step",
    "Terms",
    "split_albums",
    "write_album_set",
]
