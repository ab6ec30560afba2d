"""A backbone's graph run by ONNX Runtime: no torch, and the soonest to start."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from albumnet.vision.graphs import COVER, FEATURES

if TYPE_CHECKING:
    from jaxtyping import Float, UInt8

    from albumnet.vision.graphs import BackboneGraph


@dataclass(frozen=True)
class OnnxEngine:
    """ONNX Runtime on the processor, in float32.

    Attributes:
        name: "onnx".
        device: "cpu".
        precision: "float32".
        agreement: As in `Engine`.
        batch_size: Likewise.
    """

    batch_size: int
    session: Any = field(repr=False)
    agreement: float = 1.0
    name: str = "onnx"
    device: str = "cpu"
    precision: str = "float32"

    def features(self, covers: UInt8[np.ndarray, "B size size 3"]) -> Float[np.ndarray, "B ..."]:
        """Features (B, *feature_shape), float32, of decoded covers."""
        found: np.ndarray = self.session.run([FEATURES], {COVER: np.ascontiguousarray(covers)})[0]
        return found


def prepare(graph: BackboneGraph) -> OnnxEngine:
    """Load a graph.

    Raises:
        WeightsError: If the weights are of another network.
    """
    return OnnxEngine(graph.batch_size, open_session(graph.content))


def open_session(content: bytes | Path) -> Any:
    """ONNX Runtime's session of a model or a model's file, on the processor."""
    import onnxruntime

    # Errors only: on machines without a GPU it warns about every device it looks for.
    onnxruntime.set_default_logger_severity(3)
    options = onnxruntime.SessionOptions()
    # Threads that wait by spinning take the processor from the decoding of the next covers.
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    return onnxruntime.InferenceSession(content, options, providers=["CPUExecutionProvider"])
