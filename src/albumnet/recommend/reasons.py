"""Why two albums are alike, as a person would say it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from jaxtyping import Float

_N_MOODS = 2


def say_alike(
    *, n_both: int, first: Float[np.ndarray, " M"], second: Float[np.ndarray, " M"], moods: Sequence[str]
) -> str:
    """How many like both, and the moods that they share; "" where there is neither.

    Args:
        n_both: Users who like both.
        first: One album's predicted moods, less those of albums on average; nan where unknown.
        second: The other's.
        moods: M names.
    """
    shared = say_common_moods(first, second, moods=moods)
    likes = "" if not n_both else "1 likes both" if n_both == 1 else f"{n_both:,} like both"
    return "; ".join(part for part in (likes, shared) if part)


def say_common_moods(first: Float[np.ndarray, " M"], second: Float[np.ndarray, " M"], *, moods: Sequence[str]) -> str:
    """The moods that both are predicted to have more than albums have on average; "" where there are none.

    Args:
        first: Predicted moods of one, less those of albums on average.
        second: Of the other.
        moods: M names.
    """
    shared = np.minimum(first, second)
    best = np.argsort(-shared)[:_N_MOODS]
    names = [moods[m].lower() for m in best.tolist() if shared[m] > 0]
    return f"close in mood: {', '.join(names)}" if names else ""
