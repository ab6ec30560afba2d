"""Who agrees with whom, how far, and how sure that is: intervals by resampling covers.

Every interval is over covers: it says what other covers would give with the same raters. Other raters are another
matter, on which two or three raters say nothing.
"""

from __future__ import annotations

import functools
import itertools
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from albumnet.metrics import Estimate, interval
from albumnet.metrics.agreement import (
    DISTANCES,
    Alpha,
    MoodAgreement,
    SetDistance,
    compare_mood_by_mood,
    count_moods,
    flat_kappa,
    fleiss_kappas,
    jaccard_distance,
    semantic_distance,
)
from albumnet.moodspace import embed_labels, load_packaged_vectors, moods_with_vectors
from albumnet.study.analysis.decisions import Party

if TYPE_CHECKING:
    from jaxtyping import Bool, Float

    Resampled = Callable[[Float[np.ndarray, "B N"]], Float[np.ndarray, " B"]]

PAIR_KINDS = ("rater–rater", "rater–set", "rater–model", "model–set")
LEAST_COVERS = 5


@dataclass(frozen=True)
class PairFindings:
    """Two who decided on the same covers.

    Attributes:
        kind: One of `PAIR_KINDS`.
        first: A name.
        second: Another.
        n_covers: That both decided on.
        n_moods: That both can name.
        pooled: Pooled kappa, chance reckoned mood by mood.
        mean_kappa: Mean of the moods' kappas, over those where it is defined.
        flat: Kappa of all cells in one table, as the origin reckoned it; it pays for knowing which moods are common.
        alphas: Distance -> Krippendorff's alpha.
        moods: Everything about each mood that one of them named.
    """

    kind: str
    first: str
    second: str
    n_covers: int
    n_moods: int
    pooled: Estimate
    mean_kappa: Estimate
    flat: float
    alphas: Mapping[str, Estimate]
    moods: tuple[MoodAgreement, ...]


@dataclass(frozen=True, slots=True)
class Contrast:
    """Mean pooled kappa of one kind of pairs, and how much more it is than the raters' among themselves."""

    title: str
    n_pairs: int
    mean: Estimate
    less_raters: Estimate


@dataclass(frozen=True)
class RaterFindings:
    """One rater's sitting.

    Attributes:
        name: Who.
        is_simulated: Whether nobody was there.
        n_rated: Covers with moods or "can't tell".
        n_cannot_tell: Of those.
        moods_per_cover: Mean over covers with a decision.
        n_repeated: Covers decided on twice.
        repeats: Pooled kappa of the two decisions.
        repeat_likeness: Mean Jaccard likeness of the two.
    """

    name: str
    is_simulated: bool
    n_rated: int
    n_cannot_tell: int
    moods_per_cover: float
    n_repeated: int
    repeats: Estimate
    repeat_likeness: float


@dataclass(frozen=True)
class GroupFindings:
    """All raters at once.

    Attributes:
        n_raters: R.
        n_covers: That all of them decided on.
        fleiss: Mean over moods of Fleiss' kappa; nan for fewer than three raters.
        n_fleiss_moods: Moods where it is defined.
        n_alpha_covers: Covers that at least two decided on.
        alphas: Distance -> Krippendorff's alpha over those.
    """

    n_raters: int
    n_covers: int
    fleiss: Estimate
    n_fleiss_moods: int
    n_alpha_covers: int
    alphas: Mapping[str, Estimate]


@dataclass(frozen=True)
class Findings:
    """All that a report says in numbers; `disagreement` (N,) is the raters' mean Jaccard distance on each cover."""

    n_covers: int
    n_moods: int
    n_resamples: int
    raters: tuple[RaterFindings, ...]
    pairs: tuple[PairFindings, ...]
    group: GroupFindings
    contrasts: tuple[Contrast, ...]
    disagreement: Float[np.ndarray, " N"]


def analyse(
    moods: Sequence[str],
    raters: Sequence[Party],
    again: Sequence[Party],
    others: Sequence[Party],
    *,
    n_resamples: int,
    rng: np.random.Generator,
) -> Findings:
    """Compare everyone.

    Args:
        moods: Of the study.
        raters: At the first showing of each cover.
        again: The same raters at the second.
        others: The set, and models.
        n_resamples: B, resamples of covers; all comparisons share them, so that differences are paired.
        rng: Where chance comes from.
    """
    n_covers = len(others[0].is_known)
    weights = rng.multinomial(n_covers, np.full(n_covers, 1 / n_covers), size=n_resamples)
    distances = _distances(moods)
    pooled: dict[tuple[str, str], tuple[Estimate, np.ndarray]] = {}
    pairs = []
    for first, second in itertools.combinations([*raters, *others], 2):
        kind = _kind(first, second)
        if kind:
            found, resampled = _compare(kind, first, second, moods, weights, distances)
            pairs.append(found)
            pooled[found.first, found.second] = found.pooled, resampled
    order = {kind: n for n, kind in enumerate(PAIR_KINDS)}
    pairs.sort(key=lambda pair: order[pair.kind])
    return Findings(
        n_covers=n_covers,
        n_moods=len(moods),
        n_resamples=n_resamples,
        raters=tuple(_about(a, b, weights) for a, b in zip(raters, again, strict=True)),
        pairs=tuple(pairs),
        group=_group(raters, weights, distances),
        contrasts=_contrasts(pairs, pooled, n_covers=n_covers),
        disagreement=_disagreement(raters),
    )


def _kind(first: Party, second: Party) -> str:
    kinds = {first.kind, second.kind}
    if kinds == {"rater"}:
        return "rater–rater"
    if kinds == {"rater", "set"}:
        return "rater–set"
    if kinds == {"rater", "model"}:
        return "rater–model"
    return "model–set" if kinds == {"set", "model"} else ""


def _distances(moods: Sequence[str]) -> dict[str, SetDistance]:
    vectors = load_packaged_vectors()
    known = moods_with_vectors(moods, vectors)
    labels = np.full((len(moods), vectors.vectors.shape[1]), np.nan)
    if known:
        labels[[list(moods).index(mood) for mood in known]] = embed_labels(known, vectors)
    return DISTANCES | {"semantic": functools.cache(semantic_distance(labels))}


def _compare(
    kind: str,
    first: Party,
    second: Party,
    moods: Sequence[str],
    weights: np.ndarray,
    distances: Mapping[str, SetDistance],
) -> tuple[PairFindings, np.ndarray]:
    rows, columns = np.flatnonzero(first.is_known & second.is_known), np.flatnonzero(first.knows & second.knows)
    a, b = first.decisions[np.ix_(rows, columns)], second.decisions[np.ix_(rows, columns)]
    if kind == "model–set":
        first, second, a, b = (second, first, b, a) if second.kind == "model" else (first, second, a, b)
    w = weights[:, rows]
    pooled = _estimate(lambda x: count_moods(a, b, x).pooled, w)
    sets = [[_as_set(x, columns), _as_set(y, columns)] for x, y in zip(a, b, strict=True)]
    return PairFindings(
        kind=kind,
        first=first.name,
        second=second.name,
        n_covers=len(rows),
        n_moods=len(columns),
        pooled=pooled[0],
        mean_kappa=_estimate(lambda x: _nanmean(count_moods(a, b, x).kappas), w)[0],
        flat=flat_kappa(a, b) if a.size else float("nan"),
        alphas={name: _estimate(Alpha(sets, d).resampled, w)[0] for name, d in distances.items()},
        moods=compare_mood_by_mood(a, b, tuple(moods[m] for m in columns.tolist())) if len(rows) else (),
    ), pooled[1]


def _estimate(measure: Resampled, weights: np.ndarray) -> tuple[Estimate, np.ndarray]:
    """The measure of the covers as they are, with its interval, and of every resample."""
    n_covers = weights.shape[1]
    if n_covers < LEAST_COVERS:
        return Estimate(math.nan), np.full(len(weights), np.nan)
    point, resampled = float(measure(np.ones((1, n_covers)))[0]), measure(weights)
    return Estimate(point, *_ends(point, resampled, n_covers)), resampled


def _ends(point: float, resampled: np.ndarray, n_covers: int) -> tuple[float, float]:
    low, high = interval(point, resampled, n_groups=n_covers)
    return max(low, -1.0), min(high, 1.0)


def _nanmean(values: np.ndarray) -> np.ndarray:
    known = ~np.isnan(values)
    counts = known.sum(axis=1)
    mean: np.ndarray = np.where(known, values, 0).sum(axis=1) / np.where(counts, counts, np.nan)
    return mean


def _as_set(row: np.ndarray, columns: np.ndarray) -> frozenset[int]:
    return frozenset(columns[row].tolist())


def _about(first: Party, again: Party, weights: np.ndarray) -> RaterFindings:
    rows = np.flatnonzero(first.is_known & again.is_known)
    a, b = first.decisions[rows], again.decisions[rows]
    everything = np.arange(first.decisions.shape[1])
    likeness = [1 - jaccard_distance(_as_set(x, everything), _as_set(y, everything)) for x, y in zip(a, b, strict=True)]
    n_known = int(first.is_known.sum())
    return RaterFindings(
        name=first.name,
        is_simulated=first.is_simulated,
        n_rated=n_known + first.n_cannot_tell,
        n_cannot_tell=first.n_cannot_tell,
        moods_per_cover=float(first.decisions[first.is_known].sum() / n_known) if n_known else float("nan"),
        n_repeated=len(rows),
        repeats=_estimate(lambda x: count_moods(a, b, x).pooled, weights[:, rows])[0],
        repeat_likeness=float(np.mean(likeness)) if likeness else float("nan"),
    )


def _group(raters: Sequence[Party], weights: np.ndarray, distances: Mapping[str, SetDistance]) -> GroupFindings:
    none = Estimate(math.nan)
    known = np.stack([r.is_known for r in raters]) if raters else np.zeros((0, weights.shape[1]), dtype=bool)
    rows = np.flatnonzero(known.all(axis=0)) if len(raters) else np.empty(0, np.int64)
    fleiss, n_moods = none, 0
    if len(raters) > 2 and len(rows) >= LEAST_COVERS:
        decisions = np.stack([r.decisions[rows] for r in raters])
        fleiss, n_moods = _fleiss(decisions, weights[:, rows])
    everything = np.arange(raters[0].decisions.shape[1]) if raters else np.empty(0, np.int64)
    answers = [[_as_set(r.decisions[n], everything) for r in raters if r.is_known[n]] for n in range(weights.shape[1])]
    alphas = {
        name: _estimate(Alpha(answers, d).resampled, weights)[0] if len(raters) > 1 else none
        for name, d in distances.items()
    }
    return GroupFindings(
        n_raters=len(raters),
        n_covers=len(rows),
        fleiss=fleiss,
        n_fleiss_moods=n_moods,
        n_alpha_covers=int((known.sum(axis=0) > 1).sum()),
        alphas=alphas,
    )


def _fleiss(decisions: Bool[np.ndarray, "R N M"], weights: np.ndarray) -> tuple[Estimate, int]:
    """Mean over moods of Fleiss' kappa; resamples by the same formula, all at once."""
    r = len(decisions)
    n_yes = decisions.sum(axis=0).astype(np.float64)  # (N, M)
    agreed = (n_yes * (n_yes - 1) + (r - n_yes) * (r - n_yes - 1)) / (r * (r - 1))

    def measure(w: np.ndarray) -> np.ndarray:
        n = w.sum(axis=1, keepdims=True)
        n = np.where(n > 0, n, np.nan)
        share = w @ n_yes / (n * r)
        chance = share**2 + (1 - share) ** 2
        room = np.where(1 - chance > 1e-12, 1 - chance, np.nan)
        return _nanmean((w @ agreed / n - chance) / room)

    return _estimate(measure, weights)[0], int((~np.isnan(fleiss_kappas(decisions))).sum())


def _contrasts(
    pairs: Sequence[PairFindings], pooled: Mapping[tuple[str, str], tuple[Estimate, np.ndarray]], *, n_covers: int
) -> tuple[Contrast, ...]:
    groups: dict[str, list[PairFindings]] = {}
    for pair in pairs:
        if not pair.pooled.is_defined or pair.kind == "model–set":
            continue
        title = {"rater–rater": "raters with each other", "rater–set": "raters with the set"}.get(
            pair.kind, f"raters with {pair.second}"
        )
        groups.setdefault(title, []).append(pair)
    means = {
        title: (
            float(np.mean([p.pooled.value for p in of_kind])),
            np.mean([pooled[p.first, p.second][1] for p in of_kind], axis=0),
        )
        for title, of_kind in groups.items()
    }
    base = means.get("raters with each other")
    none = Estimate(math.nan)
    contrasts = []
    for title, (value, resampled) in means.items():
        less = none
        if base is not None and title != "raters with each other":
            difference = value - base[0]
            less = Estimate(difference, *interval(difference, resampled - base[1], n_groups=n_covers))
        mean = Estimate(value, *_ends(value, resampled, n_covers))
        contrasts.append(Contrast(title, len(groups[title]), mean, less))
    return tuple(contrasts)


def _disagreement(raters: Sequence[Party]) -> np.ndarray:
    """Mean over pairs of raters of the Jaccard distance on each cover; nan where fewer than two decided."""
    n_covers = len(raters[0].is_known) if raters else 0
    found = np.full(n_covers, np.nan)
    for n in range(n_covers):
        sets = [frozenset(np.flatnonzero(r.decisions[n]).tolist()) for r in raters if r.is_known[n]]
        if len(sets) > 1:
            found[n] = np.mean([jaccard_distance(a, b) for a, b in itertools.combinations(sets, 2)])
    return found
