"""The truth of a world whose mood probabilities are known: moods are independent given one logit each.

Notation: N albums, M moods, C components of the cover, K columns of metadata, A artists. With standard normal z,

    shared_logit[n, m] = offset[m] + (cover[n] @ cover_effect)[m] + (metadata[n] @ metadata_effect)[m]
    p(mood m | cover, metadata, artist) = sigmoid(shared_logit[n, m] + artist_effect[artist[n], m])
    p(mood m | cover, metadata)         = mean over z of sigmoid(shared_logit[n, m] + artist_spread * z)

The second is what can be known of an artist none of whose albums was in training. Ranking the test albums by it is the
best that any model can do on an artist-disjoint test side: no scores have a higher expected area under the ROC curve,
and none a noticeably higher expected average precision. (Albums by one artist share z, so their moods hang together a
little; the ranking principle behind the statement is exact for independent ones.)

Source:
    Robertson (1977), "The probability ranking principle in IR", Journal of Documentation 33(4), 294-304.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
from scipy.special import expit

if TYPE_CHECKING:
    from jaxtyping import Bool, Float, Int

# Against 200 nodes, the mean over an artist's effect of spread 2 is off by less than 1e-6.
_N_NODES = 32


@dataclass(frozen=True)
class MoodTruth:
    """What is true of N albums, however many of their moods a table tells.

    Attributes:
        mood_names: M names; column m of every (·, M) array below.
        offset: (M,) sets how common a mood is.
        cover: (N, C) what of the cover matters, each component with mean 0 and standard deviation 1.
        cover_effect: (C, M) what a component adds to the logit.
        metadata: (N, K) genres, 1 where the album has them, and the standardised year.
        metadata_effect: (K, M) what they add.
        artist: (N,) in [0, A).
        artist_effect: (A, M) what an artist adds, drawn apart from all else.
        artist_spread: Standard deviation of those effects, at least 0.
    """

    mood_names: tuple[str, ...]
    offset: Float[np.ndarray, " M"]
    cover: Float[np.ndarray, "N C"]
    cover_effect: Float[np.ndarray, "C M"]
    metadata: Float[np.ndarray, "N K"]
    metadata_effect: Float[np.ndarray, "K M"]
    artist: Int[np.ndarray, " N"]
    artist_effect: Float[np.ndarray, "A M"]
    artist_spread: float

    @cached_property
    def shared_logit(self) -> Float[np.ndarray, "N M"]:
        """The logit but for the artist's part."""
        return np.asarray(self.offset + self.cover @ self.cover_effect + self.metadata @ self.metadata_effect)

    @cached_property
    def logit(self) -> Float[np.ndarray, "N M"]:
        """The whole logit."""
        return np.asarray(self.shared_logit + self.artist_effect[self.artist])

    @cached_property
    def probability(self) -> Float[np.ndarray, "N M"]:
        """p(mood | cover, metadata, artist), in (0, 1)."""
        return np.asarray(expit(self.logit))

    @cached_property
    def probability_of_new_artist(self) -> Float[np.ndarray, "N M"]:
        """p(mood | cover, metadata), in (0, 1): of an artist of whom nothing else is known."""
        return mean_over_artists(self.shared_logit, artist_spread=self.artist_spread)

    def draw_target(self, *, rng: np.random.Generator) -> Bool[np.ndarray, "N M"]:
        """True where an album has a mood, given its cover, metadata and artist."""
        return np.asarray(rng.random(self.probability.shape) < self.probability)

    def draw_target_of_new_artists(
        self, rows: Int[np.ndarray, " n"], *, rng: np.random.Generator, artist: Int[np.ndarray, " n"] | None = None
    ) -> Bool[np.ndarray, "n M"]:
        """As `draw_target` for some albums, as if their artists were drawn anew (each for all of their albums).

        Args:
            rows: The albums; one may come several times.
            rng: Settles effects and moods.
            artist: Who made each of them; None for who did in this world.
        """
        artists, column = np.unique(self.artist[rows] if artist is None else artist, return_inverse=True)
        effect = rng.normal(scale=self.artist_spread, size=(len(artists), len(self.mood_names)))
        probability = expit(self.shared_logit[rows] + effect[column])
        return np.asarray(rng.random(probability.shape) < probability)


def mean_over_artists(
    logit: Float[np.ndarray, "N M"], *, artist_spread: float, n_nodes: int = _N_NODES
) -> Float[np.ndarray, "N M"]:
    """Mean of sigmoid(logit + artist_spread * z) over standard normal z, by Gauss-Hermite quadrature."""
    if artist_spread == 0:
        return np.asarray(expit(logit))
    nodes, weights = np.polynomial.hermite_e.hermegauss(n_nodes)
    mean = np.zeros_like(logit, dtype=np.float64)
    # One node at a time: all at once would take N x M x 32 numbers.
    for node, weight in zip(nodes, weights / weights.sum(), strict=True):
        mean += weight * expit(logit + artist_spread * node)
    return mean


def offsets_for_frequencies(
    logit: Float[np.ndarray, "N M"], *, wanted: Float[np.ndarray, " M"], artist_spread: float
) -> Float[np.ndarray, " M"]:
    """What to add to each mood's logits so that its mean probability over new artists is as wanted."""
    low, high = np.full(len(wanted), -30.0), np.full(len(wanted), 30.0)
    for _ in range(24):
        middle = (low + high) / 2
        found = mean_over_artists(logit + middle, artist_spread=artist_spread, n_nodes=17).mean(axis=0)
        low, high = np.where(found < wanted, middle, low), np.where(found < wanted, high, middle)
    return np.asarray((low + high) / 2)
