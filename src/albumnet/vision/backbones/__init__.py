"""Backbones by name: one module of this package per network, found by its file name."""

from __future__ import annotations

import dataclasses
import importlib
import importlib.resources
import importlib.util
import pkgutil
from pathlib import Path
from typing import TYPE_CHECKING

from albumnet.errors import MissingExtraError, WeightsError
from albumnet.vision.backbones.base import Backbone

if TYPE_CHECKING:
    import torch

TIMM_PREFIX = "timm:"
_NOT_BACKBONES = {"base", "timm_models"}


def list_backbones() -> tuple[str, ...]:
    """Names of the built-in backbones; `timm:<name>` loads any other."""
    return tuple(sorted(module.name for module in pkgutil.iter_modules(__path__) if module.name not in _NOT_BACKBONES))


def load_backbone(name: str, *, weights: Path | None = None, convention: str | None = None) -> Backbone:
    """Load a pretrained backbone, ready to turn covers into features.

    Args:
        name: One of `list_backbones()`, or `timm:<model name>`.
        weights: A safetensors file; None for the weights that come with the backbone, from an installed package or
            from the hub.
        convention: For weights that exist for two pixel conventions (caffe | torchvision), which one `weights` has;
            None to read it from the file.

    Raises:
        MissingExtraError: If the base install is all there is.
        WeightsError: If there is no such backbone, or its weights are missing or of another network.
    """
    if importlib.util.find_spec("torch") is None:
        raise MissingExtraError(
            "networks need PyTorch, which the base install leaves out; pip install 'albumnet[train]'"
        )
    if name.startswith(TIMM_PREFIX):
        module = importlib.import_module("albumnet.vision.backbones.timm_models")
        loaded: Backbone = module.load(name, weights=weights, convention=convention)
    elif name in list_backbones():
        module = importlib.import_module(f"albumnet.vision.backbones.{name}")
        loaded = module.load(weights=weights, convention=convention)
    else:
        raise WeightsError(f"no backbone {name!r}; there are {', '.join(list_backbones())} and timm:<model name>")
    return dataclasses.replace(loaded, weights=str(weights.resolve()) if weights else "")


def load_classifier(backbone: Backbone) -> torch.nn.Module:
    """What the backbone was trained to name: features (B, *feature_shape) -> logits (B, 1000) of ImageNet's classes.

    Raises:
        WeightsError: If its weights come without a classifier.
    """
    name = "timm_models" if backbone.name.startswith(TIMM_PREFIX) else backbone.name
    module = importlib.import_module(f"albumnet.vision.backbones.{name}")
    if not hasattr(module, "load_classifier"):
        raise WeightsError(f"{backbone.name} was never trained to name things, so it has no guesses")
    classifier: torch.nn.Module = module.load_classifier(backbone)
    return classifier.eval().requires_grad_(False)


def read_class_names() -> tuple[str, ...]:
    """ImageNet's 1,000 classes in the order of every classifier's outputs, named as torchvision names them."""
    text = importlib.resources.files("albumnet.vision").joinpath("data/imagenet_names.txt").read_text("utf-8")
    return tuple(text.splitlines())


__all__ = ["Backbone", "list_backbones", "load_backbone", "load_classifier", "read_class_names"]
