"""EfficientNet-Lite0 in PyTorch, its ImageNet weights from an installed package, without network.

What its layers and features are stands in `vision.networks.efficientnet_lite0`. Defined here rather than taken from
timm because importing timm alone takes longer than reading a cover's moods may.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import nn

from albumnet.errors import WeightsError
from albumnet.vision.backbones.base import Backbone, GridSplit, read_weights
from albumnet.vision.fused import FusedConv
from albumnet.vision.networks import efficientnet_lite0 as network
from albumnet.vision.networks.efficientnet_lite0 import FEATURE_DIM, FIRST_TOLD_STAGE, POOLED_DIM, TRANSFORM
from albumnet.vision.networks.weight_files import digest_weights, read_legacy_checkpoint

if TYPE_CHECKING:
    from albumnet.vision.backbones.base import Forward


def load(*, weights: Path | None = None, convention: str | None = None) -> Backbone:
    """Load EfficientNet-Lite0 with the installed package's weights, or a safetensors file with timm's names."""
    if convention is not None:
        raise WeightsError("efficientnet_lite0 has one pixel convention; leave --convention out")
    arrays = network.read_arrays(weights)
    path = weights or network.find_weights()
    module = EfficientNetLite0()
    _copy(arrays, module, path=path)
    module.eval().requires_grad_(False)
    return Backbone(
        name="efficientnet_lite0",
        module=module,
        transform=TRANSFORM,
        feature_shape=(FEATURE_DIM,),
        weights_digest=digest_weights(path),
        blocks=[module.stem, *module.stages, module.head],
        fast=lambda dtype: _fused(module, dtype=dtype),
        tolerates_bfloat16=network.TOLERATES_BFLOAT16,
        # Four covers' activations stay in the cache; 32 at a time were 1.6 times slower.
        batch_size=4,
        split=GridSplit(grids=EfficientNetLite0.grids, pool=lambda _, grids: pool_grids(grids[0], grids[1:])),
    )


def load_classifier(backbone: Backbone) -> nn.Module:
    """The last layer that came with the weights; it reads the pooled features and leaves the stages' statistics alone.

    Raises:
        WeightsError: If the weights' file has none.
    """
    path = Path(backbone.weights) if backbone.weights else network.find_weights()
    if backbone.weights:
        tensors = read_weights(path)[0]
    else:
        tensors = {name: torch.from_numpy(array) for name, array in read_legacy_checkpoint(path).items()}
    for prefix in ("_fc", "classifier"):
        if f"{prefix}.weight" in tensors:
            layer = nn.Linear(POOLED_DIM, len(tensors[f"{prefix}.bias"]))
            layer.load_state_dict({part: tensors[f"{prefix}.{part}"] for part in ("weight", "bias")})
            return nn.Sequential(_PooledFeatures(), layer)
    raise WeightsError(f"{path} holds no classifier, so efficientnet_lite0 has no guesses; give full weights")


class _PooledFeatures(nn.Module):
    def forward(self, features: torch.Tensor) -> torch.Tensor:
        """(B, 2688) -> (B, 1280)."""
        return features[:, :POOLED_DIM]


class EfficientNetLite0(nn.Module):
    """Normalised covers (B, 3, 224, 224) -> features (B, 2688)."""

    def __init__(self) -> None:
        super().__init__()
        self.stem = ConvNormAct(3, network.STEM_DIM, kernel=3, stride=2)
        stages: list[nn.Module] = []
        channels = network.STEM_DIM
        for expansion, out, repeats, stride, kernel in network.STAGES:
            blocks = []
            for n in range(repeats):
                blocks.append(InvertedResidual(channels, out, expansion, kernel=kernel, stride=stride if n == 0 else 1))
                channels = out
            stages.append(nn.Sequential(*blocks))
        self.stages = nn.ModuleList(stages)
        self.head = ConvNormAct(channels, POOLED_DIM, kernel=1)

    def forward(self, covers: torch.Tensor) -> torch.Tensor:
        """(B, 3, H, W) -> (B, 2688)."""
        last, *told = self.grids(covers)
        return pool_grids(last, told)

    def grids(self, covers: torch.Tensor) -> list[torch.Tensor]:
        """What the features are pooled from: the last convolution's output, then those of the stages told of."""
        x, told = self.stem(covers), []
        for n, stage in enumerate(self.stages):
            x = stage(x)
            if n >= FIRST_TOLD_STAGE:
                told.append(x)
        return [self.head(x), *told]


def pool_grids(last: torch.Tensor, told: Sequence[torch.Tensor]) -> torch.Tensor:
    """Mean over the grid of the last convolution, then means and spreads of the stages told of: (B, 2688)."""
    spreads = [grid.std(dim=(2, 3), correction=0) for grid in told]
    return torch.cat([last.mean(dim=(2, 3)), *(grid.mean(dim=(2, 3)) for grid in told), *spreads], dim=1)


class ConvNormAct(nn.Module):
    """Convolution with TensorFlow's SAME padding, batch norm, and ReLU6 unless `act` is off."""

    def __init__(
        self, channels: int, out: int, *, kernel: int, stride: int = 1, groups: int = 1, act: bool = True
    ) -> None:
        super().__init__()
        self.conv = nn.Conv2d(channels, out, kernel, stride=stride, groups=groups, bias=False)
        self.bn = nn.BatchNorm2d(out, eps=network.NORM_EPSILON)
        self.act = act

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """(B, C, H, W) -> (B, out, ceil(H / stride), ceil(W / stride))."""
        x = self.bn(self.conv(nn.functional.pad(x, same_padding(x, self.conv))))
        return nn.functional.relu6(x) if self.act else x


class InvertedResidual(nn.Module):
    """Expand by 1x1, filter each channel by itself, project by 1x1; added to the input where shapes allow."""

    def __init__(self, channels: int, out: int, expansion: int, *, kernel: int, stride: int) -> None:
        super().__init__()
        hidden = channels * expansion
        self.layers = nn.Sequential(
            *([ConvNormAct(channels, hidden, kernel=1)] if expansion > 1 else []),
            ConvNormAct(hidden, hidden, kernel=kernel, stride=stride, groups=hidden),
            ConvNormAct(hidden, out, kernel=1, act=False),
        )
        self.has_skip = stride == 1 and channels == out

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """(B, C, H, W) -> (B, out, ceil(H / stride), ceil(W / stride))."""
        y: torch.Tensor = self.layers(x)
        return x + y if self.has_skip else y

    def norm_layers(self) -> list[ConvNormAct]:
        """The two or three convolutions in order."""
        return [layer for layer in self.layers if isinstance(layer, ConvNormAct)]


def same_padding(x: torch.Tensor, conv: nn.Conv2d) -> tuple[int, int, int, int]:
    """Left, right, top, bottom: TensorFlow's SAME, which puts the odd pixel right and below."""
    kernel, stride = conv.kernel_size[0], conv.stride[0]
    width, height = (network.same_padding(x.shape[d], kernel=kernel, stride=stride) for d in (3, 2))
    return *width, *height


def _fused(module: EfficientNetLite0, *, dtype: torch.dtype) -> Forward:
    """The same network with batch norm folded into the weights and ReLU6 and the skip done inside the convolution."""
    stem, head = _fuse(module.stem, dtype), _fuse(module.head, dtype)
    stages = [
        [
            ([_fuse(layer, dtype) for layer in block.norm_layers()], block.has_skip)
            for block in stage.modules()
            if isinstance(block, InvertedResidual)
        ]
        for stage in module.stages
    ]

    def forward(covers: torch.Tensor) -> torch.Tensor:
        x, told = stem(covers.to(dtype).contiguous(memory_format=torch.channels_last)), []
        for n, stage in enumerate(stages):
            for layers, has_skip in stage:
                y = x
                for layer in layers[:-1]:
                    y = layer(y)
                x = layers[-1](y, add=x if has_skip else None)
            if n >= FIRST_TOLD_STAGE:
                told.append(x)
        return pool_grids(head(x), told)

    return forward


def _fuse(layer: ConvNormAct, dtype: torch.dtype) -> FusedConv:
    # Folding: batch norm is scale * (x - mean) + bias with fixed statistics, so it goes into the weights.
    norm = layer.bn.state_dict()
    scale = norm["weight"] / torch.sqrt(norm["running_var"] + layer.bn.eps)
    return FusedConv(
        weight=(layer.conv.weight * scale[:, None, None, None]).to(dtype),
        bias=(norm["bias"] - norm["running_mean"] * scale).to(dtype),
        stride=layer.conv.stride[0],
        groups=layer.conv.groups,
        clip=(0.0, 6.0) if layer.act else None,
        padding_of=lambda x: same_padding(x, layer.conv),
    )


def _copy(arrays: dict[str, np.ndarray], module: EfficientNetLite0, *, path: Path) -> None:
    ours = module.state_dict()
    if wrong := [name for name, tensor in ours.items() if arrays[name].shape != tensor.shape]:
        raise WeightsError(
            f"{path} does not hold EfficientNet-Lite0: {wrong[0]} has shape {arrays[wrong[0]].shape}, "
            f"{tuple(ours[wrong[0]].shape)} expected"
        )
    module.load_state_dict({name: torch.from_numpy(arrays[name]) for name in ours})
