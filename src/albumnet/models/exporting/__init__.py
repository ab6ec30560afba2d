"""A trained model as one ONNX graph, for programs that know nothing of AlbumNet."""

from albumnet.models.exporting.graph import as_onnx
from albumnet.models.exporting.running import ExportedModel

__all__ = ["ExportedModel", "as_onnx"]
