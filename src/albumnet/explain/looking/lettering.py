"""Lettering on covers: rows of at least four small regions of one height, as letters stand in a word.

Source:
    Matas, Chum, Urban & Pajdla (2002), "Robust wide baseline stereo from maximally stable extremal regions", BMVC; the
    grouping is ours.
"""

from __future__ import annotations

import importlib.util
from typing import TYPE_CHECKING

import numpy as np

from albumnet.errors import MissingExtraError

if TYPE_CHECKING:
    from jaxtyping import Bool, Float, UInt8

# Heights of letters, as shares of the cover's side.
_SMALLEST, _LARGEST = 0.025, 0.25
_MIN_LETTERS = 4
_SIDE = 448


def lettering_mask(cover: UInt8[np.ndarray, "H W 3"]) -> Bool[np.ndarray, "H W"]:
    """True inside the boxes of words.

    Raises:
        MissingExtraError: If OpenCV is not installed.
    """
    height, width = cover.shape[:2]
    mask = np.zeros((height, width), dtype=bool)
    for left, top, right, bottom in find_words(cover):
        mask[int(top * height) : int(np.ceil(bottom * height)), int(left * width) : int(np.ceil(right * width))] = True
    return mask


def find_words(cover: UInt8[np.ndarray, "H W 3"]) -> Float[np.ndarray, "W 4"]:
    """Boxes of words as shares of the cover's sides: left, top, right, bottom.

    Raises:
        MissingExtraError: If OpenCV is not installed.
    """
    letters = _find_letters(cover)
    words = []
    for row in _rows_of(letters):
        boxes = letters[row]
        # Rings and their holes are found twice, at one place.
        if len(np.unique((boxes[:, 0] / (0.5 * np.median(boxes[:, 3] - boxes[:, 1]))).astype(int))) >= _MIN_LETTERS:
            words.append([*boxes[:, :2].min(axis=0), *boxes[:, 2:].max(axis=0)])
    return np.array(words).reshape(-1, 4) / _SIDE


def _find_letters(cover: np.ndarray) -> Float[np.ndarray, "L 4"]:
    """Boxes of regions that could be letters, in pixels of a cover of `_SIDE`."""
    if importlib.util.find_spec("cv2") is None:
        raise MissingExtraError("finding faces and lettering needs OpenCV; pip install 'albumnet[explain]'")
    import cv2

    grey = cv2.cvtColor(cv2.resize(cover, (_SIDE, _SIDE), interpolation=cv2.INTER_CUBIC), cv2.COLOR_RGB2GRAY)
    finder = cv2.MSER.create(delta=8, min_area=30, max_area=int(0.04 * _SIDE**2), max_variation=0.5)
    regions, boxes = finder.detectRegions(grey)
    letters = []
    for region, (left, top, width, height) in zip(regions, boxes, strict=True):
        fill = len(region) / (width * height)
        if (
            _SMALLEST * _SIDE <= height <= _LARGEST * _SIDE
            and 0.1 * height <= width <= 1.6 * height
            and 0.2 < fill < 0.95
        ):
            letters.append((left, top, left + width, top + height))
    return np.array(sorted(set(letters)), dtype=np.float64).reshape(-1, 4)


def _rows_of(letters: Float[np.ndarray, "L 4"]) -> list[list[int]]:
    """Letters joined with the next ones to their right of like height that stand on the same line."""
    parent = list(range(len(letters)))

    def root(n: int) -> int:
        while parent[n] != n:
            n = parent[n]
        return n

    heights, middles = letters[:, 3] - letters[:, 1], (letters[:, 1] + letters[:, 3]) / 2
    for n in range(len(letters)):
        others = np.arange(n + 1, len(letters))
        tallest, least = np.maximum(heights[n], heights[others]), np.minimum(heights[n], heights[others])
        gap = letters[others, 0] - letters[n, 2]
        on_line = np.abs(letters[others, 3] - letters[n, 3]) < 0.25 * tallest
        on_line |= np.abs(middles[others] - middles[n]) < 0.15 * tallest
        is_next = (tallest < 1.5 * least) & on_line & (gap > -0.2 * tallest) & (gap < 0.7 * tallest)
        for other in others[is_next].tolist():
            parent[root(other)] = root(n)
    rows: dict[int, list[int]] = {}
    for n in range(len(letters)):
        rows.setdefault(root(n), []).append(n)
    return [row for row in rows.values() if len(row) >= _MIN_LETTERS]
