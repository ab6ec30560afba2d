"""A backbone's graph run by OpenVINO, several requests at a time."""

from __future__ import annotations

import importlib.util
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from albumnet.errors import EngineError
from albumnet.vision.graphs import COVER

if TYPE_CHECKING:
    from jaxtyping import Float, UInt8

    from albumnet.vision.graphs import BackboneGraph

_HINTS = {"float32": "f32", "bfloat16": "bf16"}
# Each request takes this many covers, and each has another waiting behind it.
_COVERS_PER_REQUEST = 4


@dataclass(frozen=True)
class OpenVinoEngine:
    """OpenVINO on the processor.

    Attributes:
        name: "openvino".
        device: "cpu".
        precision: "float32" or "bfloat16".
        agreement: As in `Engine`.
        batch_size: Likewise.
    """

    precision: str
    batch_size: int
    feature_shape: tuple[int, ...]
    requests: Any = field(repr=False)
    agreement: float = 1.0
    name: str = "openvino"
    device: str = "cpu"

    def features(self, covers: UInt8[np.ndarray, "B size size 3"]) -> Float[np.ndarray, "B ..."]:
        """Features (B, *feature_shape), float32, of decoded covers."""
        found = np.empty((len(covers), *self.feature_shape), np.float32)

        def keep(request: Any, start: int) -> None:
            part = request.get_output_tensor(0).data
            found[start : start + len(part)] = part

        self.requests.set_callback(keep)
        for start in range(0, len(covers), _COVERS_PER_REQUEST):
            self.requests.start_async({COVER: covers[start : start + _COVERS_PER_REQUEST]}, start)
        self.requests.wait_all()
        return found


def is_installed() -> bool:
    """Whether OpenVINO is here."""
    return importlib.util.find_spec("openvino") is not None


def prepare(graph: BackboneGraph, *, precision: str) -> OpenVinoEngine:
    """Compile a graph for this processor.

    Args:
        graph: The backbone.
        precision: float32 | bfloat16.

    Raises:
        EngineError: If OpenVINO is not installed, or has no such precision.
        WeightsError: If the weights are of another network.
    """
    if not is_installed():
        raise EngineError("--engine openvino: OpenVINO is not installed; pip install 'albumnet[openvino]'")
    if precision not in _HINTS:
        raise EngineError(f"--engine openvino runs in {' or '.join(_HINTS)}, not in {precision}")
    import openvino

    core = openvino.Core()
    model = core.read_model(graph.content)
    hints = {"PERFORMANCE_HINT": "THROUGHPUT", "INFERENCE_PRECISION_HINT": _HINTS[precision]}
    requests = openvino.AsyncInferQueue(core.compile_model(model, "CPU", hints))
    return OpenVinoEngine(precision, 2 * _COVERS_PER_REQUEST * len(requests), graph.feature_shape, requests)


def has_bfloat16() -> bool:
    """Whether OpenVINO finds bfloat16 arithmetic in this processor."""
    import openvino

    return "BF16" in openvino.Core().get_property("CPU", "OPTIMIZATION_CAPABILITIES")
