"""Any timm model as a backbone, under the name `timm:<model name>`."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Any

import torch
from torch import nn

from albumnet.errors import WeightsError
from albumnet.vision.backbones.base import Backbone, read_weights
from albumnet.vision.hub import fetch_timm_weights
from albumnet.vision.transform import Transform


def load(name: str, *, weights: Path | None = None, convention: str | None = None) -> Backbone:
    """Load a timm model without its classifier, with the hub's weights or those of a safetensors file.

    Raises:
        WeightsError: If timm knows no such model, or the weights are of another one.
    """
    if convention is not None:
        raise WeightsError("timm models carry their own pixel convention; leave --convention out")
    module, config = _create(name.removeprefix("timm:"))
    path = weights or fetch_timm_weights(name.removeprefix("timm:"))
    tensors, _, digest = read_weights(path)
    _copy(tensors, module, path=path, name=name)
    module.eval().requires_grad_(False)
    return Backbone(
        name=name,
        module=module,
        transform=_transform(config),
        feature_shape=(
            int(module.num_features if not hasattr(module, "head_hidden_size") else module.head_hidden_size),
        ),
        weights_digest=digest,
        blocks=_blocks(module),
    )


def _create(model: str) -> tuple[Any, dict[str, Any]]:
    with warnings.catch_warnings():
        # timm reaches for deprecated parts of torch while it is imported.
        warnings.simplefilter("ignore")
        import timm
        from timm.data.config import resolve_model_data_config

        try:
            module = timm.create_model(model, pretrained=False, num_classes=0)
        except RuntimeError as error:
            raise WeightsError(f"timm has no model {model!r} ({error}); see timm.list_models()") from error
        return module, resolve_model_data_config(module)


def _copy(tensors: dict[str, torch.Tensor], module: nn.Module, *, path: Path, name: str) -> None:
    wanted = module.state_dict()
    lacking = [key for key, tensor in wanted.items() if key not in tensors or tensors[key].shape != tensor.shape]
    if lacking:
        raise WeightsError(
            f"{path} does not hold {name}: {len(lacking)} of {len(wanted)} tensors are missing or of another shape, "
            f"first {lacking[0]}"
        )
    module.load_state_dict({key: tensors[key] for key in wanted})


def _transform(config: dict[str, Any]) -> Transform:
    red, green, blue = (float(255 * value) for value in config["mean"])
    red_std, green_std, blue_std = (float(255 * value) for value in config["std"])
    interpolation = config["interpolation"] if config["interpolation"] in ("bilinear", "bicubic") else "bicubic"
    return Transform(
        size=int(config["input_size"][-1]),
        interpolation=interpolation,
        channels="RGB",
        mean=(red, green, blue),
        std=(red_std, green_std, blue_std),
    )


def _blocks(module: nn.Module) -> list[nn.Module]:
    """The parts in order: a long list of blocks is opened, so that the last few can be unfrozen alone."""
    blocks: list[nn.Module] = []
    for child in module.children():
        is_list = isinstance(child, nn.Sequential | nn.ModuleList) and len(child) > 1
        blocks += list(child.children()) if is_list else [child]
    return [block for block in blocks if any(True for _ in block.parameters())]
