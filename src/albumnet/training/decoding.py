"""The repaired mood space: an album's mood vector decoded from a model's logits instead of regressed.

Regressing on word vectors by cosine collapses: what all moods' vectors have in common is all that can be said with
certainty, so every album lands there. Logits do not collapse, and the mood space can hold them: with more dimensions
than moods there is a vector whose dot product with each mood's vector is, as nearly as wanted, that mood's log-odds. So
the nearest mood is the likeliest one, and a mood that training never saw can be asked for by its vector.

Notation: M moods, E numbers per word vector, labels L (M, E), logits z (M,).
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import torch

from albumnet.models.calibration import ClosenessCalibration
from albumnet.models.heads import MoodHead
from albumnet.models.presets import ModelKind, Preset

if TYPE_CHECKING:
    from jaxtyping import Float

# Ridge against the mean squared label vector; larger ones rank albums worse (docs/results.md).
RIDGE = 0.01


def decode_head(
    head: MoodHead, *, kind: ModelKind, preset: Preset, labels: Float[torch.Tensor, "M E"]
) -> tuple[MoodHead, ClosenessCalibration]:
    """Turn a head that gives logits into one that gives mood vectors; only its last layer changes.

    vector = (L'L + ridge I)^-1 L' (z - the mean over moods of the logits' bias)

    Args:
        head: Trained for logits.
        kind: The model of one mood vector that it becomes.
        preset: That it was built by.
        labels: Unit label vectors.

    Returns:
        The head, and how its dot products become log-odds again.

    Source:
        Romera-Paredes & Torr (2015), "An embarrassingly simple approach to zero-shot learning", ICML (scores as
        bilinear products of input and label description, and their closed form).
    """
    decoded = MoodHead(kind, preset, replace(head.shape, embedding_size=labels.shape[1]))
    decoded.load_state_dict({n: t for n, t in head.state_dict().items() if not n.startswith("output.")}, strict=False)
    wide = labels.double()
    gram = wide.T @ wide
    ridge = RIDGE * gram.trace() / len(wide) * torch.eye(len(gram), dtype=torch.float64)
    decoder = torch.linalg.solve(gram + ridge, wide.T)  # (E, M)
    with torch.no_grad():
        bias = head.output.bias.double()
        decoded.output.weight.copy_(decoder @ head.output.weight.double())
        decoded.output.bias.copy_(decoder @ (bias - bias.mean()))
        offset = bias.mean().float().expand(len(labels)).clone()
    start = ClosenessCalibration(slope=torch.ones(()), centre=torch.zeros(len(labels)), offset=offset)
    return decoded.eval(), start
