"""Drawn covers on which engines are held against each other where no others are at hand."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from jaxtyping import UInt8

N_COVERS = 8
_N_SHAPES = 12


def draw_trial_covers(size: int) -> UInt8[np.ndarray, "8 size size 3"]:
    """Eight decoded covers, always the same: soft grounds, shapes and grain."""
    rng = np.random.default_rng(0)
    down, across = np.meshgrid(np.linspace(0, 1, size), np.linspace(0, 1, size), indexing="ij")
    return np.stack([_draw(down, across, rng) for _ in range(N_COVERS)])


def _draw(down: np.ndarray, across: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    one, other = rng.uniform(0, 255, (2, 3))
    ground = one + (other - one) * (rng.random() * down + rng.random() * across)[..., None] / 2
    for _ in range(_N_SHAPES):
        (y, x), radius = rng.random(2), rng.uniform(0.02, 0.25)
        far = np.maximum(abs(down - y), abs(across - x)) if rng.random() < 0.5 else np.hypot(down - y, across - x)
        ground[far < radius] = rng.uniform(0, 255, 3)
    grain = rng.normal(scale=rng.uniform(0, 20), size=ground.shape)
    drawn: np.ndarray = (ground + grain).clip(0, 255).astype(np.uint8)
    return drawn
