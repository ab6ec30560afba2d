"""What a backbone takes a cover for, in the names of ImageNet, and which of these things go with which moods.

Notation: N albums, M moods, K things (classes).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import torch

from albumnet.metrics import draw_resamples, holm, interval, on_log_scale, p_value
from albumnet.vision.backbones import load_classifier, read_class_names

if TYPE_CHECKING:
    from jaxtyping import Bool, Float

    from albumnet.vision.backbones import Backbone

# A thing counts as seen on a cover when it is among so many likeliest: guesses on covers are many and unsure.
N_SEEN = 5
_BATCH = 256


@dataclass(frozen=True)
class Guess:
    """A thing that a backbone may see, and how probable it says that is."""

    thing: str
    probability: float


@dataclass(frozen=True)
class Lift:
    """How much oftener a thing is seen on covers of albums with a mood than on covers of all albums.

    Attributes:
        thing: Its ImageNet name.
        mood: The mood.
        lift: Share of the mood's albums it is seen on, over that share of all albums; 1 where they have nothing to do
            with each other.
        low: Lower end of the 95 % interval over artists; so is `high` the upper.
        high: The upper end.
        p_holm: Of no connection, corrected for all pairs looked at.
        n_both: Albums with the mood on which it is seen.
    """

    thing: str
    mood: str
    lift: float
    low: float
    high: float
    p_holm: float
    n_both: int


class Namer:
    """A backbone's own classifier.

    Args:
        backbone: Whose.

    Raises:
        WeightsError: If it has none, or one of other classes than ImageNet's 1,000.
    """

    def __init__(self, backbone: Backbone) -> None:
        from albumnet.errors import WeightsError

        self._classifier = load_classifier(backbone)
        self.names = read_class_names()
        with torch.no_grad():
            n_classes = self._classifier(torch.zeros(1, *backbone.feature_shape)).shape[1]
        if n_classes != len(self.names):
            raise WeightsError(
                f"{backbone.name} tells {n_classes:,} classes apart; names are known for ImageNet's {len(self.names):,}"
            )

    def probabilities(self, features: Float[np.ndarray, "N ..."]) -> Float[np.ndarray, "N K"]:
        """Of each thing on each cover, from the backbone's features."""
        parts = []
        with torch.no_grad():
            for start in range(0, len(features), _BATCH):
                logits = self._classifier(torch.from_numpy(features[start : start + _BATCH].astype(np.float32)))
                parts.append(torch.softmax(logits, dim=1).numpy())
        return np.concatenate(parts)

    def guesses(self, probabilities: Float[np.ndarray, " K"], *, top: int) -> tuple[Guess, ...]:
        """The likeliest things of one cover, likeliest first."""
        order = np.argsort(-probabilities, kind="stable")[:top]
        return tuple(Guess(self.names[k], float(probabilities[k])) for k in order)


def things_seen(probabilities: Float[np.ndarray, "N K"]) -> Bool[np.ndarray, "N K"]:
    """True where a thing is among a cover's `N_SEEN` likeliest."""
    seen = np.zeros(probabilities.shape, dtype=bool)
    np.put_along_axis(seen, np.argsort(-probabilities, axis=1)[:, :N_SEEN], True, axis=1)
    return seen


def find_lifts(
    seen: Bool[np.ndarray, "N K"],
    target: Bool[np.ndarray, "N M"],
    *,
    artists: Sequence[str],
    things: Sequence[str],
    moods: Sequence[str],
    min_seen: int,
    n_resamples: int,
    rng: np.random.Generator,
) -> list[Lift]:
    """Which things go with which moods, the surest first.

    On the log scale, where a doubling and a halving are equally far; pairs never seen together are left out.

    Args:
        seen: Which things are seen on which cover.
        target: Which moods the same albums have.
        artists: Of the same albums; resamples draw these.
        things: K names.
        moods: M names.
        min_seen: Things seen on fewer covers, and moods on fewer albums, are passed over.
        n_resamples: Resamples of artists.
        rng: Where chance comes from.
    """
    used_things, used_moods = (np.flatnonzero(np.asarray(x).sum(axis=0) >= min_seen) for x in (seen, target))
    if not len(used_things) or not len(used_moods):
        return []
    resamples = draw_resamples(np.asarray(artists), n_resamples=n_resamples, rng=rng)
    has_thing = seen[:, used_things].astype(np.float64)
    has_mood = target[:, used_moods].astype(np.float64)

    def by_artist(values: np.ndarray) -> np.ndarray:
        sums = np.zeros((resamples.n_groups, values.shape[1]))
        np.add.at(sums, resamples.groups, values)
        return np.asarray(resamples.counts.T @ sums)

    n_albums = by_artist(np.ones((len(seen), 1)))
    n_thing, n_mood = by_artist(has_thing), by_artist(has_mood)
    found: list[tuple[Lift, float]] = []
    for m, mood in enumerate(used_moods.tolist()):
        both = by_artist(has_thing * has_mood[:, m : m + 1])
        # A resample without the thing, or without the mood, says nothing of them.
        expected = n_thing * n_mood[:, m : m + 1]
        resampled = np.divide(both * n_albums, expected, out=np.full(both.shape, np.nan), where=expected > 0)
        n_both = has_thing.T @ has_mood[:, m]
        for k, thing in enumerate(used_things.tolist()):
            if not n_both[k]:
                continue
            ratio = float(n_both[k] * len(seen) / (has_thing[:, k].sum() * has_mood[:, m].sum()))
            point, around = on_log_scale(ratio, resampled[:, k])
            low, high = interval(point, around, n_groups=resamples.n_groups)
            p = p_value(point, around, n_groups=resamples.n_groups)
            lift = Lift(
                things[thing],
                moods[mood],
                ratio,
                float(np.exp(low)),
                float(np.exp(high)),
                p,
                int(n_both[k]),
            )
            found.append((lift, p))
    corrected = holm(np.array([p for _, p in found]))
    lifts = [
        Lift(one.thing, one.mood, one.lift, one.low, one.high, float(p), one.n_both)
        for (one, _), p in zip(found, corrected, strict=True)
    ]
    surest = np.argsort([p for _, p in found], kind="stable")
    return [lifts[n] for n in surest]
