"""A graph put together node by node: operators and arrays in, an ONNX model out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from onnx import TensorProto, checker, helper, numpy_helper

if TYPE_CHECKING:
    from onnx import ModelProto

    from albumnet.vision.transform import Transform

# The oldest that has every operator used here: engines of 2022 on read it.
OPSET = 17
IR_VERSION = 8
PRODUCER = "albumnet"


class GraphBuilder:
    """Nodes in the order in which they are computed; every method returns the name of its result.

    Results have the batch B as their first axis.
    """

    def __init__(self) -> None:
        self._nodes: list[Any] = []
        self._arrays: list[Any] = []
        self._inputs: list[Any] = []

    def input(self, name: str, dtype: type[np.generic], shape: Sequence[int]) -> str:
        """An input (B, *shape)."""
        self._inputs.append(helper.make_tensor_value_info(name, _element_type(dtype), ["B", *shape]))
        return name

    def array(self, values: np.ndarray) -> str:
        """Numbers that are part of the graph."""
        name = f"array_{len(self._arrays)}"
        self._arrays.append(numpy_helper.from_array(np.ascontiguousarray(values), name))
        return name

    def number(self, value: float) -> str:
        """One float32."""
        return self.array(np.array([value], np.float32))

    def node(self, operator: str, *inputs: str, **attributes: Any) -> str:
        """An operator of ONNX with one result."""
        name = f"{operator.lower()}_{len(self._nodes)}"
        self._nodes.append(helper.make_node(operator, inputs, [name], name=name, **attributes))
        return name

    def linear(self, x: str, weight: np.ndarray, bias: np.ndarray | None = None) -> str:
        """(B, in) -> (B, out) with a weight (out, in)."""
        extra = () if bias is None else (self.array(bias.astype(np.float32)),)
        return self.node("Gemm", x, self.array(weight.astype(np.float32)), *extra, transB=1)

    def convolution(
        self, x: str, weight: np.ndarray, bias: np.ndarray, *, stride: int = 1, groups: int = 1, pads: Sequence[int]
    ) -> str:
        """(B, C, H, W) -> (B, out, H', W'); `pads` are top, left, bottom, right."""
        arrays = self.array(weight.astype(np.float32)), self.array(bias.astype(np.float32))
        return self.node(
            "Conv", x, *arrays, group=groups, kernel_shape=weight.shape[2:], pads=list(pads), strides=[stride, stride]
        )

    def normalise(self, pixels: str, transform: Transform) -> str:
        """RGB pixels (B, H, W, 3) in 0..255 as a network takes them: (B, 3, H, W), as `Transform.normalise` does."""
        if transform.channels == "BGR":
            pixels = self.node("Gather", pixels, self.array(np.array([2, 1, 0], np.int64)), axis=3)
        values = self.node("Cast", pixels, to=TensorProto.FLOAT)
        shifted = self.node("Sub", values, self.array(np.array(transform.mean, np.float32)))
        scaled = self.node("Div", shifted, self.array(np.array(transform.std, np.float32)))
        return self.node("Transpose", scaled, perm=[0, 3, 1, 2])

    def finish(self, outputs: Mapping[str, tuple[str, Sequence[int]]], *, metadata: Mapping[str, str]) -> ModelProto:
        """The model, checked.

        Args:
            outputs: What the outputs are called -> the result that each is, and its shape without the batch.
            metadata: As in `metadata_props`.
        """
        for name, (result, _) in outputs.items():
            self._nodes.append(helper.make_node("Identity", [result], [name], name=f"give_{name}"))
        told = [helper.make_tensor_value_info(n, TensorProto.FLOAT, ["B", *shape]) for n, (_, shape) in outputs.items()]
        graph = helper.make_graph(self._nodes, PRODUCER, self._inputs, told, self._arrays)
        model: ModelProto = helper.make_model(
            graph, opset_imports=[helper.make_opsetid("", OPSET)], ir_version=IR_VERSION, producer_name=PRODUCER
        )
        helper.set_model_props(model, dict(metadata))
        checker.check_model(model)
        return model


def _element_type(dtype: type[np.generic]) -> int:
    return int(helper.np_dtype_to_tensor_dtype(np.dtype(dtype)))
