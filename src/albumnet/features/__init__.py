"""Covers through a backbone, into the set's feature store: resumable, with decoding beside the network."""

from albumnet.features.extraction import ExtractionResult, extract_features, missing_covers

__all__ = ["ExtractionResult", "extract_features", "missing_covers"]
