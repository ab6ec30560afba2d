"""The repaired mood space: an album's mood vector decoded from a model's logits instead of regressed.

Regressing on word vectors by cosine collapses: what all moods' vectors have in common is all that can be said with
certainty, so every album lands there. Logits do not collapse, and the mood space can hold them: with more dimensions
than moods there is a vector whose dot product with each mood's vector is, as nearly as wanted, that mood's log-odds. So
the nearest mood is the likeliest one, and a mood that training never saw can be asked for by its vector. Five slots are
decoded from the logits of a mood at each rank, one by one.

Notation: M moods, E numbers per word vector, S slots (1 or 5), labels L (M, E), logits z (M,).
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

# Output of a model -> of the head that it is decoded from.
DECODED_FROM = {"vector": "logits", "slots": "ranks"}


def decode_head(
    head: MoodHead, *, kind: ModelKind, preset: Preset, labels: Float[torch.Tensor, "M E"]
) -> tuple[MoodHead, ClosenessCalibration]:
    """Turn a head that gives logits into one that gives mood vectors; only its last layer changes.

    vector = decoder (z - the mean over moods of the logits' bias), with `moodspace.label_decoder`

    Args:
        head: Trained for logits, or for those of every rank.
        kind: The model of mood vectors that it becomes.
        preset: That it was built by.
        labels: Unit label vectors.

    Returns:
        The head, and how its dot products become log-odds again.
    """
    decoded = MoodHead(kind, preset, replace(head.shape, embedding_size=labels.shape[1]))
    decoded.load_state_dict({n: t for n, t in head.state_dict().items() if not n.startswith("output.")}, strict=False)
    decoder = torch.from_numpy(label_decoder(labels.numpy()))  # (E, M)
    with torch.no_grad():
        weight = head.output.weight.double().unflatten(0, (-1, len(labels)))  # (S, M, inputs)
        bias = head.output.bias.double().unflatten(0, (-1, len(labels)))  # (S, M)
        decoded.output.weight.copy_((decoder @ weight).flatten(0, 1))
        decoded.output.bias.copy_(((bias - bias.mean()) @ decoder.T).flatten())
        offset = bias.mean().float().expand(len(labels)).clone()
    start = ClosenessCalibration(slope=torch.ones(()), centre=torch.zeros(len(labels)), offset=offset)
    return decoded.eval(), start
