"""The convolution layers of VGG-16 in PyTorch, 512 x 7 x 7 features: the origin's backbone.

What its layers and its two pixel conventions are stands in `vision.networks.vgg16`.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import torch
from torch import nn

from albumnet.errors import WeightsError
from albumnet.vision.backbones.base import Backbone, GridSplit, read_weights
from albumnet.vision.hub import fetch_timm_weights
from albumnet.vision.networks import vgg16 as network
from albumnet.vision.networks.vgg16 import HUB_MODEL, TRANSFORMS
from albumnet.vision.winograd import is_winograd_faster, winograd_conv

if TYPE_CHECKING:
    from albumnet.vision.backbones.base import Forward


def load(*, weights: Path | None = None, convention: str | None = None) -> Backbone:
    """Load VGG-16's convolutions from a safetensors file, or torchvision's weights from the hub.

    Raises:
        WeightsError: If the file does not say its convention and none is given, or the two disagree.
    """
    weights, convention = network.find_weights(weights, convention=convention)
    tensors, metadata, digest = read_weights(weights)
    convention = network.settle_convention(weights, metadata=metadata, asked=convention)
    module = VGG16Convolutions()
    module.load_state_dict(network.name_arrays(tensors, path=weights))
    module.eval().requires_grad_(False)
    return Backbone(
        name="vgg16",
        module=module,
        transform=TRANSFORMS[convention],
        feature_shape=network.FEATURE_SHAPE,
        weights_digest=digest,
        blocks=list(module.stages),
        fast=lambda dtype: winograd_forward(module) if dtype == torch.float32 and is_winograd_faster() else None,
        tolerates_bfloat16=network.TOLERATES_BFLOAT16,
        # Winograd's late layers transform 100 MB of kernels per call; 64 covers share that. Elsewhere the activations
        # of more than two covers are too large for malloc to keep, and every layer would wait for fresh pages.
        batch_size=64 if is_winograd_faster() else 2,
        split=GridSplit(grids=lambda network, covers: [network(covers)], pool=lambda _, grids: grids[0]),
    )


def load_classifier(backbone: Backbone) -> nn.Module:
    """The three fully connected layers, where the weights' file has them under torchvision's or timm's names.

    Raises:
        WeightsError: If it holds the convolutions only.
    """
    path = Path(backbone.weights) if backbone.weights else fetch_timm_weights(HUB_MODEL)
    tensors = read_weights(path)[0]
    for names in (("classifier.0", "classifier.3", "classifier.6"), ("pre_logits.fc1", "pre_logits.fc2", "head.fc")):
        if any(f"{name}.weight" not in tensors for name in names):
            continue
        layers: list[nn.Module] = [nn.Flatten()]
        for name in names:
            weight = tensors[f"{name}.weight"].flatten(1)
            layer = nn.Linear(weight.shape[1], weight.shape[0])
            layer.load_state_dict({"weight": weight, "bias": tensors[f"{name}.bias"]})
            layers += [layer, nn.ReLU()]
        return nn.Sequential(*layers[:-1])
    raise WeightsError(
        f"{path.name} holds vgg16's convolutions without its classifier, so it has no guesses; "
        "give full weights with --weights, or --backbone efficientnet_lite0"
    )


class VGG16Convolutions(nn.Module):
    """Normalised covers (B, 3, 224, 224) -> features (B, 512, 7, 7): thirteen convolutions with ReLU, five poolings."""

    def __init__(self) -> None:
        super().__init__()
        stages: list[nn.Module] = []
        channels = 3
        for widths in network.STAGES:
            layers: list[nn.Module] = []
            for width in widths:
                layers += [nn.Conv2d(channels, width, 3, padding=1), nn.ReLU(inplace=True)]
                channels = width
            stages.append(nn.Sequential(*layers, nn.MaxPool2d(2)))
        self.stages = nn.ModuleList(stages)

    def forward(self, covers: torch.Tensor) -> torch.Tensor:
        """(B, 3, H, W) -> (B, 512, H / 32, W / 32)."""
        for stage in self.stages:
            covers = stage(covers)
        return covers


def winograd_forward(module: VGG16Convolutions) -> Forward:
    """The same layers through Winograd convolutions, with ReLU after pooling, where a quarter of its work is left.

    The first three stages go cover by cover, so that their large activations stay in the cache; the last two go as
    one batch, so that their large kernels are transformed once.
    """
    convolutions = [_convolutions(stage) for stage in module.stages]

    def run_stage(x: torch.Tensor, stage: int) -> torch.Tensor:
        *most, last = convolutions[stage]
        for conv in most:
            x = winograd_conv(x, conv.weight, conv.bias).relu_()
        return _halve(winograd_conv(x, last.weight, last.bias)).relu_()

    def forward(covers: torch.Tensor) -> torch.Tensor:
        early = []
        for cover in covers.contiguous().split(1):
            x = cover
            for stage in range(3):
                x = run_stage(x, stage)
            early.append(x)
        return run_stage(run_stage(torch.cat(early), 3), 4)

    return forward


def _halve(x: torch.Tensor) -> torch.Tensor:
    """Max pooling by 2, through element-wise maxima: on contiguous float32 three times as fast as max_pool2d."""
    rows = torch.maximum(x[..., 0::2, :], x[..., 1::2, :])
    return torch.maximum(rows[..., 0::2], rows[..., 1::2])


def _convolutions(module: nn.Module) -> list[nn.Conv2d]:
    return [layer for layer in module.modules() if isinstance(layer, nn.Conv2d)]
