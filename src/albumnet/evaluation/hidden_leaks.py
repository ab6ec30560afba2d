"""Leaks behind other names: an artist or a cover on two sides of a split that no name gives away.

Notation: N albums, D features, A artists, R reference artists, n albums on the two sides that are compared.

Such leaks show in two ways: a held-out cover is all but equal to a reference one, or a held-out artist's albums look
and feel so much like a reference artist's that they may be by one hand. Both are judged against the reference side
itself: how near does each of its artists come to the nearest *other* artist of that side? Held-out artists that come
nearer, as a group, than chance allows sound the alarm. Artists, not albums, are compared, and only with artists of
about as many albums.

What this cannot see: names that hide artists all over a table, before it was split, make the reference side's artists
just as near to each other, so the null moves along. And covers and moods by one artist are not very alike: of splits of
1,500 albums that ignore artists altogether the two alarms together hear 97 in 100, of leaks of half the test side 47,
of a tenth no more than by chance; copies of 3 % of the test covers they always hear (benchmarks/planted.py --only
leaks, each at level 0.005). So look at the pairs even when the alarm is quiet.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from albumnet.errors import InputTableError
from albumnet.evaluation.leaks import N_PAIRS, LeakAlarm, SuspiciousPair

if TYPE_CHECKING:
    from jaxtyping import Bool, Float, Int

LEVEL = 0.01
_N_PERMUTATIONS = 1999
# Artists are compared with those of as many albums: 1, 2, 3-4, 5-8, more.
_SIZE_STEPS = (2, 3, 5, 9)
_N_COMPONENTS = 24
# How many of its best matches say how near an artist is to anyone.
_N_HUB_MATCHES = 5
_BLOCK = 2048


def find_alike_covers(
    features: Float[np.ndarray, "N D"],
    *,
    artists: Sequence[str],
    sides: Sequence[str],
    rng: np.random.Generator,
    level: float = LEVEL,
    reference: str = "train",
    held_out: str = "test",
) -> LeakAlarm:
    """Near-duplicate covers: do held-out covers come nearer to reference covers than those of other artists do?

    Closeness is the cosine of centred features; an artist's is that of the nearest of their covers. The statistic says
    how much held-out artists crowd the top of the ranking by closeness: minus the log of the smallest chance, over
    depths of the ranking, of as many of them above that depth. A few copies are enough to make it large.

    Args:
        features: Of the covers.
        artists: Key of each album's artist; albums with an empty one count as an artist each.
        sides: Side of each album.
        rng: Draws the permutations.
        level: Chance of a false alarm that is accepted, in (0, 1).
        reference: The side that models learn from.
        held_out: The side they are judged on.

    Raises:
        InputTableError: If there are fewer than 3 reference or 2 held-out artists, or features are not finite.
    """
    groups = _group_by_artist(features, artists=artists, sides=sides, reference=reference, held_out=held_out, rng=rng)
    centred = features[groups.rows].astype(np.float32)
    centred -= centred.mean(axis=0)
    unit = centred / np.maximum(np.linalg.norm(centred, axis=1, keepdims=True), 1e-12)
    closeness, pairs = _nearest_covers(unit, groups)
    labels = _held_out_labels(groups, rng=rng)
    return _make_alarm(
        "alike covers",
        scores=_crowding_at_the_top(closeness, labels),
        suspicion=closeness,
        closeness=closeness,
        pairs=pairs,
        groups=groups,
        level=level,
        sides=(reference, held_out),
    )


def find_hidden_artists(
    views: Sequence[Float[np.ndarray, "N D"]],
    *,
    artists: Sequence[str],
    sides: Sequence[str],
    rng: np.random.Generator,
    level: float = LEVEL,
    reference: str = "train",
    held_out: str = "test",
) -> LeakAlarm:
    """Artists behind another name: are held-out artists more alike to reference artists than those to each other?

    Closeness of two artists is the log-likelihood ratio of "one artist" against "two" in a two-covariance model of
    their albums, fitted to the artists as they are named, less what the reference artist reaches with anyone (some are
    near to everybody). The statistic is the mean surprise of held-out artists, by their ranks in closeness among
    artists of as many albums: 1 by chance, larger the more of them come near.

    Args:
        views: What is known of the albums, a table per kind of knowledge: features of covers, moods as 0 and 1, genres
            and year. Each counts the same. Moods tell artists apart far better than covers do.
        artists: Key of each album's artist; albums with an empty one count as an artist each.
        sides: Side of each album.
        rng: Draws the permutations.
        level: Chance of a false alarm that is accepted, in (0, 1).
        reference: The side that models learn from.
        held_out: The side they are judged on.

    Raises:
        InputTableError: If there are fewer than 3 reference or 2 held-out artists, or a view is not finite.

    Source:
        Brümmer & de Villiers (2010), "The speaker partitioning problem", Odyssey, for the likelihood ratio.
    """
    known = np.concatenate(views, axis=1)
    groups = _group_by_artist(known, artists=artists, sides=sides, reference=reference, held_out=held_out, rng=rng)
    albums = np.concatenate([_principal_components(view[groups.rows], _N_COMPONENTS) for view in views], axis=1)
    closeness, pairs = _nearest_artists(albums, groups)
    labels, surprise = _held_out_labels(groups, rng=rng), _surprise(closeness, groups)
    return _make_alarm(
        "hidden artists",
        scores=_mean_surprise(surprise, labels),
        suspicion=surprise,
        closeness=closeness,
        pairs=pairs,
        groups=groups,
        level=level,
        sides=(reference, held_out),
    )


@dataclass(frozen=True)
class _Groups:
    """Artists of the two sides that are compared.

    Attributes:
        rows: (n,) rows of the input, those of the two sides.
        group: (n,) artist of each of these, in [0, A).
        n_albums: (A,) of each artist.
        is_held_out: (A,) False for those of the reference side.
        stratum: (A,) equal for artists of about as many albums.
        left_out: (A,) the reference artist that each is not compared with: on the reference side itself, on the other
            side any one of as many albums, so that both have equally many to come near to.
    """

    rows: Int[np.ndarray, " n"]
    group: Int[np.ndarray, " n"]
    n_albums: Int[np.ndarray, " A"]
    is_held_out: Bool[np.ndarray, " A"]
    stratum: Int[np.ndarray, " A"]
    left_out: Int[np.ndarray, " A"]


def _group_by_artist(
    features: Float[np.ndarray, "N D"],
    *,
    artists: Sequence[str],
    sides: Sequence[str],
    reference: str,
    held_out: str,
    rng: np.random.Generator,
) -> _Groups:
    side = np.asarray(sides)
    rows = np.flatnonzero((side == reference) | (side == held_out))
    # An artist found on both sides is one on each: that is another check's finding.
    names = [(side[n] == held_out, artists[n], "" if artists[n] else n) for n in rows.tolist()]
    number = {name: g for g, name in enumerate(dict.fromkeys(names))}
    group = np.array([number[name] for name in names], dtype=np.int64)
    is_held_out = np.array([name[0] for name in number], dtype=bool)
    if (~is_held_out).sum() < 3 or is_held_out.sum() < 2:
        raise InputTableError(
            f"{(~is_held_out).sum()} artists on side {reference} and {is_held_out.sum()} on side {held_out} are too "
            "few to compare; leaks behind other names need at least 3 and 2"
        )
    if not np.isfinite(features[rows]).all():
        raise InputTableError("features hold values that are not finite; compute them again")
    n_albums = np.bincount(group)
    stratum = np.searchsorted(_SIZE_STEPS, n_albums, side="right")
    return _Groups(rows, group, n_albums, is_held_out, stratum, _leave_out(is_held_out, stratum, rng=rng))


def _leave_out(
    is_held_out: Bool[np.ndarray, " A"], stratum: Int[np.ndarray, " A"], *, rng: np.random.Generator
) -> Int[np.ndarray, " A"]:
    left_out = np.arange(len(is_held_out))
    for g in np.flatnonzero(is_held_out):
        like = np.flatnonzero(~is_held_out & (stratum == stratum[g]))
        left_out[g] = rng.choice(like if len(like) else np.flatnonzero(~is_held_out))
    return left_out


def _nearest_covers(
    unit: Float[np.ndarray, "n D"], groups: _Groups
) -> tuple[Float[np.ndarray, " A"], Int[np.ndarray, "A 2"]]:
    """Largest cosine of each artist's covers to a reference cover by another, and the two rows."""
    candidates = np.flatnonzero(~groups.is_held_out[groups.group])
    reference = unit[candidates]
    cosine, partner = np.empty(len(unit)), np.empty(len(unit), dtype=np.int64)
    for start in range(0, len(unit), _BLOCK):
        rows = np.arange(start, min(start + _BLOCK, len(unit)))
        block = unit[rows] @ reference.T
        block[groups.group[candidates] == groups.left_out[groups.group[rows]][:, None]] = -np.inf
        nearest = block.argmax(axis=1)
        cosine[rows], partner[rows] = block[np.arange(len(rows)), nearest], candidates[nearest]
    by_group = np.lexsort((-cosine, groups.group))
    first = by_group[np.append(0, np.cumsum(groups.n_albums)[:-1])]
    return cosine[first], np.column_stack([first, partner[first]])


def _nearest_artists(
    albums: Float[np.ndarray, "n C"], groups: _Groups
) -> tuple[Float[np.ndarray, " A"], Int[np.ndarray, "A 2"]]:
    """Largest log-likelihood ratio of each artist with a reference artist, and one row of each of the two."""
    mean, between = _fit_two_covariances(albums, groups)
    ratio = _log_likelihood_ratios(mean, groups.n_albums, between=between, is_candidate=~groups.is_held_out)
    candidates = np.flatnonzero(~groups.is_held_out)
    ratio[candidates == groups.left_out[:, None]] = -np.inf
    n_best = min(_N_HUB_MATCHES, len(ratio) - 1)
    ratio -= np.partition(ratio, len(ratio) - n_best, axis=0)[-n_best:].mean(axis=0)
    nearest = ratio.argmax(axis=1)
    first_row = np.unique(groups.group, return_index=True)[1]
    pairs = np.column_stack([first_row, first_row[candidates[nearest]]])
    return ratio[np.arange(len(ratio)), nearest], pairs


def _fit_two_covariances(
    albums: Float[np.ndarray, "n C"], groups: _Groups
) -> tuple[Float[np.ndarray, "A C"], Float[np.ndarray, " C"]]:
    """Each artist's mean album, and the variance between artists, in coordinates whose variance within artists is 1."""
    n_artists, n_columns = len(groups.n_albums), albums.shape[1]
    sums = np.zeros((n_artists, n_columns))
    np.add.at(sums, groups.group, albums)
    mean = sums / groups.n_albums[:, None]
    total = albums.T @ albums / len(albums)
    residual = albums - mean[groups.group]
    within = residual.T @ residual / max(len(albums) - n_artists, 1)
    # Few artists with several albums make a poor estimate; a tenth of the total keeps it away from 0.
    within = 0.9 * within + 0.1 * total
    whiten = np.linalg.inv(np.linalg.cholesky(within + 1e-9 * np.trace(total) / n_columns * np.eye(n_columns)))
    between, rotation = np.linalg.eigh(whiten @ (total - within) @ whiten.T)
    is_telling = between > 1e-3
    return mean @ (whiten.T @ rotation)[:, is_telling], between[is_telling]


def _log_likelihood_ratios(
    mean: Float[np.ndarray, "A C"],
    n_albums: Int[np.ndarray, " A"],
    *,
    between: Float[np.ndarray, " C"],
    is_candidate: Bool[np.ndarray, " A"],
) -> Float[np.ndarray, "A R"]:
    """log p(both | one artist) - log p(both | two), for every artist with every candidate.

    Of two means x and y with variances a = between + 1/n_x and b = between + 1/n_y, covariance c = between if by one
    artist, each column adds  -log(1 - c²/ab) / 2 - (b x² - 2 c x y + a y²) / 2(ab - c²) + x² / 2a + y² / 2b.
    """
    candidates = np.flatnonzero(is_candidate)
    ratio = np.empty((len(mean), len(candidates)), dtype=np.float32)
    for n_x in np.unique(n_albums):
        for n_y in np.unique(n_albums[candidates]):
            first, second = np.flatnonzero(n_albums == n_x), np.flatnonzero(n_albums[candidates] == n_y)
            x, y = mean[first], mean[candidates[second]]
            a, b, c = between + 1 / n_x, between + 1 / n_y, between
            determinant = a * b - c**2
            part_x = (x**2) @ (1 / a - b / determinant) / 2
            part_y = (y**2) @ (1 / b - a / determinant) / 2
            crossed = (x * (c / determinant)) @ y.T
            constant = -np.log(determinant / (a * b)).sum() / 2
            crossed += part_x[:, None] + constant  # in place: of 8,000 artists it is half a gigabyte
            crossed += part_y
            ratio[np.ix_(first, second)] = crossed
    return ratio


def _held_out_labels(groups: _Groups, *, rng: np.random.Generator) -> Bool[np.ndarray, "P A"]:
    """Which artists are held out: as it is in row 0, then as it might be, with as many of each stratum."""
    labels = np.zeros((1 + _N_PERMUTATIONS, len(groups.n_albums)), dtype=bool)
    labels[0] = groups.is_held_out
    for stratum in np.unique(groups.stratum[groups.is_held_out]):
        members = np.flatnonzero(groups.stratum == stratum)
        n_held_out = int(groups.is_held_out[members].sum())
        chosen = rng.random((_N_PERMUTATIONS, len(members))).argpartition(n_held_out - 1, axis=1)[:, :n_held_out]
        labels[1 + np.arange(_N_PERMUTATIONS)[:, None], members[chosen]] = True
    return labels


def _crowding_at_the_top(
    closeness: Float[np.ndarray, " A"], labels: Bool[np.ndarray, "P A"]
) -> Float[np.ndarray, " P"]:
    """Minus the log of the smallest hypergeometric chance over depths of the ranking, for each labelling.

    Source:
        Berk & Jones (1979), "Goodness-of-fit test statistics that dominate the Kolmogorov statistics", Z.
        Wahrscheinlichkeitstheorie 47, 47-59, for the best of many depths; its level comes from the permutations.
    """
    from scipy.stats import hypergeom  # here: it takes a second, and every command reads this module

    n_artists, n_held_out = labels.shape[1], int(labels[0].sum())
    depths = np.unique(np.round(1.25 ** np.arange(60)).astype(int))
    depths = depths[depths <= n_held_out]
    nearest = np.argsort(-closeness, kind="stable")[: depths[-1]]
    found = np.cumsum(labels[:, nearest], axis=1, dtype=np.int32)[:, depths - 1]
    surprises = [
        -hypergeom.logsf(np.arange(depth + 1) - 1, n_artists, n_held_out, depth)[found[:, column]]
        for column, depth in enumerate(depths)
    ]
    return np.asarray(np.max(surprises, axis=0))


def _surprise(closeness: Float[np.ndarray, " A"], groups: _Groups) -> Float[np.ndarray, " A"]:
    """Savage's scores of ranks within strata, the expected values of ordered exponentials: they mark the very nearest.

    Source:
        Savage (1956), "Contributions to the theory of rank order statistics", Ann. Math. Statist. 27(3), 590-615.
    """
    surprise = np.empty(len(closeness))
    for stratum in np.unique(groups.stratum):
        members = np.flatnonzero(groups.stratum == stratum)
        rank = (-closeness[members]).argsort(kind="stable").argsort(kind="stable")
        surprise[members] = np.cumsum(1 / np.arange(len(members), 0, -1))[::-1][rank]
    return surprise


def _mean_surprise(surprise: Float[np.ndarray, " A"], labels: Bool[np.ndarray, "P A"]) -> Float[np.ndarray, " P"]:
    """Mean over held-out artists for each labelling; those of the permutations spread somewhat wider than they fell."""
    means = labels @ surprise / labels[0].sum()
    # Reference artists are often each other's nearest, so their mean varies as that of half as many would; a random
    # choice of artists does not show that. Unwidened, 3 of 100 clean worlds of 1,500 albums fired at level 0.01.
    n_artists, n_held_out = labels.shape[1], labels[0].sum()
    centre = means[1:].mean()
    means[1:] = centre + np.sqrt((n_artists + n_held_out) / n_artists) * (means[1:] - centre)
    return np.asarray(means)


def _make_alarm(
    check: str,
    *,
    scores: Float[np.ndarray, " P"],
    suspicion: Float[np.ndarray, " A"],
    closeness: Float[np.ndarray, " A"],
    pairs: Int[np.ndarray, "A 2"],
    groups: _Groups,
    level: float,
    sides: tuple[str, str],
) -> LeakAlarm:
    """The alarm of a permutation test: `scores` has what was found first, then what permutations gave."""
    statistic = float(scores[0])
    p_value = float((scores >= statistic - 1e-9).mean())
    suspects = np.flatnonzero(groups.is_held_out)
    suspects = suspects[np.argsort(-suspicion[suspects], kind="stable")][:N_PAIRS]
    found = tuple(
        SuspiciousPair(int(held_out), int(reference), float(closeness[g]))
        for g, (held_out, reference) in zip(suspects, groups.rows[pairs[suspects]], strict=True)
    )
    fired = p_value <= level
    reference_side, held_out_side = sides
    verdict = f"come nearer to other {reference_side} artists than those to each other"
    message = (
        f"{check}: {held_out_side} artists {verdict if fired else 'do not ' + verdict} "
        f"(statistic {statistic:.2f}, p = {p_value:.4f}, level {level:g})"
    )
    return LeakAlarm(check, statistic, p_value, fired, found, message)


def _principal_components(values: Float[np.ndarray, "n D"], n_components: int) -> Float[np.ndarray, "n C"]:
    """The first components of standardised columns, scaled together so that their variances sum to 1."""
    centred = values.astype(np.float64) - values.mean(axis=0)
    centred /= np.maximum(centred.std(axis=0), 1e-9)
    variance, directions = np.linalg.eigh(centred.T @ centred / len(centred))
    kept = np.argsort(-variance)[:n_components]
    kept = kept[variance[kept] > 1e-9 * variance.max()]
    return np.asarray(centred @ directions[:, kept] / np.sqrt(variance[kept].sum()))
