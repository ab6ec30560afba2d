"""Which engine runs a backbone here: by name, or the fastest in a short trial of those that agree with float32."""

from __future__ import annotations

import importlib.util
import time
import warnings
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from albumnet.errors import EngineError, MissingExtraError
from albumnet.vision.engines.agreement import (
    MIN_AGREEMENT,
    MIN_SAME_RANKING,
    Ranking,
    share_of_same_rankings,
    smallest_cosine,
)
from albumnet.vision.engines.base import TITLES, Engine
from albumnet.vision.graphs import BackboneGraph, has_graph, load_graph

if TYPE_CHECKING:
    from pathlib import Path

    from jaxtyping import UInt8

    from albumnet.vision.backbones import Backbone

TRIAL_S = 2.0


def open_backbone(
    name: str, *, weights: Path | None = None, convention: str | None = None, engine: str = "auto"
) -> Backbone | BackboneGraph:
    """A pretrained backbone as an engine needs it: in PyTorch where that is installed and not ruled out, else a graph.

    Args:
        name: As `load_backbone` takes it.
        weights: Likewise.
        convention: Likewise.
        engine: auto | torch | onnx | openvino.

    Raises:
        MissingExtraError: If it needs PyTorch, and the light install is all there is.
        WeightsError: If there is no such backbone, or its weights are missing or of another network.
    """
    if engine in ("onnx", "openvino") or (engine == "auto" and not has_torch() and has_graph(name)):
        return load_graph(name, weights=weights, convention=convention)
    from albumnet.vision.backbones import load_backbone

    return load_backbone(name, weights=weights, convention=convention)


def prepare_engine(
    backbone: Backbone | BackboneGraph,
    *,
    trial_covers: UInt8[np.ndarray, "B size size 3"],
    engine: str = "auto",
    device: str = "auto",
    precision: str = "auto",
    ranking: Ranking | None = None,
    trial_s: float = TRIAL_S,
    n_covers: int = 0,
) -> Engine:
    """Pick what runs a backbone here.

    By name, an engine runs if its features agree with float32's, and is refused otherwise. "auto" is PyTorch on a GPU;
    on a processor the fastest, in a short trial, of those that are installed, have the backbone's graph, and agree.

    Args:
        backbone: From `open_backbone`; a graph rules PyTorch out.
        trial_covers: A few decoded covers, on which features must agree (cosine >= 0.999).
        engine: auto | torch | onnx | openvino.
        device: auto | cpu | cuda.
        precision: auto | float32 | bfloat16 | amp.
        ranking: Features to a number per mood; where given, the likeliest moods of 99 % of the trial covers must also
            come in float32's order.
        trial_s: How long the trial may take; 0 for none, which takes PyTorch before ONNX Runtime.
        n_covers: How many will come, as far as that is known; a GPU's network is compiled for very many.

    Raises:
        EngineError: If an engine asked for by name is missing, cannot run this, or disagrees.
        MissingExtraError: If PyTorch is asked for and missing.
    """
    if isinstance(backbone, BackboneGraph):
        graph, module = backbone, None
    else:
        graph, module = None, backbone
    if engine == "torch" or (engine == "auto" and module is not None and _belongs_to_torch(module, device, precision)):
        return _prepare_torch(module, trial_covers, device=device, precision=precision, n_covers=n_covers)
    if device == "cuda":
        raise EngineError(f"--engine {engine} runs on the processor; for --device cuda pass --engine torch")
    graph = graph or graph_of(module)
    if engine != "auto":
        return _prepare_by_name(engine, graph, module, trial_covers, precision=precision, ranking=ranking)
    first = (
        _prepare_torch(module, trial_covers, device="cpu", precision=precision)
        if module is not None
        else _prepare_onnx(graph, precision=precision)
    )
    if trial_s <= 0:
        return first
    others = ["onnx"] if module is not None else []
    others += ["openvino"] if importlib.util.find_spec("openvino") is not None else []
    candidates = [first]
    for name in others:
        try:
            candidates.append(_prepare_by_name(name, graph, module, trial_covers, precision=precision, ranking=ranking))
        except EngineError as error:
            warnings.warn(str(error), stacklevel=2)
    return fastest(candidates, trial_covers, trial_s=trial_s)


def fastest(engines: Sequence[Engine], covers: UInt8[np.ndarray, "B size size 3"], *, trial_s: float) -> Engine:
    """The engine with the shortest call per cover of those that took turns for some seconds; the only one at once."""
    if len(engines) == 1:
        return engines[0]
    best = [float("inf")] * len(engines)
    batches = [np.resize(covers, (engine.batch_size, *covers.shape[1:])) for engine in engines]
    for engine, batch in zip(engines, batches, strict=True):
        engine.features(batch)  # the first call of most engines prepares the others
    end = time.perf_counter() + trial_s
    while time.perf_counter() < end:
        for n, (engine, batch) in enumerate(zip(engines, batches, strict=True)):
            start = time.perf_counter()
            engine.features(batch)
            best[n] = min(best[n], (time.perf_counter() - start) / len(batch))
    return engines[int(np.argmin(best))]


def graph_of(backbone: Backbone | None) -> BackboneGraph:
    """A backbone's graph, of the values that its module has now.

    Raises:
        EngineError: If it has none.
    """
    if backbone is None or not has_graph(backbone.name):
        raise EngineError(
            f"{backbone.name if backbone else 'this backbone'} runs in PyTorch only; pass --engine torch or auto"
        )
    return BackboneGraph(
        backbone.name, backbone.transform, backbone.feature_shape, backbone.weights_digest, backbone.batch_size,
        weights=backbone.weights, tuned={n: t.detach().cpu().numpy() for n, t in backbone.module.state_dict().items()},
    )  # fmt: skip


def has_torch() -> bool:
    """Whether PyTorch is installed."""
    return importlib.util.find_spec("torch") is not None


def _belongs_to_torch(backbone: Backbone, device: str, precision: str) -> bool:
    from albumnet.vision.engines import torch_engine

    return not has_graph(backbone.name) or precision == "amp" or torch_engine.settle_device(device) == "cuda"


def _prepare_torch(
    backbone: Backbone | None, covers: np.ndarray, *, device: str, precision: str, n_covers: int = 0
) -> Engine:
    if backbone is None:
        raise MissingExtraError("--engine torch needs PyTorch; pip install 'albumnet[train]'")
    from albumnet.vision.engines import torch_engine

    return torch_engine.prepare(backbone, trial_covers=covers, device=device, precision=precision, n_covers=n_covers)


def _prepare_onnx(graph: BackboneGraph, *, precision: str) -> Engine:
    from albumnet.vision.engines import onnx_engine

    if precision not in ("auto", "float32"):
        raise EngineError(f"--engine onnx runs in float32, not in {precision}")
    return onnx_engine.prepare(graph)


def _prepare_by_name(
    name: str,
    graph: BackboneGraph,
    module: Backbone | None,
    covers: np.ndarray,
    *,
    precision: str,
    ranking: Ranking | None,
) -> Engine:
    """An engine of graphs, held against the plain float32 network: PyTorch's where it is there, else ONNX Runtime's."""
    if name == "onnx" and module is None:
        return _prepare_onnx(graph, precision=precision)
    wanted = _plain(graph, module).features(covers)
    if name == "onnx":
        onnx = _prepare_onnx(graph, precision=precision)
        return _accept(onnx, wanted, covers, ranking=ranking)
    from albumnet.vision.engines import openvino_engine

    tolerates = module.tolerates_bfloat16 if module is not None else graph.tolerates_bfloat16
    if precision == "bfloat16" or (precision == "auto" and tolerates and openvino_engine.has_bfloat16()):
        low = openvino_engine.prepare(graph, precision="bfloat16")
        try:
            return _accept(low, wanted, covers, ranking=ranking)
        except EngineError as error:
            if precision == "bfloat16":
                warnings.warn(str(error), stacklevel=2)
    if precision == "amp":
        raise EngineError("--precision amp is for GPUs, which --engine openvino does not use; leave it out")
    return _accept(openvino_engine.prepare(graph, precision="float32"), wanted, covers, ranking=ranking)


def _plain(graph: BackboneGraph, module: Backbone | None) -> Engine:
    if module is None:
        return _prepare_onnx(graph, precision="float32")
    from albumnet.vision.engines import torch_engine

    return torch_engine.plain(module)


def _accept(engine: Engine, wanted: np.ndarray, covers: np.ndarray, *, ranking: Ranking | None) -> Engine:
    """The engine with its agreement.

    Raises:
        EngineError: If it does not give what plain float32 gives.
    """
    found = engine.features(covers)
    agreement = smallest_cosine(wanted, found)
    title = f"{TITLES[engine.name]} in {engine.precision}"
    if agreement < MIN_AGREEMENT:
        raise EngineError(f"{title} agrees with float32 only to cosine {agreement:.4f}; not used")
    if ranking is not None and (same := share_of_same_rankings(ranking(wanted), ranking(found))) < MIN_SAME_RANKING:
        raise EngineError(f"{title} ranks the moods of {1 - same:.0%} of the trial covers otherwise; not used")
    return replace(engine, agreement=agreement)  # type: ignore[type-var]  # every engine of graphs is a dataclass
