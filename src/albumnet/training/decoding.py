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
from albumnet.moodspace import label_decoder

if TYPE_CHECKING:
    from jaxtyping import Float


def decode_head(
    head: MoodHead, *, kind: ModelKind, preset: Preset, labels: Float[torch.Tensor, "M E"]
) -> tuple[MoodHead, ClosenessCalibration]:
    """Turn a head that gives logits into one that gives mood vectors; only its last layer changes.

    vector = decoder (z - the mean over moods of the logits' bias), with `moodspace.label_decoder`

    Args:
        head: Trained for logits.
        kind: The model of one mood vector that it becomes.
        preset: That it was built by.
        labels: Unit label vectors.

    Returns:
        The head, and how its dot products become log-odds again.
    """
    decoded = MoodHead(kind, preset, replace(head.shape, embedding_size=labels.shape[1]))
    decoded.load_state_dict({n: t for n, t in head.state_dict().items() if not n.startswith("output.")}, strict=False)
    decoder = torch.from_numpy(label_decoder(labels.numpy()))  # (E, M)
    with torch.no_grad():
        bias = head.output.bias.double()
        decoded.output.weight.copy_(decoder @ head.output.weight.double())
        decoded.output.bias.copy_(decoder @ (bias - bias.mean()))
        offset = bias.mean().float().expand(len(labels)).clone()
    start = ClosenessCalibration(slope=torch.ones(()), centre=torch.zeros(len(labels)), offset=offset)
    return decoded.eval(), start
