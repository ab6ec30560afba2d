"""Can a map be believed: deletion and insertion curves, pointing at what is known, and forgetting what was learned.

Notation: a map (H, W) is large where the model is said to look; a curve is the log-odds of a mood while a cover is
taken away (deletion) or brought back (insertion) cell by cell, the map's largest first.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image, ImageFilter

if TYPE_CHECKING:
    from jaxtyping import Bool, Float, UInt8

    Score = Callable[[np.ndarray], np.ndarray]  # decoded covers (B, H, W, 3) -> log-odds (B,)

# A cover is taken away in squares of 1/28 of its side, so that maps of points and maps of regions are judged alike.
N_CELLS = 28
SHARES = tuple(np.linspace(0.05, 0.95, 10))
# Above this rank correlation a map says much the same of a network that has forgotten everything.
MAX_LIKENESS = 0.5


def deletion_area(values: Float[np.ndarray, "H W"], cover: UInt8[np.ndarray, "H W 3"], *, score: Score) -> float:
    """Mean log-odds while the cover is blurred away, largest values first; the lower, the better the map.

    Source:
        Petsiuk, Das & Saenko (2018), "RISE: Randomized Input Sampling for Explanation of Black-box Models", BMVC.
    """
    blurred = _blur(cover)
    return float(score(np.stack([_mix(cover, blurred, values, share=share) for share in SHARES])).mean())


def insertion_area(values: Float[np.ndarray, "H W"], cover: UInt8[np.ndarray, "H W 3"], *, score: Score) -> float:
    """Mean log-odds while a blurred cover is made sharp again, largest values first; the higher, the better the map.

    Source:
        As `deletion_area`.
    """
    blurred = _blur(cover)
    return float(score(np.stack([_mix(blurred, cover, values, share=share) for share in SHARES])).mean())


def points_at(values: Float[np.ndarray, "H W"], mask: Bool[np.ndarray, "H W"]) -> bool:
    """Whether the map's largest value lies inside, with no tolerance.

    Source:
        Zhang et al. (2016), "Top-down Neural Attention by Excitation Backprop", ECCV (the pointing game).
    """
    return bool(mask.flat[int(values.argmax())])


def likeness(first: Float[np.ndarray, "H W"], second: Float[np.ndarray, "H W"]) -> float:
    """How alike two maps rank the places of a cover, whichever sign they give them, in [0, 1]; 0 where one is flat.

    Source:
        Adebayo et al. (2018), "Sanity Checks for Saliency Maps", NeurIPS (rank correlation).
    """
    from scipy.stats import rankdata

    ranks = [rankdata(to_cells(values)) for values in (first, second)]
    spreads = [rank.std() for rank in ranks]
    if min(spreads) == 0:
        return 0.0
    return abs(float(((ranks[0] - ranks[0].mean()) * (ranks[1] - ranks[1].mean())).mean() / (spreads[0] * spreads[1])))


def random_map(shape: tuple[int, int], *, rng: np.random.Generator) -> Float[np.ndarray, "H W"]:
    """A map of chance, cell by cell: what every map has to beat."""
    return enlarge(rng.random((N_CELLS, N_CELLS)), shape)


def centre_map(shape: tuple[int, int]) -> Float[np.ndarray, "H W"]:
    """A map that looks at the middle whatever is there: what a photographer's habit makes hard to beat."""
    y, x = (np.linspace(-1, 1, n) for n in shape)
    return np.asarray(np.exp(-2 * (y[:, None] ** 2 + x[None, :] ** 2)))


def to_cells(values: Float[np.ndarray, "H W"]) -> Float[np.ndarray, "28 28"]:
    """Means over cells."""
    rows, columns = (np.arange(n) * N_CELLS // n for n in values.shape)
    sums = np.zeros((N_CELLS, N_CELLS))
    np.add.at(sums, (rows[:, None], columns[None, :]), values)
    return sums / np.outer(np.bincount(rows, minlength=N_CELLS), np.bincount(columns, minlength=N_CELLS))


def enlarge(cells: np.ndarray, shape: tuple[int, int]) -> np.ndarray:
    """Cells to pixels, each cell of one value."""
    rows, columns = (np.arange(n) * N_CELLS // n for n in shape)
    return cells[rows[:, None], columns[None, :]]


def _mix(first: np.ndarray, second: np.ndarray, values: np.ndarray, *, share: float) -> np.ndarray:
    """The first picture with this share of its cells, those of largest value, taken from the second."""
    cells = to_cells(values).ravel()
    taken = np.zeros(cells.size, dtype=bool)
    taken[np.argsort(-cells, kind="stable")[: round(share * cells.size)]] = True
    is_second = enlarge(taken.reshape(N_CELLS, N_CELLS), first.shape[:2])
    return np.where(is_second[..., None], second, first)


def _blur(cover: np.ndarray) -> np.ndarray:
    """Colours stay where they were, and nothing can be made out."""
    return np.asarray(Image.fromarray(cover).filter(ImageFilter.GaussianBlur(cover.shape[0] / 12)))
