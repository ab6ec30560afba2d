"""Cover bytes to pixels: any picture people have, refused early and in one line when it cannot be used."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image, ImageOps

from albumnet.errors import CoverError

if TYPE_CHECKING:
    from jaxtyping import UInt8

FORMATS = ("JPEG", "PNG", "WEBP", "GIF", "BMP", "TIFF")
# 8,000 x 8,000: no cover is larger, and 64 megapixels already take 192 MB as RGB.
MAX_PIXELS = 64_000_000
MIN_SIDE = 16


def decode_cover(data: bytes, *, size: int, interpolation: str = "bicubic") -> UInt8[np.ndarray, "size size 3"]:
    """The whole cover as RGB pixels, squeezed to a square.

    JPEGs are decoded at a reduced scale where that is still at least `size` (draft mode). EXIF rotation is applied,
    transparency is laid on white, 16-bit and CMYK pictures become 8-bit RGB, of an animation the first frame is taken.

    Args:
        data: The file's bytes.
        size: Side in pixels.
        interpolation: bilinear | bicubic | lanczos.

    Returns:
        (size, size, 3), values 0 to 255.

    Raises:
        CoverError: If the bytes are no usable picture.
    """
    with _open(data) as image:
        image.draft("RGB", (size, size))
        try:
            image.load()
            upright = ImageOps.exif_transpose(image)
            rgb = _to_rgb(upright)
        except Exception as error:  # a decoder fed broken bytes may raise anything
            raise CoverError(f"broken or truncated {image.format}: {_one_line(error)}") from error
    return np.asarray(rgb.resize((size, size), Image.Resampling[interpolation.upper()]))


def check_cover(data: bytes) -> None:
    """Look at a cover's header only: is it a picture of a format and size that can be used?

    Raises:
        CoverError: If not.
    """
    _open(data).close()


def _open(data: bytes) -> Image.Image:
    if not data:
        raise CoverError("the file is empty (0 bytes); expected a picture")
    try:
        image = Image.open(io.BytesIO(data), formats=FORMATS)
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise CoverError(f"too many pixels ({_one_line(error)}); at most {MAX_PIXELS:,} are decoded") from error
    except Image.UnidentifiedImageError as error:
        raise CoverError(f"not a picture in {', '.join(FORMATS)}; it begins with {data[:8]!r}") from error
    except Exception as error:  # a parser fed hostile bytes may raise anything
        raise CoverError(f"the picture's header cannot be read: {_one_line(error)}") from error
    width, height = image.size
    if width * height > MAX_PIXELS:
        raise CoverError(f"{width} x {height} has {width * height:,} pixels; at most {MAX_PIXELS:,} are decoded")
    if min(width, height) < MIN_SIDE:
        raise CoverError(f"{width} x {height} pixels are too few; a cover has at least {MIN_SIDE} a side")
    return image


def _to_rgb(image: Image.Image) -> Image.Image:
    if image.mode in ("I", "F") or image.mode.startswith("I;16"):
        return Image.fromarray(_to_8_bit(np.asarray(image))).convert("RGB")
    if image.mode in ("RGBA", "LA", "PA", "RGBa", "La") or "transparency" in image.info:
        rgba = image.convert("RGBA")
        white = Image.new("RGBA", rgba.size, "white")
        return Image.alpha_composite(white, rgba).convert("RGB")
    return image.convert("RGB")


def _to_8_bit(values: np.ndarray) -> UInt8[np.ndarray, "h w"]:
    """Deep grey values to 8 bits: 16-bit ones by their range, floats in [0, 1] by theirs."""
    top = 1.0 if np.issubdtype(values.dtype, np.floating) and values.max(initial=0) <= 1 else 65535.0
    if values.max(initial=0) <= 255 and top > 1:
        top = 255.0
    return (np.clip(values.astype(np.float64) / top, 0, 1) * 255).round().astype(np.uint8)


def _one_line(error: Exception) -> str:
    return " ".join(str(error).split()) or type(error).__name__
