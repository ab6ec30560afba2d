"""Mood names as a landscape: each where the albums that have it most lie closest together."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from albumnet.moodmap.placing import attract

if TYPE_CHECKING:
    from jaxtyping import Float, Int

# A mood is placed by as many albums as carry it, but at least these few and at most this share of the map.
_MIN_ALBUMS = 15
_MAX_SHARE = 0.05
# The width of the crowd that counts as one, as a part of the map's side.
_WIDTH = 0.05


@dataclass(frozen=True, slots=True)
class MoodPlace:
    """A mood's name on the map.

    Attributes:
        name: The mood.
        x: In [0, 1], to the right.
        y: In [0, 1], up.
        n_albums: Albums on the map that are tagged with it; 0 where nobody tagged them.
        weight: The albums that the model expects to have it: the sum of its probabilities.
    """

    name: str
    x: float
    y: float
    n_albums: int
    weight: float


def place_moods(
    names: Sequence[str],
    *,
    xy: Float[np.ndarray, "N 2"],
    probabilities: Float[np.ndarray, "N M"],
    n_albums: Int[np.ndarray, " M"],
) -> tuple[MoodPlace, ...]:
    """Place each mood at the density peak of the albums likeliest to have it; commonest moods first."""
    places = []
    for m, name in enumerate(names):
        n_chosen = int(np.clip(n_albums[m], _MIN_ALBUMS, max(_MIN_ALBUMS, _MAX_SHARE * len(xy))))
        chosen = np.argsort(-probabilities[:, m], kind="stable")[: min(n_chosen, len(xy))]
        points = xy[chosen].astype(np.float64)
        x, y = attract(points[None], probabilities[chosen, m].astype(np.float64)[None] + 1e-12, unit=_WIDTH)[0]
        places.append(MoodPlace(name, float(x), float(y), int(n_albums[m]), float(probabilities[:, m].sum())))
    return tuple(sorted(places, key=lambda place: (-place.n_albums, -place.weight, place.name)))
