"""Two thumbnails laid one upon the other, and how well they then agree.

Notation: P pairs, S side of a thumbnail. A placement (P, 4) is shift x, shift y, growth x, growth y: the pixel at u
from the centre is taken from u * (1 + growth) + shift. What lies outside is the nearest pixel of the edge.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from jaxtyping import Float

# Crops of 3 % on each side grow the rest by 6 % and shift it by up to half of that.
MAX_SHIFT, MAX_GROWTH = 0.035, 0.075
# Grey levels per pixel that count as no detail: what compression adds or takes.
_NO_DETAIL = 2.0
_DETAIL_RADIUS = 3
_MIN_GAIN = 0.3
# Mean square of a normalised gradient from which a block has detail; a grain of compression stays below.
_BLOCK, _BLOCK_DETAIL = 8, 0.15
_DAMPING = 1e-3


def align(
    first: Float[np.ndarray, "P S S"],
    second: Float[np.ndarray, "P S S"],
    *,
    start: Float[np.ndarray, "P 4"],
    steps: int,
) -> Float[np.ndarray, "P 4"]:
    """Placements of the second thumbnails that bring them nearest to the first, contrast and brightness set aside.

    Source:
        Lucas & Kanade (1981), "An Iterative Image Registration Technique with an Application to Stereo Vision", IJCAI,
        here with two scales beside two shifts, and gain and offset solved for.
    """
    side = first.shape[1]
    across, down = _coordinates(side)
    placement = start
    for _ in range(steps):
        placed = warp(second, placement)
        slope_down, slope_across = np.gradient(placed, axis=(1, 2))
        change = np.stack(
            [slope_across, slope_down, slope_across * across, slope_down * down, placed, np.ones_like(placed)], axis=-1
        ).reshape(len(first), side * side, 6)
        transposed = change.transpose(0, 2, 1)
        normal = (transposed @ change).astype(np.float64)
        diagonal = np.arange(6)
        normal[:, diagonal, diagonal] *= 1 + _DAMPING
        normal[:, diagonal, diagonal] += _DAMPING
        solution = np.linalg.solve(normal, (transposed @ first.reshape(len(first), side * side, 1)).astype(np.float64))[
            ..., 0
        ]
        placement = placement + (solution[:, :4] / np.maximum(solution[:, 4:5], _MIN_GAIN)).astype(np.float32)
        placement[:, :2] = placement[:, :2].clip(-MAX_SHIFT * side, MAX_SHIFT * side)
        placement[:, 2:] = placement[:, 2:].clip(-MAX_GROWTH, MAX_GROWTH)
    return placement


def warp(thumbnails: Float[np.ndarray, "P S S"], placement: Float[np.ndarray, "P 4"]) -> Float[np.ndarray, "P S S"]:
    """Thumbnails under their placements, between pixels by linear interpolation."""
    side = thumbnails.shape[1]
    line = _line(side)
    x = _sample(line, shift=placement[:, 0], growth=placement[:, 2])
    y = _sample(line, shift=placement[:, 1], growth=placement[:, 3])
    rows = _interpolate(thumbnails, y)
    columns = _interpolate(rows.transpose(0, 2, 1), x)
    return columns.transpose(0, 2, 1)


def correlation(first: Float[np.ndarray, "P S S"], second: Float[np.ndarray, "P S S"]) -> Float[np.ndarray, " P"]:
    """Pearson's correlation of greys, in [-1, 1]; 0 where a thumbnail is of one grey."""
    first, second = (part.reshape(len(part), part.shape[1] ** 2) for part in (first, second))
    return _cosine(first - first.mean(axis=1, keepdims=True), second - second.mean(axis=1, keepdims=True))


def detail_agreement(first: Float[np.ndarray, "P S S"], second: Float[np.ndarray, "P S S"]) -> Float[np.ndarray, " P"]:
    """Cosine of gradients, each divided by how strong gradients are around it, in [-1, 1].

    So a faint texture counts as much as a hard edge.
    """
    return _cosine(_normalised_gradients(first), _normalised_gradients(second))


def weakest_agreement(first: Float[np.ndarray, "P S S"], second: Float[np.ndarray, "P S S"]) -> Float[np.ndarray, " P"]:
    """Agreement of detail in the quarter of blocks where it is least, in [-1, 1]; 0 where no block has detail.

    Blocks are 8 pixels wide; those without detail in either do not count. A frame that two pictures share leaves what
    is inside it disagreeing, however much the frame weighs in the whole.
    """
    one, other = (_blocks(_normalised_gradients(part), side=first.shape[1]) for part in (first, second))
    product, one_square, other_square = (
        np.einsum("pbd,pbd->pb", *pair) for pair in ((one, other), (one, one), (other, other))
    )
    strongest = np.maximum(one_square, other_square)
    agreement = np.divide(
        product, strongest, out=np.full_like(product, np.inf), where=strongest > _BLOCK_DETAIL * _BLOCK**2
    )
    ordered = np.sort(agreement, axis=1)  # blocks without detail come last
    n_weak = np.maximum(np.isfinite(ordered).sum(axis=1) // 4, 1)
    is_weak = (np.arange(ordered.shape[1]) < n_weak[:, None]) & np.isfinite(ordered)
    weakest: np.ndarray = np.where(is_weak, ordered, 0).sum(axis=1) / n_weak
    return weakest


def _blocks(gradients: np.ndarray, *, side: int) -> np.ndarray:
    """(P, 2 S S) gradients as (P, blocks, values of a block)."""
    n = side // _BLOCK
    parts = gradients.reshape(len(gradients), 2, n, _BLOCK, n, _BLOCK).transpose(0, 2, 4, 1, 3, 5)
    return parts.reshape(len(gradients), n * n, 2 * _BLOCK**2)


def _normalised_gradients(thumbnails: np.ndarray) -> np.ndarray:
    down, across = np.gradient(thumbnails, axis=(1, 2))
    strength = np.sqrt(_box_mean(down * down + across * across)) + _NO_DETAIL
    return np.stack([down / strength, across / strength], axis=1).reshape(len(thumbnails), 2 * thumbnails.shape[1] ** 2)


def _box_mean(values: np.ndarray) -> np.ndarray:
    """Mean over the square of `_DETAIL_RADIUS` around each pixel."""
    reach, width = _DETAIL_RADIUS, 2 * _DETAIL_RADIUS + 1
    for axis in (1, 2):
        padding = [(0, 0)] * 3
        padding[axis] = (reach + 1, reach)
        # In double: sums along a row of single ones would leave less than nothing in dark places.
        sums = np.cumsum(np.pad(values, padding, mode="edge"), axis=axis, dtype=np.float64)
        upper = np.take(sums, np.arange(width, sums.shape[axis]), axis=axis)
        lower = np.take(sums, np.arange(sums.shape[axis] - width), axis=axis)
        values = np.maximum((upper - lower) / width, 0)
    return values.astype(np.float32)


def _cosine(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    product = np.einsum("pd,pd->p", first, second)
    lengths = np.linalg.norm(first, axis=1) * np.linalg.norm(second, axis=1)
    cosine: np.ndarray = np.divide(product, lengths, out=np.zeros_like(product), where=lengths > 1e-6)
    return cosine.clip(-1, 1)


def _sample(line: np.ndarray, *, shift: np.ndarray, growth: np.ndarray) -> np.ndarray:
    """(P, S) places along one axis, in pixels from its beginning."""
    side = len(line)
    places: np.ndarray = line[None] * (1 + growth[:, None]) + shift[:, None] + (side - 1) / 2
    return places.clip(0, side - 1)


def _interpolate(thumbnails: np.ndarray, places: np.ndarray) -> np.ndarray:
    """Rows (P, S, S) at fractional places (P, S)."""
    before = np.minimum(places.astype(np.int64), thumbnails.shape[1] - 2)
    weight = (places - before).astype(np.float32)[:, :, None]
    pair = np.arange(len(thumbnails))[:, None]
    between: np.ndarray = thumbnails[pair, before] * (1 - weight) + thumbnails[pair, before + 1] * weight
    return between


def _coordinates(side: int) -> tuple[np.ndarray, np.ndarray]:
    line = _line(side)
    return np.broadcast_to(line[None, :], (side, side)), np.broadcast_to(line[:, None], (side, side))


def _line(side: int) -> np.ndarray:
    """Places of pixels along an axis, from its centre."""
    return np.arange(side, dtype=np.float32) - (side - 1) / 2
