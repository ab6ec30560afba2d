"""Peers in their own environment: fits cornac's VBPR and irspack's feature-aware iALS, writes scores of each setting.

    PEERS/bin/python recommend_peers.py FOLDER

FOLDER holds inner.npz and train.npz (likes) and content.npy; `<peer>-<likes><setting>.npy` (U, N) are written beside
them. Which setting to take is decided by who reads them.
"""

from __future__ import annotations

import itertools
import sys
from pathlib import Path

import numpy as np
from scipy.sparse import csr_matrix, load_npz

VBPR_SETTINGS = tuple(itertools.product((10, 32), (0.01, 0.05), (0.01,)))  # factors, learning rate, penalty
# factors, weight of unknowns, penalty, penalty of the map from content
IALS_SETTINGS = tuple(itertools.product((8, 32), (0.05, 0.3), (0.01,), (0.1, 10.0)))


def main(folder: Path) -> None:
    """Fit all settings to both sets of likes."""
    content = np.load(folder / "content.npy")
    for likes in ("inner", "train"):
        matrix = csr_matrix(load_npz(folder / f"{likes}.npz"))
        for n, setting in enumerate(VBPR_SETTINGS):
            np.save(folder / f"VBPR (cornac)-{likes}{n:02d}.npy", _vbpr(matrix, content, *setting))
        for n, setting in enumerate(IALS_SETTINGS):
            np.save(folder / f"iALS with features (irspack)-{likes}{n:02d}.npy", _ials(matrix, content, *setting))


def _vbpr(matrix: csr_matrix, content: np.ndarray, k: int, learning_rate: float, penalty: float) -> np.ndarray:
    from cornac.data import Dataset, ImageModality
    from cornac.models import VBPR

    n_users, n_items = matrix.shape
    rows = matrix.tocoo()
    # Every user and item by its own number, those without likes too.
    data = Dataset(
        n_users, n_items, {u: u for u in range(n_users)}, {i: i for i in range(n_items)},
        (rows.row, rows.col, rows.data.astype(np.float64)), seed=0,
    )  # fmt: skip
    images = ImageModality(features=content, ids=list(range(n_items)), normalized=False)
    images.build(id_map={i: i for i in range(n_items)})
    data.add_modalities(item_image=images)
    model = VBPR(
        k=k, k2=k, n_epochs=60, batch_size=256, learning_rate=learning_rate, lambda_w=penalty, lambda_b=penalty,
        lambda_e=penalty, verbose=False, seed=0,
    ).fit(data)  # fmt: skip
    return np.stack([model.score(u) for u in range(n_users)]).astype(np.float32)


def _ials(
    matrix: csr_matrix, content: np.ndarray, n_components: int, alpha0: float, penalty: float, of_map: float
) -> np.ndarray:
    from irspack import IALSRecommender

    model = IALSRecommender(
        matrix, n_components=n_components, alpha0=alpha0, reg=penalty, item_features=content.astype(np.float32),
        lambda_item_feature=of_map, n_threads=1,
    ).learn()  # fmt: skip
    return np.asarray(model.get_score(np.arange(matrix.shape[0])), dtype=np.float32)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
