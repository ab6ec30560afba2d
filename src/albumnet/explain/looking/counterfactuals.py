"""What if the cover were another: changes of hue, light, colour, side and sharpness, and which moods they move.

Every changed cover is encoded as JPEG again, and so is the unchanged one; what counts is what a change does beyond what
encoding alone does at any common quality.
"""

from __future__ import annotations

import io
from collections.abc import Callable
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
    """Change a cover in every way there is, and score what comes out.

    Args:
        cover: As the model sees it.
        regions: Masks by name; those of faces and lettering are blurred, where they are not empty.
        score: The model.

    Returns:
        The log-odds (M,) of the unchanged cover, encoded; and the changes.
    """
    picture = Image.fromarray(cover)
    changed = {name: change(picture) for name, change in CHANGES.items()}
    for name in ("faces", "lettering"):
        if name in regions and regions[name].any():
            changed[f"{name} blurred"] = _blur_region(picture, regions[name])
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


CHANGES: dict[str, Callable[[Image.Image], Image.Image]] = {
    "hue +60°": lambda picture: _turn_hue(picture, 60),
    "hue +180°": lambda picture: _turn_hue(picture, 180),
    "hue -60°": lambda picture: _turn_hue(picture, -60),
    "darker": lambda picture: ImageEnhance.Brightness(picture).enhance(0.6),
    "brighter": lambda picture: ImageEnhance.Brightness(picture).enhance(1.5),
    "grey": lambda picture: ImageEnhance.Color(picture).enhance(0.0),
    "more colour": lambda picture: ImageEnhance.Color(picture).enhance(2.0),
    "flipped": lambda picture: picture.transpose(Image.Transpose.FLIP_LEFT_RIGHT),
    "upside down": lambda picture: picture.transpose(Image.Transpose.ROTATE_180),
    "blurred": lambda picture: picture.filter(ImageFilter.GaussianBlur(picture.width / 60)),
}
