"""How much of a map falls on faces, lettering, the centre and the edges of covers, against their share of the area.

A map's share of a region is the part of what speaks for the mood that lies in it; a map that looked nowhere in
particular would have the region's share of the area.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from albumnet.explain.looking.faces import face_mask
from albumnet.explain.looking.lettering import lettering_mask
from albumnet.metrics import draw_resamples, interval, on_log_scale, resample_mean

if TYPE_CHECKING:
    from jaxtyping import Bool, Float, UInt8

REGIONS = ("faces", "lettering", "centre", "edges")
# The centre is the middle half of each side, a quarter of the area; the edges are an eighth of the side wide.
_CENTRE_FROM, _EDGE_WIDTH = 0.25, 0.125


@dataclass(frozen=True)
class Look:
    """Where one mood's map on one album's cover lies.

    Attributes:
        artist: Of the album.
        mood: The mood.
        share: Of the map, by region; nan where the cover has no such region, or the map is nowhere positive.
        area: Of the cover, by region; nan likewise.
    """

    artist: str
    mood: str
    share: dict[str, float]
    area: dict[str, float]


@dataclass(frozen=True)
class RegionRatio:
    """How much more a region draws than its area, over the albums whose cover has it.

    Attributes:
        mood: The mood; "" for all.
        region: One of `REGIONS`.
        share: Mean share of the map.
        area: Mean share of the area.
        ratio: The first over the second; 1 where a region draws as much as any other place.
        low: Lower end of the ratio's 95 % interval over artists; so is `high` the upper.
        high: The upper end.
        n_maps: Maps on covers with the region.
    """

    mood: str
    region: str
    share: float
    area: float
    ratio: float
    low: float
    high: float
    n_maps: int


def find_regions(cover: UInt8[np.ndarray, "H W 3"]) -> dict[str, Bool[np.ndarray, "H W"]]:
    """The regions of a cover as masks; those it lacks are empty.

    Raises:
        MissingExtraError: If OpenCV or the face detector's weights are not installed.
    """
    height, width = cover.shape[:2]
    y, x = ((np.arange(n) + 0.5) / n for n in (height, width))
    from_edge = np.minimum(np.minimum(y, 1 - y)[:, None], np.minimum(x, 1 - x)[None, :])
    return {
        "faces": face_mask(cover),
        "lettering": lettering_mask(cover),
        "centre": from_edge >= _CENTRE_FROM,
        "edges": from_edge < _EDGE_WIDTH,
    }


def shares_of_regions(
    values: Float[np.ndarray, "H W"], regions: dict[str, Bool[np.ndarray, "H W"]]
) -> dict[str, float]:
    """Share of what is positive in a map that lies in each region; nan for empty regions and maps without positives."""
    positive = np.clip(values, 0, None)
    total = positive.sum()
    return {
        name: float(positive[mask].sum() / total) if mask.any() and total > 0 else float("nan")
        for name, mask in regions.items()
    }


def compare_with_areas(
    looks: Sequence[Look], *, min_maps: int, n_resamples: int, rng: np.random.Generator
) -> list[RegionRatio]:
    """Each region's share of maps over its area: for all moods together, then by mood.

    Args:
        looks: Of all albums and moods.
        min_maps: Moods with fewer maps on covers with a region are passed over there.
        n_resamples: Resamples of artists.
        rng: Where chance comes from.
    """
    moods = ["", *sorted({look.mood for look in looks})]
    ratios = []
    for mood in moods:
        of_mood = [look for look in looks if mood in ("", look.mood)]
        for region in REGIONS:
            some = [look for look in of_mood if not np.isnan(look.share[region])]
            artists = np.array([look.artist for look in some])
            if len(some) < min_maps or len(set(artists)) < 2:
                continue
            shares, areas = (np.array([getattr(look, what)[region] for look in some]) for what in ("share", "area"))
            resamples = draw_resamples(artists, n_resamples=n_resamples, rng=rng)
            ratio = float(shares.mean() / areas.mean())
            point, resampled = on_log_scale(ratio, resample_mean(shares, resamples) / resample_mean(areas, resamples))
            low, high = np.exp(interval(point, resampled, n_groups=resamples.n_groups))
            ratios.append(
                RegionRatio(
                    mood, region, float(shares.mean()), float(areas.mean()), ratio, float(low), float(high), len(some)
                )
            )
    return ratios
