"""From what is said of each mood to one place in the mood space: the closed form behind decoded mood vectors.

Notation: M moods, E numbers per word vector, labels L (M, E), logits z (M,).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from jaxtyping import Float

# Ridge against the mean squared label vector; larger ones rank albums worse (docs/results.md).
RIDGE = 0.01


def label_decoder(labels: Float[np.ndarray, "M E"]) -> Float[np.ndarray, "E M"]:
    """The matrix that turns logits into the vector whose dot products with the labels are, nearly, those logits.

    decoder = (L'L + ridge I)^-1 L'

    Args:
        labels: Label vectors, of unit length.

    Returns:
        (E, M), float64; `decoder @ z` is the vector.

    Source:
        Romera-Paredes & Torr (2015), "An embarrassingly simple approach to zero-shot learning", ICML (scores as
        bilinear products of input and label description, and their closed form).
    """
    wide = labels.astype(np.float64)
    gram = wide.T @ wide
    ridge = RIDGE * np.trace(gram) / len(wide) * np.eye(len(gram))
    decoder: np.ndarray = np.linalg.solve(gram + ridge, wide.T)
    return decoder
