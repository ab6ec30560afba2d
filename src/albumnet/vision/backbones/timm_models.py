"""Any timm model as a backbone, under the name `timm:<model name>`."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
from torch import nn

from albumnet.errors import WeightsError
from albumnet.vision.backbones.base import Backbone, GridSplit, read_weights
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
        split=_split(module),
    )


def load_classifier(backbone: Backbone) -> nn.Module:
    """The model's last layer, from the same weights.

    Raises:
        WeightsError: If they come without one, or it is not a layer upon the features.
    """
    model = backbone.name.removeprefix("timm:")
    path = Path(backbone.weights) if backbone.weights else fetch_timm_weights(model)
    module, _ = _create(model, has_classifier=True)
    classifier = module.get_classifier()
    if not isinstance(classifier, nn.Linear):
        raise WeightsError(f"{backbone.name} ends in {type(classifier).__name__}, not in a layer upon its features")
    _copy(read_weights(path)[0], module, path=path, name=f"{backbone.name} with its classifier")
    return classifier


def _create(model: str, *, has_classifier: bool = False) -> tuple[Any, dict[str, Any]]:
    with warnings.catch_warnings():
        # timm reaches for deprecated parts of torch while it is imported.
        warnings.simplefilter("ignore")
        import timm
        from timm.data.config import resolve_model_data_config

        try:
            options: dict[str, Any] = {} if has_classifier else {"num_classes": 0}
            module = timm.create_model(model, pretrained=False, **options)
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


def _split(module: nn.Module) -> GridSplit | None:
    """Where the model lies over the cover for the last time: its last grid, or the tokens before its last block."""
    if all(hasattr(module, part) for part in ("patch_embed", "_pos_embed", "norm_pre", "blocks", "norm")):
        return GridSplit(_token_grids, _pool_tokens, n_carried=1)
    if hasattr(module, "forward_features") and hasattr(module, "forward_head"):
        return GridSplit(_last_grid, _pool_last_grid)
    return None


def _last_grid(module: Any, covers: torch.Tensor) -> list[torch.Tensor]:
    grid = module.forward_features(covers)
    if grid.ndim != 4:
        raise WeightsError("this timm model ends in no grid over the cover; it can be explained by gradient methods")
    return [grid.permute(0, 3, 1, 2) if _has_channels_last(module) else grid]


def _pool_last_grid(module: Any, grids: Sequence[torch.Tensor]) -> torch.Tensor:
    grid = grids[0].permute(0, 2, 3, 1) if _has_channels_last(module) else grids[0]
    pooled: torch.Tensor = module.forward_head(grid, pre_logits=True)
    return pooled


def _has_channels_last(module: Any) -> bool:
    return getattr(module, "output_fmt", "NCHW") == "NHWC"


def _token_grids(module: Any, covers: torch.Tensor) -> list[torch.Tensor]:
    """Tokens of places before the last block, whose attention still mixes them into what is read; then the others."""
    x = module.norm_pre(module._pos_embed(module.patch_embed(covers)))
    for block in module.blocks[:-1]:
        x = block(x)
    n_prefix = int(module.num_prefix_tokens)
    places = x[:, n_prefix:].transpose(1, 2).unflatten(2, tuple(module.patch_embed.grid_size))  # (B, C, h, w)
    return [places, x[:, :n_prefix].transpose(1, 2)[:, :, None]]


def _pool_tokens(module: Any, grids: Sequence[torch.Tensor]) -> torch.Tensor:
    x = torch.cat([grid.flatten(2) for grid in reversed(grids)], dim=2).transpose(1, 2)
    pooled: torch.Tensor = module.forward_head(module.norm(module.blocks[-1](x)), pre_logits=True)
    return pooled


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
