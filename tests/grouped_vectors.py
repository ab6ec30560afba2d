"""Unit vectors in a few clear groups, to be laid out."""

import numpy as np


def draw_groups(n_albums: int, *, n_groups: int = 4, size: int = 12, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Unit vectors (N, E) and the group of each."""
    rng = np.random.default_rng(seed)
    group = np.arange(n_albums) % n_groups
    centres = np.eye(size)[:n_groups]
    vectors = centres[group] + 0.15 * rng.normal(size=(n_albums, size))
    return (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32), group
