"""The convolution layers of VGG-16, 512 x 7 x 7 features: the origin's backbone.

Two sets of weights are in use, for two pixel conventions: the authors' own (Caffe: BGR, 0 to 255, minus the mean) and
torchvision's (RGB, 0 to 1, standardised). Covers in the wrong convention give features that look right and are not.

Source:
    Simonyan & Zisserman (2014), "Very Deep Convolutional Networks for Large-Scale Image Recognition", arXiv:1409.1556.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import torch
from torch import nn

from albumnet.errors import WeightsError
from albumnet.vision.backbones.base import Backbone, GridSplit, read_weights
from albumnet.vision.hub import fetch_timm_weights
from albumnet.vision.transform import Transform
from albumnet.vision.winograd import is_winograd_faster, winograd_conv

if TYPE_CHECKING:
    from albumnet.vision.backbones.base import Forward

TRANSFORMS = {
    "caffe": Transform(
        size=224, interpolation="bicubic", channels="BGR", mean=(103.939, 116.779, 123.68), std=(1.0,) * 3
    ),
    "torchvision": Transform(
        size=224, interpolation="bicubic", channels="RGB", mean=(123.675, 116.28, 103.53), std=(58.395, 57.12, 57.375)
    ),
}
HUB_MODEL = "vgg16.tv_in1k"
_STAGES = ((64, 64), (128, 128), (256, 256, 256), (512, 512, 512), (512, 512, 512))


def load(*, weights: Path | None = None, convention: str | None = None) -> Backbone:
    """Load VGG-16's convolutions from a safetensors file, or torchvision's weights from the hub.

    Raises:
        WeightsError: If the file does not say its convention and none is given, or the two disagree.
    """
    if convention is not None and convention not in TRANSFORMS:
        raise WeightsError(f"no convention {convention!r}; vgg16 has {' and '.join(TRANSFORMS)}")
    if weights is None:
        if convention == "caffe":
            raise WeightsError(
                "the hub holds torchvision's weights; for the caffe convention give a file with --weights"
            )
        weights, convention = fetch_timm_weights(HUB_MODEL), "torchvision"
    tensors, metadata, digest = read_weights(weights)
    convention = _settle_convention(weights, metadata=metadata, asked=convention)
    module = VGG16Convolutions()
    _copy(tensors, module, path=weights)
    module.eval().requires_grad_(False)
    return Backbone(
        name="vgg16",
        module=module,
        transform=TRANSFORMS[convention],
        feature_shape=(512, 7, 7),
        weights_digest=digest,
        blocks=list(module.stages),
        fast=lambda dtype: winograd_forward(module) if dtype == torch.float32 and is_winograd_faster() else None,
        # Winograd's late layers transform 100 MB of kernels per call; 64 covers share that.
        batch_size=64 if is_winograd_faster() else 16,
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
        for widths in _STAGES:
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


def _settle_convention(path: Path, *, metadata: dict[str, str], asked: str | None) -> str:
    said = _convention_of(metadata)
    if said is None and asked is None:
        raise WeightsError(
            f"{path} does not say its pixel convention; say --convention caffe (BGR, 0-255, minus the mean) or "
            "--convention torchvision (RGB, standardised)"
        )
    if said is not None and asked is not None and said != asked:
        raise WeightsError(f"{path} says it is {said}, but --convention {asked} was given; leave --convention out")
    return str(said or asked)


def _convention_of(metadata: dict[str, str]) -> str | None:
    """What a file's metadata says: `convention`, or a description of its input."""
    if metadata.get("convention") in TRANSFORMS:
        return metadata["convention"]
    described = metadata.get("input", "").replace(" ", "").upper()
    if described.startswith("BGR,0-255") and "103.939" in described:
        return "caffe"
    if described.startswith("RGB") and "0.485" in described:
        return "torchvision"
    return None


def _copy(tensors: dict[str, torch.Tensor], module: VGG16Convolutions, *, path: Path) -> None:
    """Published files name the layers features.0, features.2, …; classifier layers are passed over."""
    published = (0, 2, 5, 7, 10, 12, 14, 17, 19, 21, 24, 26, 28)
    for number, conv in zip(published, _convolutions(module), strict=True):
        for part, parameter in conv.named_parameters():
            tensor = tensors.get(f"features.{number}.{part}")
            if tensor is None or tensor.shape != parameter.shape:
                found = "is missing" if tensor is None else f"has shape {tuple(tensor.shape)}"
                raise WeightsError(f"{path} does not hold VGG-16: features.{number}.{part} {found}")
            parameter.data.copy_(tensor)


def _convolutions(module: nn.Module) -> list[nn.Conv2d]:
    return [layer for layer in module.modules() if isinstance(layer, nn.Conv2d)]
