"""Boxes moved apart as little as need be, so that words and covers do not lie on each other.

Boxes are given by centre (x, y) and size (w, h) in pixels; frames and obstacles by (left, bottom, right, top).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from jaxtyping import Bool, Float

_N_PUSHES = 300
_STEP = 2.0
_HOMESICKNESS = 0.03


def spread_boxes(
    anchors: Float[np.ndarray, "B 2"],
    sizes: Float[np.ndarray, "B 2"],
    *,
    frame: tuple[float, float, float, float],
    obstacles: Float[np.ndarray, "O 4"] | None = None,
) -> Float[np.ndarray, "B 2"] | None:
    """Centres of boxes near their anchors, none over another, over an obstacle or outside the frame.

    Boxes first push each other apart, which shares the room; then each, in its turn, takes the free place nearest to
    where it was pushed, which makes sure.

    Args:
        anchors: Where each box would like to be.
        sizes: Their widths and heights.
        frame: What they must stay in.
        obstacles: What they must not cover.

    Returns:
        (B, 2); None if there is no room for all.
    """
    fixed = np.empty((0, 4)) if obstacles is None else np.asarray(obstacles, dtype=np.float64)
    half = sizes / 2
    low, high = np.array(frame[:2]) + half, np.array(frame[2:]) - half
    if (low > high).any():
        return None
    wanted: np.ndarray = np.clip(_push_apart(anchors, half, fixed, low, high), low, high)
    offsets = _offsets(frame)
    placed, taken = np.empty((0, 4)), fixed
    centres: np.ndarray = np.empty_like(wanted)
    # Those that were pushed least first: they hold the middle of a crowd.
    for n in np.argsort(np.square(wanted - anchors).sum(axis=1), kind="stable"):
        candidates = wanted[n] + offsets
        inside = ((candidates >= low[n]) & (candidates <= high[n])).all(axis=1)
        free = _first_free(candidates[inside], half[n], taken)
        if free is None:
            return None
        centres[n] = free
        placed = np.vstack([placed, [*(free - half[n]), *(free + half[n])]])
        taken = np.vstack([fixed, placed])
    return centres


def overlaps(first: Float[np.ndarray, "A 4"], second: Float[np.ndarray, "B 4"]) -> Bool[np.ndarray, "A B"]:
    """Which of the boxes (left, bottom, right, top) share any area."""
    a, b = first[:, None], second[None]
    is_over: np.ndarray = np.all((a[..., :2] < b[..., 2:]) & (b[..., :2] < a[..., 2:]), axis=-1)
    return is_over


def _push_apart(
    anchors: np.ndarray, half: np.ndarray, obstacles: np.ndarray, low: np.ndarray, high: np.ndarray
) -> np.ndarray:
    """Boxes that overlap push each other along the shorter way out; all are drawn back to their anchors a little."""
    n_boxes = len(anchors)
    centres = np.clip(anchors.astype(np.float64), low, high)
    others = np.concatenate([half, (obstacles[:, 2:] - obstacles[:, :2]) / 2])
    middles = (obstacles[:, 2:] + obstacles[:, :2]) / 2
    reach = half[:, None] + others[None]  # (B, B + O, 2)
    # Boxes on one and the same point must know which way to go.
    away = np.sign(np.arange(n_boxes)[:, None] - np.arange(len(others))[None] + 0.5)[..., None]
    # An obstacle does not give way, so the box goes all of the way.
    share = np.concatenate([np.full(n_boxes, 0.5), np.ones(len(obstacles))])[None, :, None]
    for _ in range(_N_PUSHES):
        gap = centres[:, None] - np.concatenate([centres, middles])[None]
        depth = reach - np.abs(gap)
        depth[np.arange(n_boxes), np.arange(n_boxes)] = 0
        is_over = (depth > 0).all(axis=2)
        is_shorter = np.stack([depth[..., 0] <= depth[..., 1], depth[..., 0] > depth[..., 1]], axis=2)
        direction = np.where(gap == 0, away, np.sign(gap))
        push = (is_over[..., None] & is_shorter) * depth * direction * share
        centres = np.clip(centres + 0.6 * push.sum(axis=1) + _HOMESICKNESS * (anchors - centres), low, high)
    return centres


def _offsets(frame: tuple[float, float, float, float]) -> np.ndarray:
    """Steps away from a point, nearest first: fine ones nearby, coarse ones as far as the frame reaches."""
    reach = max(frame[2] - frame[0], frame[3] - frame[1])
    near = np.arange(-60, 60 + _STEP, _STEP)
    far = np.arange(-reach, reach + 1, 8.0)
    grid = np.concatenate([np.stack(np.meshgrid(steps, steps), axis=-1).reshape(-1, 2) for steps in (near, far)])
    order = np.argsort(np.hypot(grid[:, 0], grid[:, 1]), kind="stable")
    offsets: np.ndarray = grid[order]
    return offsets


def _first_free(candidates: np.ndarray, half: np.ndarray, taken: np.ndarray) -> np.ndarray | None:
    for start in range(0, len(candidates), 2048):
        block = candidates[start : start + 2048]
        free = ~overlaps(np.hstack([block - half, block + half]), taken).any(axis=1)
        if free.any():
            first: np.ndarray = block[free.argmax()]
            return first
    return None
