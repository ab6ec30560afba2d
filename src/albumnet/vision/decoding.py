"""Cover bytes to pixels: any picture people have, refused early and in one line when it cannot be used."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

import numpy as np
from PIL import ExifTags, Image, UnidentifiedImageError

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
        try:
            image.draft("RGB", (size, size))
            rgb = _to_rgb(image)
        except Exception as error:  # a decoder fed broken bytes may raise anything
            raise CoverError(f"broken or truncated {image.format}: {_one_line(error)}") from error
        square = rgb.resize((size, size), Image.Resampling[interpolation.upper()])
        turn = _turn_to_upright(image)
    return np.asarray(square if turn is None else square.transpose(turn))


def check_cover(data: bytes) -> None:
    """Look at a cover's header only: is it a picture of a format and size that can be used?

    Raises:
        CoverError: If not.
    """
    _open(data).close()


def cover_size(data: bytes) -> tuple[int, int]:
    """Width and height in pixels as the header says, before any turn.

    Raises:
        CoverError: If the bytes are no usable picture.
    """
    with _open(data) as image:
        return image.size


def _open(data: bytes) -> Image.Image:
    if not data:
        raise CoverError("the file is empty (0 bytes); expected a picture")
    try:
        image = Image.open(io.BytesIO(data), formats=FORMATS)
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise CoverError(f"too many pixels ({_one_line(error)}); at most {MAX_PIXELS:,} are decoded") from error
    except UnidentifiedImageError as error:
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
    image.load()
    if image.mode in ("I", "F") or image.mode.startswith("I;16"):
        return Image.fromarray(_to_8_bit(np.asarray(image))).convert("RGB")
    if image.has_transparency_data:
        rgba = image.convert("RGBA")
        white = Image.new("RGBA", rgba.size, "white")
        return Image.alpha_composite(white, rgba).convert("RGB")
    return image.convert("RGB")


def _to_8_bit(values: np.ndarray) -> UInt8[np.ndarray, "h w"]:
    """Deep grey values to 8 bits.

    White is 65,535 in 16 bits. Wider types do not say what white is: 1 for floats, 255 or 65,535, by the largest value.
    """
    deep = np.nan_to_num(values.astype(np.float32), copy=False)
    largest = deep.max(initial=0)
    if values.dtype.itemsize == 2:
        white = 65535
    elif values.dtype.kind == "f" and largest <= 1:
        white = 1
    else:
        white = 255 if largest <= 255 else 65535
    # In place: a cover of the largest size allowed takes 256 MB as float32.
    deep *= 255 / white
    return np.clip(deep, 0, 255, out=deep).round(out=deep).astype(np.uint8)


def _turn_to_upright(image: Image.Image) -> Image.Transpose | None:
    try:
        return _TURN_OF_ORIENTATION.get(image.getexif().get(ExifTags.Base.Orientation, 1))
    except Exception:  # noqa: BLE001  broken EXIF may raise anything, and says nothing about the pixels
        return None


# EXIF 2.32, section 4.6.4, tag 274; what turns the stored picture upright.
_TURN_OF_ORIENTATION = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}


def _one_line(error: Exception) -> str:
    return " ".join(str(error).split()) or type(error).__name__
