"""What is known of albums, block by block, and the rows of the evaluation that are made of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from albumnet.recommend.tuning import ContentMix, scale_block

if TYPE_CHECKING:
    from jaxtyping import Float

N_COMPONENTS = 64


@dataclass(frozen=True)
class RowSpec:
    """One row of the evaluation.

    Attributes:
        name: As code calls it.
        title: As the table calls it.
        kind: "plain" (no content), "content" (closeness alone) or "hybrid".
        base: Blocks of content.
        extra: Blocks weighted against them.
    """

    name: str
    title: str
    kind: str
    base: tuple[str, ...] = ()
    extra: tuple[str, ...] = ()


ROWS = (
    RowSpec("hybrid", "hybrid: genre, year, look, moods", "hybrid", ("genre_year",), ("look", "moods")),
    RowSpec("hybrid_moods", "hybrid: genre, year, moods", "hybrid", ("genre_year",), ("moods",)),
    RowSpec("hybrid_look", "hybrid: genre, year, look", "hybrid", ("genre_year",), ("look",)),
    RowSpec("hybrid_genre_year", "hybrid: genre, year", "hybrid", ("genre_year",)),
    RowSpec("hybrid_cover", "hybrid: look alone", "hybrid", ("look",)),
    RowSpec("als", "ALS", "plain"),
    RowSpec("bpr", "BPR", "plain"),
    RowSpec("item_knn", "item-kNN", "plain"),
    RowSpec("popularity", "popularity", "plain"),
    RowSpec("content_mood_vectors", "content: mood vectors", "content", ("mood_vectors",)),
    RowSpec("content_moods", "content: mood probabilities", "content", ("moods",)),
    RowSpec("content_look", "content: look", "content", ("look",)),
    RowSpec("content_genre_year", "content: genre, year", "content", ("genre_year",)),
    RowSpec("same_artist", "control: same artist", "plain"),
    RowSpec(
        "hybrid_permuted", "control: hybrid, covers of other albums", "hybrid", ("genre_year",),
        ("look_permuted", "moods_permuted"),
    ),
    RowSpec("hybrid_random", "control: hybrid, genre, year, random numbers", "hybrid", ("genre_year",), ("random",)),
    RowSpec("hybrid_genre", "control: hybrid, genre alone", "hybrid", ("genre",)),
    RowSpec("hybrid_nothing", "control: hybrid, random numbers alone", "hybrid", ("random",)),
    RowSpec("chance", "control: chance", "plain"),
)  # fmt: skip

# What each comparison asks: (first, second, scenarios, question).
COMPARISONS = (
    ("hybrid", "hybrid_permuted", "the cover helps"),
    ("hybrid", "hybrid_genre_year", "look and moods add to genre and year"),
    ("hybrid_moods", "hybrid_genre_year", "moods add to genre and year"),
    ("hybrid_look", "hybrid_genre_year", "the look adds to genre and year"),
    ("hybrid_cover", "hybrid_nothing", "the look alone says anything"),
    ("hybrid_genre_year", "hybrid_nothing", "genre and year help"),
    ("hybrid", "hybrid_genre", "the hybrid is ahead of genre alone"),
    ("hybrid", "content_genre_year", "the hybrid is ahead of closeness in genre and year"),
    ("hybrid", "als", "the hybrid is ahead of ALS"),
    ("hybrid", "same_artist", "the hybrid is ahead of more by the same artists"),
)


class Contents:
    """Blocks of content (N, ·) by name, each scaled once.

    Args:
        blocks: Name -> (N, ·).
    """

    def __init__(self, blocks: Mapping[str, Float[np.ndarray, "N D"]]) -> None:
        self._blocks = {name: scale_block(block) for name, block in blocks.items()}

    def has(self, spec: RowSpec) -> bool:
        """Whether all that a row is made of is there."""
        return all(name in self._blocks for name in (*spec.base, *spec.extra))

    def mix(self, spec: RowSpec) -> ContentMix:
        """A row's blocks."""
        return ContentMix(self._joined(spec.base), self._joined(spec.extra) if spec.extra else None)

    def _joined(self, names: tuple[str, ...]) -> np.ndarray:
        return np.concatenate([self._blocks[name] for name in names], axis=1)


def principal_components(
    batches: list[Float[np.ndarray, "B D"]], *, n_components: int = N_COMPONENTS
) -> Float[np.ndarray, "N K"]:
    """The first principal components of the rows of all batches, at most `n_components`; nan rows become the mean."""
    known = [~np.isnan(batch).any(axis=1) for batch in batches]
    n_known = sum(int(rows.sum()) for rows in known)
    if not n_known:
        raise ValueError("no row is known")
    mean = np.sum([b[k].sum(axis=0, dtype=np.float64) for b, k in zip(batches, known, strict=True)], axis=0) / n_known
    covariance = np.zeros((len(mean), len(mean)))
    for batch, rows in zip(batches, known, strict=True):
        centred = batch[rows].astype(np.float64) - mean
        covariance += centred.T @ centred
    _, axes = np.linalg.eigh(covariance)
    axes = axes[:, ::-1][:, : min(n_components, n_known, len(mean))]
    # Signs are arbitrary: the largest entry of each axis is made positive, so that machines agree.
    axes = axes * np.sign(axes[np.abs(axes).argmax(axis=0), np.arange(axes.shape[1])])
    return np.concatenate([np.nan_to_num((batch.astype(np.float64) - mean) @ axes) for batch in batches]).astype(
        np.float32
    )
