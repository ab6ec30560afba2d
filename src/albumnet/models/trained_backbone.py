"""The backbone that a model was trained with, found again: in PyTorch, as a graph, and run by an engine."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from albumnet.dataset.feature_store import FeatureManifest
from albumnet.errors import FeatureStoreError
from albumnet.vision.transform import Transform

if TYPE_CHECKING:
    import numpy as np

    from albumnet.vision.backbones import Backbone
    from albumnet.vision.engines.agreement import Ranking
    from albumnet.vision.engines.base import Engine
    from albumnet.vision.graphs import BackboneGraph


@dataclass(frozen=True)
class TrainedBackbone:
    """What a run says of its backbone.

    Attributes:
        wanted: Its name, and the digests of its weights and transform.
        weights: Its weights file; None for the weights that come with it.
        tuned: Arrays that fine-tuning put in place of the weights' own, by the name of their layer.
    """

    wanted: FeatureManifest
    weights: Path | None
    tuned: Mapping[str, np.ndarray] = field(repr=False)

    @property
    def transform(self) -> Transform:
        """What covers are decoded to."""
        settings = self.wanted.transform
        return Transform(**{**settings, "mean": tuple(settings["mean"]), "std": tuple(settings["std"])})

    def load_module(self) -> Backbone:
        """The backbone in PyTorch, with fine-tuned blocks where there are any.

        Raises:
            FeatureStoreError: If its weights or transform are not those the model was trained with.
            MissingExtraError: If PyTorch is not installed.
        """
        from albumnet.vision.backbones import load_backbone

        backbone = load_backbone(self.wanted.backbone, weights=self.weights, convention=self._convention)
        self._check(backbone)
        if self.tuned:
            import torch

            tuned = {name: torch.from_numpy(array.copy()) for name, array in self.tuned.items()}
            backbone.module.load_state_dict(tuned, strict=False)
        return backbone

    def load_graph(self) -> BackboneGraph:
        """The backbone as a graph, with fine-tuned blocks where there are any.

        Raises:
            FeatureStoreError: If its weights or transform are not those the model was trained with.
            WeightsError: If it has none.
        """
        from albumnet.vision.graphs import load_graph

        graph = load_graph(self.wanted.backbone, weights=self.weights, convention=self._convention, tuned=self.tuned)
        self._check(graph)
        return graph

    def open_engine(self, name: str, *, load: Callable[[], Backbone], ranking: Ranking) -> Engine:
        """What runs the backbone for a few covers.

        "auto" is what starts soonest: ONNX Runtime, or PyTorch where there is no graph.

        Args:
            name: auto | torch | onnx | openvino.
            load: The backbone in PyTorch.
            ranking: Features to a number per mood, whose order an engine must keep.

        Raises:
            EngineError: If an engine asked for by name is missing, cannot run this, or disagrees.
        """
        from albumnet.vision.graphs import has_graph

        if name == "torch" or (name == "auto" and not has_graph(self.wanted.backbone)):
            from albumnet.vision.engines import torch_engine

            return torch_engine.plain(load())
        if name in ("auto", "onnx"):
            from albumnet.vision.engines import onnx_engine

            return onnx_engine.prepare(self.load_graph())
        from albumnet.vision.engines.choosing import prepare_engine
        from albumnet.vision.engines.trial_covers import draw_trial_covers

        covers = draw_trial_covers(self.transform.size)
        return prepare_engine(self.load_graph(), trial_covers=covers, engine=name, ranking=ranking)

    def try_engines(self, name: str, *, load: Callable[[], Backbone], ranking: Ranking, trial_s: float) -> Engine:
        """What runs the backbone for many covers: "auto" is the fastest that is here and agrees.

        Args:
            name: auto | torch | onnx | openvino.
            load: The backbone in PyTorch.
            ranking: Features to a number per mood, whose order an engine must keep.
            trial_s: How long finding out may take.

        Raises:
            EngineError: If an engine asked for by name is missing, cannot run this, or disagrees.
        """
        from albumnet.vision.engines.choosing import has_torch, prepare_engine
        from albumnet.vision.engines.trial_covers import draw_trial_covers

        backbone = load() if name == "torch" or (name == "auto" and has_torch()) else self.load_graph()
        covers = draw_trial_covers(self.transform.size)
        return prepare_engine(backbone, trial_covers=covers, engine=name, ranking=ranking, trial_s=trial_s)

    @property
    def _convention(self) -> str | None:
        if self.wanted.backbone != "vgg16":
            return None
        return "torchvision" if self.wanted.transform["channels"] == "RGB" else "caffe"

    def _check(self, backbone: Backbone | BackboneGraph) -> None:
        for what, found, trained in (
            ("weights", backbone.weights_digest, self.wanted.weights_digest),
            ("transform", backbone.transform.digest, self.wanted.transform_digest),
        ):
            if found != trained:
                raise FeatureStoreError(
                    f"the model was trained with {self.wanted.backbone} {what} {trained}, but {found} is here; "
                    "give the same weights with --weights"
                )
