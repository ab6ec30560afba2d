"""Backbones by name: one module of this package per network, found by its file name."""

from __future__ import annotations

import dataclasses
import importlib
import importlib.util
import pkgutil
from pathlib import Path

from albumnet.errors import MissingExtraError, WeightsError
from albumnet.vision.backbones.base import Backbone

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


__all__ = ["Backbone", "list_backbones", "load_backbone"]
