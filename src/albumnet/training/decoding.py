"""The repaired mood space: an album's mood vector decoded from a model's logits instead of regressed.

Regressing on word vectors by cosine collapses: what all moods' vectors have in common is all that can be said with
certainty, so every album lands there. Logits do not collapse, and the mood space can hold them: there is a vector whose
dot products with the label vectors are, as nearly as wanted, an album's scores.

Notation: M moods, E numbers per word vector, labels L (M, E), scores s (M,): how far each logit is from its mean, in
units of the mood's variation among the training albums.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import torch

from albumnet.models.calibration import ClosenessCalibration
from albumnet.models.heads import HeadShape, MoodHead
from albumnet.models.presets import ModelKind, Preset

if TYPE_CHECKING:
    from jaxtyping import Float

# Ridge against the mean squared label vector: the smallest tried (docs/results.md), which follows the logits closest.
RIDGE = 0.01


def decode_head(
    head: MoodHead,
    *,
    kind: ModelKind,
    preset: Preset,
    labels: Float[torch.Tensor, "M E"],
    target: Float[torch.Tensor, "N M"],
    inputs: tuple[Float[torch.Tensor, "N D"], Float[torch.Tensor, "N K"]],
) -> tuple[MoodHead, ClosenessCalibration]:
    """Turn a head that gives logits into one that gives mood vectors; only its last layer changes.

    vector = centre + scale (L'L + ridge I)^-1 L' s, with the centre and the spread of the training albums' true mood
    vectors, so that predictions lie among them and not on one point.

    Args:
        head: Trained for logits.
        kind: The model of mood vectors that it becomes.
        preset: That it was built by.
        labels: Unit label vectors.
        target: Of the training albums.
        inputs: Features and metadata of the training albums, as the head takes them.

    Returns:
        The head, and how its closeness becomes the logits again that it was decoded from.

    Source:
        Romera-Paredes & Torr (2015), "An embarrassingly simple approach to zero-shot learning", ICML (scores as
        bilinear products of input and label description, and their closed form).
    """
    shape = replace(head.shape, embedding_size=labels.shape[1])
    decoded = MoodHead(kind, preset, HeadShape(**vars(shape)))
    decoded.load_state_dict({n: t for n, t in head.state_dict().items() if not n.startswith("output.")}, strict=False)
    wide = labels.double()
    gram = wide.T @ wide
    ridge = RIDGE * gram.trace() / len(wide) * torch.eye(len(gram), dtype=torch.float64)
    std = target.double().std(dim=0, correction=0).clamp_min(1e-3)
    decoder = torch.linalg.solve(gram + ridge, wide.T) * std  # (E, M)
    true = torch.nn.functional.normalize(target.double() @ wide, dim=1)
    with torch.no_grad():
        decoded.output.weight.copy_(decoder @ head.output.weight.double())
        decoded.output.bias.zero_()
        vectors = decoded.eval()(*inputs).double()
        scale = (true.var(dim=0).sum() / vectors.var(dim=0).sum().clamp_min(1e-12)).sqrt()
        decoded.output.weight.mul_(scale)
        decoded.output.bias.copy_(true.mean(dim=0) - scale * vectors.mean(dim=0))
        at_mean = labels @ decoded.output.bias
    calibration = ClosenessCalibration(
        slope=(1 / (scale * std)).float(), centre=at_mean, offset=head.output.bias.detach()
    )
    return decoded, calibration
