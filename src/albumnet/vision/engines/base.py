"""What every engine is."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    import numpy as np
    from jaxtyping import Float, UInt8

# "torch" where PyTorch runs the backbone's own module, the others where they run its graph.
ENGINES = ("auto", "torch", "onnx", "openvino")
TITLES = {"torch": "PyTorch", "onnx": "ONNX Runtime", "openvino": "OpenVINO"}


class Engine(Protocol):
    """A backbone that runs: decoded covers in, features out."""

    @property
    def name(self) -> str:
        """One of `ENGINES`."""

    @property
    def device(self) -> str:
        """ "cpu" or "cuda"."""

    @property
    def precision(self) -> str:
        """ "float32", "bfloat16" or, on a GPU, "float16"."""

    @property
    def agreement(self) -> float:
        """Smallest cosine against the plain float32 network on the trial covers; 1.0 when it is that network."""

    @property
    def batch_size(self) -> int:
        """Covers per call at which it is fastest."""

    def features(self, covers: UInt8[np.ndarray, "B size size 3"]) -> Float[np.ndarray, "B ..."]:
        """Features (B, *feature_shape), float32, of decoded covers."""
