"""A cover in 2.5 kB: a perceptual hash, a grey thumbnail and its colours, enough to know the same picture again."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy.fft import dctn

from albumnet.vision.decoding import decode_cover

if TYPE_CHECKING:
    from jaxtyping import Float, UInt8, UInt64

# Raise it when the same bytes come to give another sketch.
SKETCH_VERSION = 1
THUMBNAIL_SIDE = 48
CHROMA_SIDE = 8
HASH_WORDS = 2
# Rec. 601, as JPEG has it: grey, blue difference, red difference.
_TO_GREY = np.array([0.299, 0.587, 0.114], dtype=np.float32)
_TO_CHROMA = np.array([[-0.168736, -0.331264, 0.5], [0.5, -0.418688, -0.081312]], dtype=np.float32)


@dataclass(frozen=True)
class Sketches:
    """Sketches of N covers.

    Attributes:
        hashes: (N, 2) 128 bits each: the signs of the 128 lowest frequencies, lowest first.
        thumbnails: (N, 48, 48) grey, 0 to 255, the whole cover squeezed to a square.
        chroma: (N, 8, 8, 2) blue and red difference, 128 where there is no colour.
    """

    hashes: UInt64[np.ndarray, "N 2"]
    thumbnails: UInt8[np.ndarray, "N 48 48"]
    chroma: UInt8[np.ndarray, "N 8 8 2"]

    def __len__(self) -> int:
        return len(self.hashes)


def sketch_cover(data: bytes) -> Sketches:
    """The sketch of one cover (N = 1).

    Raises:
        CoverError: If the bytes are no usable picture.
    """
    # Twice the side, then averaged: a JPEG decoded at a reduced scale may be a pixel wider than its share.
    pixels = decode_cover(data, size=2 * THUMBNAIL_SIDE, interpolation="bilinear").astype(np.float32)
    grey = _shrink(pixels @ _TO_GREY, THUMBNAIL_SIDE)
    chroma = _shrink(pixels @ _TO_CHROMA.T, CHROMA_SIDE) + 128
    thumbnail = np.clip(grey.round(), 0, 255).astype(np.uint8)
    return Sketches(
        hashes=hash_thumbnails(grey[None]),
        thumbnails=thumbnail[None],
        chroma=np.clip(chroma.round(), 0, 255).astype(np.uint8)[None],
    )


def hash_thumbnails(thumbnails: Float[np.ndarray, "N H W"]) -> UInt64[np.ndarray, "N 2"]:
    """128 bits per thumbnail: whether each of the lowest frequencies of its cosine transform is above zero.

    The mean is left out, so that brightness does not count; scaling contrast changes no sign.

    Source:
        Zauner (2010), "Implementation and Benchmarking of Perceptual Image Hash Functions", section 3.2.1 (there 64
        bits against the median of an 8 x 8 square of frequencies; here a triangle, which crops disturb less).
    """
    frequencies = dctn(thumbnails, axes=(1, 2), norm="ortho")
    signs = frequencies[:, _ROWS, _COLUMNS] > 0
    packed: np.ndarray = np.ascontiguousarray(np.packbits(signs, axis=1, bitorder="little"))
    return packed.view(np.uint64)


def stack_sketches(sketches: Sequence[Sketches]) -> Sketches:
    """Many as one."""
    if not sketches:
        return Sketches(
            np.empty((0, HASH_WORDS), np.uint64),
            np.empty((0, THUMBNAIL_SIDE, THUMBNAIL_SIDE), np.uint8),
            np.empty((0, CHROMA_SIDE, CHROMA_SIDE, 2), np.uint8),
        )
    return Sketches(
        np.concatenate([sketch.hashes for sketch in sketches]),
        np.concatenate([sketch.thumbnails for sketch in sketches]),
        np.concatenate([sketch.chroma for sketch in sketches]),
    )


def _shrink(pixels: np.ndarray, side: int) -> np.ndarray:
    """Average squares of pixels: (H, W) or (H, W, C) to `side` squares along each edge."""
    step = len(pixels) // side
    mean: np.ndarray = pixels.reshape(side, step, side, step, *pixels.shape[2:]).mean(axis=(1, 3))
    return mean


def _lowest_frequencies(count: int) -> tuple[list[int], list[int]]:
    """Rows and columns of the `count` lowest frequencies after the mean, by the sum of both, then by row."""
    places = sorted(((row, column) for row in range(16) for column in range(16)), key=lambda place: (sum(place), place))
    rows, columns = zip(*places[1 : count + 1], strict=True)
    return list(rows), list(columns)


_ROWS, _COLUMNS = _lowest_frequencies(64 * HASH_WORDS)
