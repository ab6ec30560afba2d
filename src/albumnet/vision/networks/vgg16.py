"""The convolution layers of VGG-16: their widths, their two pixel conventions, and their weights from a file.

Two sets of weights are in use, for two pixel conventions: the authors' own (Caffe: BGR, 0 to 255, minus the mean) and
torchvision's (RGB, 0 to 1, standardised). Covers in the wrong convention give features that look right and are not.

Source:
    Simonyan & Zisserman (2014), "Very Deep Convolutional Networks for Large-Scale Image Recognition", arXiv:1409.1556.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from albumnet.errors import WeightsError
from albumnet.vision.transform import Transform

TRANSFORMS = {
    "caffe": Transform(
        size=224, interpolation="bicubic", channels="BGR", mean=(103.939, 116.779, 123.68), std=(1.0,) * 3
    ),
    "torchvision": Transform(
        size=224, interpolation="bicubic", channels="RGB", mean=(123.675, 116.28, 103.53), std=(58.395, 57.12, 57.375)
    ),
}
HUB_MODEL = "vgg16.tv_in1k"
FEATURE_SHAPE = (512, 7, 7)
TOLERATES_BFLOAT16 = True
STAGES = ((64, 64), (128, 128), (256, 256, 256), (512, 512, 512), (512, 512, 512))
# Published files name the layers features.0, features.2, …; classifier layers are passed over.
_PUBLISHED = (0, 2, 5, 7, 10, 12, 14, 17, 19, 21, 24, 26, 28)


def find_weights(weights: Path | None, *, convention: str | None) -> tuple[Path, str | None]:
    """The file given, or torchvision's from the hub; and the convention, where that is known without reading it.

    Raises:
        WeightsError: If there is no such convention, or the hub has no weights of it.
    """
    if convention is not None and convention not in TRANSFORMS:
        raise WeightsError(f"no convention {convention!r}; vgg16 has {' and '.join(TRANSFORMS)}")
    if weights is not None:
        return weights, convention
    if convention == "caffe":
        raise WeightsError("the hub holds torchvision's weights; for the caffe convention give a file with --weights")
    from albumnet.vision.hub import fetch_timm_weights

    return fetch_timm_weights(HUB_MODEL), "torchvision"


def settle_convention(path: Path, *, metadata: Mapping[str, str], asked: str | None) -> str:
    """The pixel convention of a file, by what its metadata says and by what was asked for.

    Raises:
        WeightsError: If neither says it, or the two disagree.
    """
    said = _convention_of(metadata)
    if said is None and asked is None:
        raise WeightsError(
            f"{path} does not say its pixel convention; say --convention caffe (BGR, 0-255, minus the mean) or "
            "--convention torchvision (RGB, standardised)"
        )
    if said is not None and asked is not None and said != asked:
        raise WeightsError(f"{path} says it is {said}, but --convention {asked} was given; leave --convention out")
    return str(said or asked)


def name_arrays(found: Mapping[str, Any], *, path: Path) -> dict[str, Any]:
    """A file's arrays under the names of our layers: stages.<stage>.<layer>.weight and .bias.

    Raises:
        WeightsError: If one is missing or of another shape.
    """
    named, channels = {}, 3
    for name, published, width in zip(layer_names(), _PUBLISHED, (w for stage in STAGES for w in stage), strict=True):
        for part, shape in (("weight", (width, channels, 3, 3)), ("bias", (width,))):
            array = found.get(f"features.{published}.{part}")
            if array is None or tuple(array.shape) != shape:
                what = "is missing" if array is None else f"has shape {tuple(array.shape)}"
                raise WeightsError(f"{path} does not hold VGG-16: features.{published}.{part} {what}")
            named[f"{name}.{part}"] = array
        channels = width
    return named


def layer_names() -> list[str]:
    """Names of the convolutions from the cover on; a ReLU stands between two."""
    return [f"stages.{stage}.{2 * layer}" for stage, widths in enumerate(STAGES) for layer in range(len(widths))]


def _convention_of(metadata: Mapping[str, str]) -> str | None:
    """What a file's metadata says: `convention`, or a description of its input."""
    if metadata.get("convention") in TRANSFORMS:
        return metadata["convention"]
    described = metadata.get("input", "").replace(" ", "").upper()
    if described.startswith("BGR,0-255") and "103.939" in described:
        return "caffe"
    if described.startswith("RGB") and "0.485" in described:
        return "torchvision"
    return None
