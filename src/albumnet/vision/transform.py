"""What a backbone expects its pixels to be, and the digest that tells two expectations apart."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import torch
    from jaxtyping import Float, UInt8


@dataclass(frozen=True)
class Transform:
    """Size, colour order and scaling of a backbone's input; the whole cover is squeezed to a square, never cropped.

    A value x in 0..255 becomes (x - mean) / std, per channel in `channels` order.

    Attributes:
        size: Side in pixels.
        interpolation: bilinear | bicubic | lanczos.
        channels: RGB | BGR; also the order of `mean` and `std`.
        mean: Subtracted, on the scale 0..255.
        std: Divided by, on the scale 0..255.
    """

    size: int
    interpolation: str
    channels: str
    mean: tuple[float, float, float]
    std: tuple[float, float, float]

    @property
    def digest(self) -> str:
        """12 hex digits that differ whenever a setting differs."""
        return hashlib.sha256(json.dumps(asdict(self), sort_keys=True).encode()).hexdigest()[:12]

    def normalise(self, covers: UInt8[torch.Tensor, "B H W 3"]) -> Float[torch.Tensor, "B 3 H W"]:
        """RGB pixels 0..255 to the backbone's input, float32, channels first and laid out channels last."""
        import torch

        pixels = covers.flip(-1) if self.channels == "BGR" else covers
        mean = torch.tensor(self.mean, device=covers.device)
        std = torch.tensor(self.std, device=covers.device)
        return pixels.to(torch.float32).sub_(mean).div_(std).permute(0, 3, 1, 2)
