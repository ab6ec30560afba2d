"""Which covers show the same picture: every pair compared by hash, then those that are close by their thumbnails.

A hash proposes and never decides. A proposed pair is laid one upon the other as well as shifts and scales of a few
per cent allow, which undoes crops, and then must agree in its greys, in its detail as a whole and where that agrees
least (so that one frame around two pictures is not enough), and in its colours. Covers without contrast have no detail
to agree in and are never paired.

Groups do not chain. A cover agrees with the cover that leads a group (or has the very hash of one that does, and
agrees with that), or it leads one of its own: where a series has one layout, the third may be like the second and the
second like the first, and yet they are three pictures.

Notation: N covers, P pairs, S side of a thumbnail.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING

import numpy as np

from albumnet.progress import Progress, ProgressCallback, ignore_progress
from albumnet.vision.alignment import align, correlation, detail_agreement, warp, weakest_agreement
from albumnet.vision.sketches import Sketches

if TYPE_CHECKING:
    from jaxtyping import Bool, Float, Int, UInt64


@dataclass(frozen=True)
class Thresholds:
    """What two covers must have in common; chosen by `benchmarks/near_duplicates.py` on other covers than it scores.

    Attributes:
        max_distance: Of 128 bits that differ.
        max_distance_low: Of the 64 lower frequencies among them.
        min_correlation: Of grey thumbnails once aligned, in [-1, 1].
        min_agreement: Of locally normalised gradients once aligned, in [-1, 1].
        min_weakest: Of the same, in the quarter of the picture where it is least.
        max_colour_difference: Mean difference of blue and red difference, on the scale 0 to 255.
        min_contrast: Standard deviation of a thumbnail's greys below which a cover is flat.
    """

    max_distance: int = 36
    max_distance_low: int = 20
    min_correlation: float = 0.8
    min_agreement: float = 0.7
    min_weakest: float = 0.1
    max_colour_difference: float = 14.0
    min_contrast: float = 6.0


# One file as others encoded or scaled it, and never one of a series: such copies of real covers differ in 7 bits, and
# agree by .99, .89 and .62, at the worst 1 % (docs/results.md).
COPIES = Thresholds(max_distance=16, max_distance_low=16, min_correlation=0.95, min_agreement=0.85, min_weakest=0.5)


@dataclass(frozen=True)
class Pairs:
    """P pairs of covers with what they have in common; each once, `first` < `second`.

    Attributes:
        first: (P,) rows.
        second: (P,) rows.
        distance: (P,) bits of 128 that differ.
        correlation: (P,) of greys, aligned.
        agreement: (P,) of detail, aligned.
        weakest: (P,) agreement of detail where it is least, aligned.
        colour_difference: (P,).
    """

    first: Int[np.ndarray, " P"]
    second: Int[np.ndarray, " P"]
    distance: Int[np.ndarray, " P"]
    correlation: Float[np.ndarray, " P"]
    agreement: Float[np.ndarray, " P"]
    weakest: Float[np.ndarray, " P"]
    colour_difference: Float[np.ndarray, " P"]

    def __len__(self) -> int:
        return len(self.first)

    def select(self, rows: np.ndarray) -> Pairs:
        """Some of them."""
        return Pairs(*(getattr(self, field.name)[rows] for field in fields(self)))

    def agree(self, thresholds: Thresholds) -> Bool[np.ndarray, " P"]:
        """Which of them show the same picture, hashes aside."""
        return (
            (self.correlation >= thresholds.min_correlation)
            & (self.agreement >= thresholds.min_agreement)
            & (self.weakest >= thresholds.min_weakest)
            & (self.colour_difference <= thresholds.max_colour_difference)
        )


# Covers per block of the distance table: 256 x 4,096 words of 8 bytes stay in the cache.
_BLOCK_ROWS, _BLOCK_COLUMNS = 256, 4096
# Pairs laid upon each other at a time.
_BATCH = 64
# Leaders that a cover is compared with, those of the nearest hashes: copies are near, and a catalogue of one layout
# has a thousand that are less near.
_MAX_LEADERS = 16
# Before alignment, at half the side. True pairs correlate at .55 and above, most pairs with close hashes do not.
_MIN_UNALIGNED = 0.4
# Aligned at half the side, true pairs correlate a little less than at the whole.
_HALF_SIDE_SLACK = 0.1
_STEPS_HALF_SIDE, _STEPS = 5, 3


def find_near_duplicates(
    sketches: Sketches,
    *,
    thresholds: Thresholds = Thresholds(),
    n_threads: int = 2,
    progress: ProgressCallback = ignore_progress,
) -> Pairs:
    """Pairs of covers that show the same picture: the leader of a group with each of the others.

    Covers of equal hashes are compared with the first of them and go where it goes, the others are compared in order
    with the leaders found so far; so a picture that a thousand albums have is not compared half a million times.

    Args:
        sketches: Of N covers, different in their bytes.
        thresholds: What two covers must have in common.
        n_threads: That compare hashes, and thumbnails.
        progress: Told after every block of rows.
    """

    def agreeing(first: np.ndarray, second: np.ndarray) -> Pairs:
        pairs = compare(sketches, first, second, thresholds=thresholds, n_threads=n_threads)
        return pairs.select(np.flatnonzero(pairs.agree(thresholds)))

    contrast = np.array([thumbnail.std() for thumbnail in sketches.thumbnails])
    rows = np.flatnonzero(contrast >= thresholds.min_contrast)
    parts = [agreeing(*_pair_equal_hashes(sketches.hashes, rows))]
    # What agrees with the first cover of its hash need not be searched for again.
    rows = rows[~np.isin(rows, parts[0].second)]
    leads = np.ones(len(sketches), dtype=bool)
    for first, second, block in _close_hashes(sketches.hashes[rows], thresholds=thresholds, n_threads=n_threads):
        start = rows[block.start]
        parts += _follow(rows[first], rows[second], start=start, leads=leads, agreeing=agreeing, sketches=sketches)
        progress(Progress("near-duplicates", block.stop, len(rows)))
    return _concatenate(parts)


def compare(
    sketches: Sketches, first: np.ndarray, second: np.ndarray, *, thresholds: Thresholds, n_threads: int = 1
) -> Pairs:
    """What the covers of P pairs have in common; 0 where colours or greys differ too much to look further."""
    difference = np.abs(sketches.chroma[first].astype(np.int16) - sketches.chroma[second]).mean(axis=(1, 2, 3))
    rows, measured = np.flatnonzero(difference <= thresholds.max_colour_difference), np.zeros((3, len(first)))

    def measure(batch: np.ndarray) -> None:
        one, other = (sketches.thumbnails[side[batch]].astype(np.float32) for side in (first, second))
        measured[:, batch] = _compare_thumbnails(one, other, thresholds=thresholds)

    batches = [rows[start : start + _BATCH] for start in range(0, len(rows), _BATCH)]
    with ThreadPoolExecutor(n_threads) as executor:
        list(executor.map(measure, batches))
    distance, (alike, agreement, weakest) = _hash_distance(sketches, first, second), measured
    return Pairs(first, second, distance, alike, agreement, weakest, difference)


def groups_of(n_covers: int, pairs: Pairs) -> Int[np.ndarray, " N"]:
    """The group of each of N covers: the smallest row that it is connected with through pairs."""
    connected = np.arange(n_covers)
    for first, second in zip(pairs.first, pairs.second, strict=True):
        _join(connected, first, second)
    return connected


def _compare_thumbnails(
    first: Float[np.ndarray, "P S S"], second: Float[np.ndarray, "P S S"], *, thresholds: Thresholds
) -> Float[np.ndarray, "3 P"]:
    """Correlation, agreement and weakest agreement; the finer steps are for those that the coarse one lets by."""
    half_first, half_second = _halve(first), _halve(second)
    alike = correlation(half_first, half_second).astype(np.float64)
    rows = np.flatnonzero(alike >= _MIN_UNALIGNED)
    start = np.zeros((len(rows), 4), dtype=np.float32)
    half = align(half_first[rows], half_second[rows], start=start, steps=_STEPS_HALF_SIDE)
    alike[rows] = np.maximum(alike[rows], correlation(half_first[rows], warp(half_second[rows], half)))
    is_close = alike[rows] >= thresholds.min_correlation - _HALF_SIDE_SLACK
    rows, start = rows[is_close], half[is_close] * np.array([2, 2, 1, 1], dtype=np.float32)
    one, other = first[rows], second[rows]
    placed = warp(other, align(one, other, start=start, steps=_STEPS))
    agreement_there, agreement_placed = detail_agreement(one, other), detail_agreement(one, placed)
    # Alignment may end in the wrong place; as they lie, covers that were not cropped agree best.
    is_placed = agreement_placed > agreement_there
    best = np.where(is_placed[:, None, None], placed, other)
    measured = np.zeros((3, len(first)))
    measured[0] = alike
    measured[:, rows] = (
        correlation(one, best),
        np.maximum(agreement_there, agreement_placed),
        weakest_agreement(one, best),
    )
    return measured


def _halve(thumbnails: np.ndarray) -> np.ndarray:
    half = thumbnails.shape[1] // 2
    mean: np.ndarray = thumbnails.reshape(len(thumbnails), half, 2, half, 2).mean(axis=(2, 4))
    return mean


def _follow(
    first: np.ndarray,
    second: np.ndarray,
    *,
    start: int,
    leads: Bool[np.ndarray, " N"],
    agreeing: Callable[[np.ndarray, np.ndarray], Pairs],
    sketches: Sketches,
) -> list[Pairs]:
    """Leaders and those that follow them, among pairs of close hashes whose second cover lies in the block at `start`.

    Args:
        first: (P,) rows before `second`.
        second: (P,) rows from `start` on.
        start: First row of the block; the leaders before it are known.
        leads: Whether a cover leads; set to False here for those of the block that follow another.
        agreeing: Those of some pairs that agree.
        sketches: Of all covers.
    """
    is_known = (first < start) & leads[first]
    one, other = first[is_known], second[is_known]
    nearest = _first_of_each(other, rank=_hash_distance(sketches, one, other), n=_MAX_LEADERS)
    pairs = agreeing(one[nearest], other[nearest])
    found = [pairs.select(_first_of_each(pairs.second, rank=pairs.distance, n=1))]
    leads[found[0].second] = False
    for leader in np.unique(first[first >= start]):
        others = second[first == leader]
        others = others[leads[others]]
        if leads[leader] and len(others):
            found.append(agreeing(np.full_like(others, leader), others))
            leads[found[-1].second] = False
    return found


def _first_of_each(keys: np.ndarray, *, rank: np.ndarray, n: int) -> np.ndarray:
    """Positions of the n lowest ranks among equal keys."""
    order = np.lexsort((rank, keys))
    place = np.arange(len(order)) - np.searchsorted(keys[order], keys[order])
    return order[place < n]


def _hash_distance(sketches: Sketches, first: np.ndarray, second: np.ndarray) -> Int[np.ndarray, " P"]:
    distance: np.ndarray = np.bitwise_count(sketches.hashes[first] ^ sketches.hashes[second]).sum(
        axis=1, dtype=np.int64
    )
    return distance


def _join(connected: np.ndarray, one: int, other: int) -> None:
    low, high = sorted((connected[one], connected[other]))
    if low != high:
        connected[connected == high] = low


def _pair_equal_hashes(hashes: UInt64[np.ndarray, "N 2"], rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Each row with the first row of the same hash."""
    if not len(rows):
        return rows, rows
    _, first, inverse = np.unique(hashes[rows], axis=0, return_index=True, return_inverse=True)
    firsts = rows[first[inverse.ravel()]]
    is_later = firsts != rows
    return firsts[is_later], rows[is_later]


def _close_hashes(
    hashes: UInt64[np.ndarray, "N 2"], *, thresholds: Thresholds, n_threads: int
) -> Iterator[tuple[np.ndarray, np.ndarray, range]]:
    """Pairs of rows whose hashes are close, the first before the second, and the block that the second lies in."""
    low, high = (np.ascontiguousarray(hashes[:, word]) for word in (0, 1))

    def search(start: int) -> tuple[np.ndarray, np.ndarray, range]:
        stop = min(start + _BLOCK_ROWS, len(low))
        firsts, seconds = [], []
        for column in range(0, stop, _BLOCK_COLUMNS):
            distance = np.bitwise_count(low[start:stop, None] ^ low[None, column : column + _BLOCK_COLUMNS])
            row, other = np.divmod(np.flatnonzero(distance <= thresholds.max_distance_low), distance.shape[1])
            total = distance[row, other] + np.bitwise_count(high[start + row] ^ high[column + other])
            is_close = (total <= thresholds.max_distance) & (column + other < start + row)
            firsts.append(column + other[is_close])
            seconds.append(start + row[is_close])
        return np.concatenate(firsts), np.concatenate(seconds), range(start, stop)

    starts, n_ahead = range(0, len(low), _BLOCK_ROWS), 4 * n_threads
    with ThreadPoolExecutor(n_threads) as executor:
        # A few blocks at a time: pairs that wait to be looked at take memory.
        for n in range(0, len(starts), n_ahead):
            yield from executor.map(search, starts[n : n + n_ahead])


def _concatenate(parts: Iterable[Pairs]) -> Pairs:
    empty = Pairs(*(np.empty(0, np.int64) for _ in range(3)), *(np.empty(0) for _ in range(4)))
    columns = [[getattr(part, field.name) for part in (empty, *parts)] for field in fields(Pairs)]
    return Pairs(*(np.concatenate(column) for column in columns))
