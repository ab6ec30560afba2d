"""Albums of a part of a map. Notation: N albums at (N, 2) places in [0, 1], y up."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from albumnet.errors import PlaylistError

if TYPE_CHECKING:
    from jaxtyping import Float, Int


@dataclass(frozen=True, slots=True)
class Region:
    """A rectangle on a map, its edges included."""

    x0: float
    y0: float
    x1: float
    y1: float


def parse_region(text: str) -> Region:
    """A rectangle from `x0,y0,x1,y1`, two opposite corners in either order.

    Raises:
        PlaylistError: If it is none.
    """
    try:
        numbers = [float(part) for part in text.split(",")]
    except ValueError:
        numbers = []
    if len(numbers) != 4 or not np.isfinite(numbers).all():
        raise PlaylistError(
            f"region {text!r} is not of the form x0,y0,x1,y1 with numbers from 0 to 1 (0.2,0.4,0.5,0.7)"
        )
    (x0, x1), (y0, y1) = sorted(numbers[0::2]), sorted(numbers[1::2])
    return Region(x0, y0, x1, y1)


def rows_within(xy: Float[np.ndarray, "N 2"], region: Region) -> Int[np.ndarray, " K"]:
    """Rows of the albums in a region, those nearest to its middle first.

    Raises:
        PlaylistError: If there are none.
    """
    low, high = np.array([region.x0, region.y0]), np.array([region.x1, region.y1])
    inside = np.flatnonzero(((xy >= low) & (xy <= high)).all(axis=1))
    if not len(inside):
        raise PlaylistError(
            f"no album lies in {region.x0:g},{region.y0:g},{region.x1:g},{region.y1:g}; widen the region"
        )
    return _by_distance(xy, (low + high) / 2, inside)


def rows_around(xy: Float[np.ndarray, "N 2"], row: int) -> Int[np.ndarray, " N"]:
    """All rows, the album itself first, then by distance from it on the map."""
    others = np.delete(np.arange(len(xy)), row)
    return np.concatenate([[row], _by_distance(xy, xy[row], others)])


def _by_distance(xy: np.ndarray, middle: np.ndarray, rows: np.ndarray) -> Int[np.ndarray, " K"]:
    distances = np.linalg.norm(xy[rows].astype(np.float64) - middle, axis=1)
    ordered: np.ndarray = rows[np.argsort(distances, kind="stable")]
    return ordered
