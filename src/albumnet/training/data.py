"""Everything that training looks at."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from albumnet.training.feature_sources import FeatureSource

if TYPE_CHECKING:
    import torch
    from jaxtyping import Float, Int

# Albums that are looked at at once where nothing is learned from them.
EVALUATION_BATCH = 256


@dataclass(frozen=True)
class TrainingData:
    """Everything the loop looks at; row n of each belongs to album n.

    Attributes:
        features: Of the covers.
        metadata: (N, K).
        target: (N, M), 0 or 1.
        top_moods: (N, 5) columns of the strongest moods, -1 where there are fewer.
        labels: (M, E) unit label vectors; E is 0 for models without word vectors.
        train: Rows to learn from.
        valid: Rows to choose by.
    """

    features: FeatureSource
    metadata: Float[torch.Tensor, "N K"]
    target: Float[torch.Tensor, "N M"]
    top_moods: Int[torch.Tensor, "N 5"]
    labels: Float[torch.Tensor, "M E"]
    train: Int[torch.Tensor, " n"]
    valid: Int[torch.Tensor, " n"]

    def on(self, device: str) -> TrainingData:
        """The same, all but the features on that device."""
        tensors = (self.metadata, self.target, self.top_moods, self.labels, self.train, self.valid)
        return TrainingData(self.features, *(tensor.to(device) for tensor in tensors))
