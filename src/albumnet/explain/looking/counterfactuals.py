"""What if the cover were another: changes of hue, light, colour, side and sharpness, and which moods they move.

Every changed cover is encoded as JPEG again, and so is the unchanged one; what counts is what a change does beyond what
encoding alone does at any common quality.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image, ImageEnhance, ImageFilter

if TYPE_CHECKING:
    from jaxtyping import Bool, Float, UInt8

    Score = Callable[[np.ndarray], np.ndarray]  # decoded covers (B, H, W, 3) -> log-odds (B, M)
    Masks = dict[str, np.ndarray]

_QUALITY = 90
# What encoding alone does is taken from these.
_QUALITIES = (70, 80, 85, 95)
# Regions that a retouch can blur.
BLURRABLE = ("faces", "lettering")


@dataclass(frozen=True)
class Retouch:
    """A cover changed by degrees; what is left at its default changes nothing.

    Attributes:
        hue_degrees: How far every colour is turned, in [-180, 180].
        saturation: Times as colourful, in [0, 3]; 0 is grey.
        brightness: Times as bright, in [0, 3].
        is_flipped: Left and right change sides.
        blurred: Of `BLURRABLE`, what is made out no more.
    """

    hue_degrees: float = 0.0
    saturation: float = 1.0
    brightness: float = 1.0
    is_flipped: bool = False
    blurred: tuple[str, ...] = ()

    def apply(self, picture: Image.Image, *, regions: Masks) -> Image.Image:
        """The changed picture; regions that are not blurred, or not there, are not looked at."""
        for name in self.blurred:
            if name in regions and regions[name].any():
                picture = _blur_region(picture, regions[name])
        if self.hue_degrees:
            picture = _turn_hue(picture, self.hue_degrees)
        if self.saturation != 1:
            picture = ImageEnhance.Color(picture).enhance(self.saturation)
        if self.brightness != 1:
            picture = ImageEnhance.Brightness(picture).enhance(self.brightness)
        return picture.transpose(Image.Transpose.FLIP_LEFT_RIGHT) if self.is_flipped else picture


@dataclass(frozen=True)
class Counterfactual:
    """One change of a cover, and what it did.

    Attributes:
        name: Of the change.
        cover: The changed cover as the model sees it.
        moved: (M,) log-odds with the change less those without it, both encoded alike.
        by_encoding: (M,) the most that encoding alone moved the log-odds, either way.
    """

    name: str
    cover: UInt8[np.ndarray, "H W 3"]
    moved: Float[np.ndarray, " M"]
    by_encoding: Float[np.ndarray, " M"]

    @property
    def beyond(self) -> Bool[np.ndarray, " M"]:
        """True for moods that the change moved more than encoding alone did."""
        return np.asarray(np.abs(self.moved) > self.by_encoding)


def try_changes(
    cover: UInt8[np.ndarray, "H W 3"], *, regions: Masks, score: Score
) -> tuple[Float[np.ndarray, " M"], list[Counterfactual]]:
    """Change a cover in every way that has a name, and score what comes out.

    Args:
        cover: As the model sees it.
        regions: Masks by name; those of faces and lettering are blurred, where they are not empty.
        score: The model.

    Returns:
        The log-odds (M,) of the unchanged cover, encoded; and the changes.
    """
    picture = Image.fromarray(cover)
    changed = {name: change(picture) for name, change in CHANGES.items()}
    for name in BLURRABLE:
        if name in regions and regions[name].any():
            changed[f"{name} blurred"] = Retouch(blurred=(name,)).apply(picture, regions=regions)
    return _compare(cover, changed, score=score)


def try_retouch(
    cover: UInt8[np.ndarray, "H W 3"], retouch: Retouch, *, regions: Masks, score: Score
) -> tuple[Float[np.ndarray, " M"], Counterfactual]:
    """As `try_changes`, for one change by degrees."""
    changed = retouch.apply(Image.fromarray(cover), regions=regions)
    start, (counterfactual,) = _compare(cover, {"retouched": changed}, score=score)
    return start, counterfactual


def _compare(
    cover: np.ndarray, changed: Mapping[str, Image.Image], *, score: Score
) -> tuple[np.ndarray, list[Counterfactual]]:
    picture = Image.fromarray(cover)
    encoded = [encode(picture, quality=_QUALITY)] + [encode(one, quality=_QUALITY) for one in changed.values()]
    again = [cover, *(encode(picture, quality=quality) for quality in _QUALITIES)]
    logits = score(np.stack([*encoded, *again]))
    start = logits[0]
    by_encoding = np.abs(logits[len(encoded) :] - start).max(axis=0)
    return start, [
        Counterfactual(name, pixels, moved - start, by_encoding)
        for name, pixels, moved in zip(changed, encoded[1:], logits[1 : len(encoded)], strict=True)
    ]


def encode(picture: Image.Image, *, quality: int) -> UInt8[np.ndarray, "H W 3"]:
    """A picture after a trip through JPEG."""
    file = io.BytesIO()
    picture.save(file, "JPEG", quality=quality)
    return np.asarray(Image.open(file).convert("RGB"))


def _turn_hue(picture: Image.Image, degrees: float) -> Image.Image:
    hue, saturation, value = picture.convert("HSV").split()
    turned = hue.point([round(step + 256 * degrees / 360) % 256 for step in range(256)])
    return Image.merge("HSV", (turned, saturation, value)).convert("RGB")


def _blur_region(picture: Image.Image, mask: Bool[np.ndarray, "H W"]) -> Image.Image:
    blurred = picture.filter(ImageFilter.GaussianBlur(picture.width / 16))
    return Image.composite(blurred, picture, Image.fromarray((255 * mask).astype(np.uint8)))


def _by(retouch: Retouch) -> Callable[[Image.Image], Image.Image]:
    return lambda picture: retouch.apply(picture, regions={})


CHANGES: dict[str, Callable[[Image.Image], Image.Image]] = {
    "hue +60°": _by(Retouch(hue_degrees=60)),
    "hue +180°": _by(Retouch(hue_degrees=180)),
    "hue -60°": _by(Retouch(hue_degrees=-60)),
    "darker": _by(Retouch(brightness=0.6)),
    "brighter": _by(Retouch(brightness=1.5)),
    "grey": _by(Retouch(saturation=0.0)),
    "more colour": _by(Retouch(saturation=2.0)),
    "flipped": _by(Retouch(is_flipped=True)),
    "upside down": lambda picture: picture.transpose(Image.Transpose.ROTATE_180),
    "blurred": lambda picture: picture.filter(ImageFilter.GaussianBlur(picture.width / 60)),
}
