"""Recommenders beside each other and beside their controls, on what was hidden from all of them alike.

In each fold all settings are chosen on interactions that are hidden a second time, from the training that is left, in
the same manner (interactions, albums or artists); then everything is fitted to the whole training again. A user's value
is the mean over the folds; intervals resample users. Users listened to the same albums, so that tells of other users of
these albums; of other albums tells the spread between folds, which hide different ones. Both are given.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import numpy as np

from albumnet.metrics.bootstrap import ClusterResamples, draw_resamples, resample_mean
from albumnet.metrics.intervals import Estimate, holm, interval, p_value, score_interval
from albumnet.metrics.multilabel import divide_or_nan
from albumnet.metrics.recommendation import ListScores, catalogue_coverage, popularity_bias, score_lists
from albumnet.recommend.contents import COMPARISONS, ROWS, Contents, RowSpec
from albumnet.recommend.interactions import Interactions
from albumnet.recommend.recommenders.base import Recommender
from albumnet.recommend.recommenders.chance import Chance
from albumnet.recommend.recommenders.content import Content
from albumnet.recommend.recommenders.hybrid import Hybrid, HybridOptions
from albumnet.recommend.recommenders.implicit_models import Als, AlsOptions, Bpr
from albumnet.recommend.recommenders.item_knn import ItemKnn
from albumnet.recommend.recommenders.popularity import Popularity
from albumnet.recommend.recommenders.same_artist import SameArtist
from albumnet.recommend.scenarios import SCENARIOS, Fold, deal_folds
from albumnet.recommend.tuning import ContentMix, Validation, draw_validations, tune_als, tune_hybrid

if TYPE_CHECKING:
    from jaxtyping import Float, Int

METRICS = ("recall_at_20", "ndcg_at_10", "reciprocal_rank")
MAIN_METRIC = "ndcg_at_10"
_MAX_SCORES = 30_000_000


@dataclass(frozen=True)
class EvaluatedRow:
    """One recommender in one scenario.

    Attributes:
        name: Of the row.
        title: As the table calls it.
        scores: Metric -> estimate.
        coverage: Share of the candidates that is in anyone's 20, mean over folds.
        popularity_bias: 1 where albums listed have as many listeners as those that users like.
        chosen: Settings by fold, in words.
    """

    name: str
    title: str
    scores: Mapping[str, Estimate]
    coverage: float
    popularity_bias: float
    chosen: tuple[str, ...] = ()


@dataclass(frozen=True)
class Comparison:
    """How far the first row is ahead of the second in nDCG@10.

    Attributes:
        first, second: Names of rows.
        question: What it asks.
        difference: With its interval over users, paired.
        over_folds: The same with an interval from the spread between folds.
        p_holm: Two-sided over users, corrected for all comparisons of all scenarios.
    """

    first: str
    second: str
    question: str
    difference: Estimate
    over_folds: Estimate
    p_holm: float = float("nan")


@dataclass(frozen=True)
class ScenarioResult:
    """One scenario.

    Attributes:
        scenario: Which.
        n_users: Of whom something liked was hidden.
        n_candidates: Albums ranked per fold, mean over folds.
        n_relevant: Hidden liked albums per user and fold, mean.
        rows: In the order of the table.
        comparisons: With the rows that are there.
    """

    scenario: str
    n_users: int
    n_candidates: float
    n_relevant: float
    rows: tuple[EvaluatedRow, ...]
    comparisons: tuple[Comparison, ...]

    def comparison(self, first: str, second: str) -> Comparison | None:
        """One comparison; None if it was not made."""
        return next((c for c in self.comparisons if (c.first, c.second) == (first, second)), None)

    def row(self, name: str) -> EvaluatedRow | None:
        """One row; None if it is not there."""
        return next((row for row in self.rows if row.name == name), None)


def evaluate_recommenders(
    interactions: Interactions,
    contents: Contents,
    *,
    artists: Int[np.ndarray, " N"],
    artist_groups: Int[np.ndarray, " N"],
    n_folds: int = 7,
    n_resamples: int = 1000,
    scenarios: Sequence[str] = SCENARIOS,
    als: AlsOptions = AlsOptions(),
    seed: int = 0,
    advance: Callable[[int, int], None] = lambda *_: None,
) -> tuple[ScenarioResult, ...]:
    """Score every recommender in every scenario.

    Args:
        interactions: Who liked what.
        contents: What is known of albums.
        artists: Number of each album's artist, -1 where nobody in particular is named.
        artist_groups: Group of each album that must not be on two sides of "cold artists".
        n_folds: How often something is hidden; 1/n_folds each time.
        n_resamples: Of users.
        scenarios: Which.
        als: Threads and iterations; factors and alpha are chosen.
        seed: Of all that is drawn.
        advance: Called with folds done and folds in all.
    """
    measured = []
    specs = [spec for spec in ROWS if contents.has(spec)]
    for s, scenario in enumerate(scenarios):
        rng = np.random.default_rng([seed, s])
        folds = deal_folds(scenario, interactions, artists=artist_groups, n_folds=n_folds, rng=rng)
        tally = _Tally(interactions)
        for n, fold in enumerate(folds):
            _evaluate_fold(
                scenario, fold, interactions, contents, specs, tally, artists=artists, artist_groups=artist_groups,
                n_folds=n_folds, als=als, rng=np.random.default_rng([seed, s, n]),
            )  # fmt: skip
            advance(s * n_folds + n + 1, len(scenarios) * n_folds)
        resamples = draw_resamples(np.arange(len(interactions.users)), n_resamples=n_resamples, rng=rng)
        measured.append(tally.result(scenario, specs, resamples))
    return correct_comparisons(measured)


def _evaluate_fold(
    scenario: str,
    fold: Fold,
    interactions: Interactions,
    contents: Contents,
    specs: Sequence[RowSpec],
    tally: _Tally,
    *,
    artists: Int[np.ndarray, " N"],
    artist_groups: Int[np.ndarray, " N"],
    n_folds: int,
    als: AlsOptions,
    rng: np.random.Generator,
) -> None:
    kept = ~fold.is_hidden
    train, seen = interactions.liked(kept), interactions.seen(kept)
    if not train.nnz:
        return

    def validations(kind: str) -> list[Validation]:
        return draw_validations(kind, interactions, artists=artist_groups, n_folds=n_folds, rng=rng, kept=kept)

    warm = validations("warm")
    options = tune_als(warm, base=als)
    inner = warm if scenario == "warm" else validations(scenario)
    inner_als = [Als(options).fit(each.train) for each in inner]
    fitted = Als(options).fit(train)
    tally.start(fold, seen=seen, hidden=interactions.liked(fold.is_hidden))
    for spec in specs:
        recommender, chosen = _make(
            spec, contents, artists=artists, fitted=fitted, inner=inner, inner_als=inner_als,
            is_warm=scenario == "warm", als=als, rng=rng,
        )  # fmt: skip
        tally.add(spec.name, recommender.fit(train), chosen, rng=np.random.default_rng(0))


def _make(
    spec: RowSpec,
    contents: Contents,
    *,
    artists: np.ndarray,
    fitted: Als,
    inner: Sequence[Validation],
    inner_als: Sequence[Als],
    is_warm: bool,
    als: AlsOptions,
    rng: np.random.Generator,
) -> tuple[Recommender, str]:
    """A row's recommender, its settings chosen, and those in words."""
    if spec.kind == "hybrid":
        mix = contents.mix(spec)
        options, weight = tune_hybrid(inner, inner_als, mix, has_listeners=is_warm)
        return Hybrid(fitted, mix.mixed(weight), options=options, is_fitted=True), describe_hybrid(options, weight, mix)
    if spec.kind == "content":
        return Content(contents.mix(spec).mixed(1.0), title=spec.title), ""
    if spec.name == "als":
        return Fitted(fitted), _describe_als(fitted.options)
    makers: dict[str, Callable[[], Recommender]] = {
        "bpr": lambda: Bpr(n_factors=32, n_threads=als.n_threads, seed=als.seed + 1),
        "item_knn": ItemKnn,
        "popularity": Popularity,
        "same_artist": lambda: SameArtist(artists),
        "chance": lambda: Chance(rng),
    }
    return makers[spec.name](), ""


def _describe_als(options: AlsOptions) -> str:
    return f"{options.n_factors} factors, alpha {options.alpha:g}, penalty {options.regularization:g}"


def describe_hybrid(options: HybridOptions, weight: float, mix: ContentMix) -> str:
    """Settings in words."""
    extra = f", extra block {weight:g}" if len(mix.weights) > 1 else ""
    return f"penalty {options.penalty:g}, trust {options.trust:g}, closeness {options.closeness:g}{extra}"


class Fitted(Recommender):
    """A recommender that is fitted already and is not fitted again.

    Args:
        recommender: That one.
    """

    name = "fitted"

    def __init__(self, recommender: Recommender) -> None:
        self._recommender = recommender

    def fit(self, user_items: object) -> Fitted:  # noqa: ARG002  it has learned already
        """Nothing."""
        return self

    def scores(self, users: Int[np.ndarray, " B"]) -> Float[np.ndarray, "B N"]:
        """As the recommender's."""
        return self._recommender.scores(users)

    def similarities(self, albums: Int[np.ndarray, " B"]) -> Float[np.ndarray, "B N"]:
        """As the recommender's."""
        return self._recommender.similarities(albums)


@dataclass
class _Row:
    sums: dict[str, np.ndarray]
    counts: np.ndarray
    fold_means: list[np.ndarray] = field(default_factory=list)  # (U,) of the main metric, by fold
    coverage: list[float] = field(default_factory=list)
    bias: list[float] = field(default_factory=list)
    chosen: list[str] = field(default_factory=list)


class _Tally:
    """Adds up what each row found, fold by fold.

    Args:
        interactions: For the number of users, and how many listeners an album has in all.
    """

    def __init__(self, interactions: Interactions) -> None:
        self._n_users, self._n_albums = interactions.shape
        self._n_listeners = np.bincount(interactions.album[interactions.is_liked], minlength=self._n_albums)
        self._rows: dict[str, _Row] = {}
        self._n_candidates: list[int] = []
        self._n_relevant: list[float] = []

    def start(self, fold: Fold, *, seen: object, hidden: object) -> None:
        self._fold, self._seen, self._hidden = fold, seen, hidden
        self._users = np.flatnonzero(np.diff(hidden.indptr))  # type: ignore[attr-defined]  # scipy.sparse
        self._n_candidates.append(int(fold.is_candidate.sum()))
        self._n_relevant.append(hidden.nnz / max(len(self._users), 1))  # type: ignore[attr-defined]  # scipy.sparse

    def add(self, name: str, recommender: Recommender, chosen: str, *, rng: np.random.Generator) -> None:
        row = self._rows.setdefault(
            name, _Row({metric: np.zeros(self._n_users) for metric in METRICS}, np.zeros(self._n_users))
        )
        of_fold = np.full(self._n_users, np.nan)
        parts: list[tuple[ListScores, np.ndarray]] = []
        step = max(1, _MAX_SCORES // max(self._n_albums, 1))
        for start in range(0, len(self._users), step):
            users = self._users[start : start + step]
            liked = self._hidden[users].toarray() > 0  # type: ignore[index]  # scipy.sparse
            candidates = self._fold.is_candidate & (self._seen[users].toarray() == 0)  # type: ignore[index]
            found = score_lists(recommender.scores(users), liked, is_candidate=candidates, rng=rng)
            values = dict(zip(METRICS, (found.recall, found.ndcg, found.reciprocal_rank), strict=True))
            is_defined = ~np.isnan(found.ndcg)
            for metric, value in values.items():
                row.sums[metric][users[is_defined]] += value[is_defined]
            row.counts[users[is_defined]] += 1
            of_fold[users] = found.ndcg
            parts.append((found, liked))
        row.fold_means.append(of_fold)
        row.chosen.append(chosen)
        listed = np.concatenate([found.listed for found, _ in parts])
        liked = np.concatenate([each for _, each in parts])
        row.coverage.append(catalogue_coverage(listed, n_candidates=int(self._fold.is_candidate.sum())))
        row.bias.append(popularity_bias(listed, liked, n_listeners=self._n_listeners))

    def result(self, scenario: str, specs: Sequence[RowSpec], resamples: ClusterResamples) -> ScenarioResult:
        n_users = len(np.unique(resamples.groups))
        values = {
            name: {metric: divide_or_nan(sums, row.counts) for metric, sums in row.sums.items()}
            for name, row in self._rows.items()
        }
        rows = tuple(
            EvaluatedRow(
                spec.name,
                spec.title,
                {metric: _estimate(each, resamples, n_users) for metric, each in values[spec.name].items()},
                float(np.mean(self._rows[spec.name].coverage)),
                _mean(np.array(self._rows[spec.name].bias)),
                tuple(self._rows[spec.name].chosen),
            )
            for spec in specs
        )
        comparisons = tuple(
            self._compare(first, second, question, values, resamples)
            for first, second, question in COMPARISONS
            if first in values and second in values
        )
        defined = next(iter(values.values()))[MAIN_METRIC]
        return ScenarioResult(
            scenario, int((~np.isnan(defined)).sum()), float(np.mean(self._n_candidates)),
            float(np.mean(self._n_relevant)), rows, comparisons,
        )  # fmt: skip

    def _compare(
        self, first: str, second: str, question: str, values: Mapping[str, Mapping[str, np.ndarray]],
        resamples: ClusterResamples,
    ) -> Comparison:  # fmt: skip
        difference = values[first][MAIN_METRIC] - values[second][MAIN_METRIC]
        point, resampled = _mean(difference), resample_mean(difference, resamples)
        n_users = resamples.n_groups
        estimate = Estimate(point, *interval(point, resampled, n_groups=n_users))
        pairs = zip(self._rows[first].fold_means, self._rows[second].fold_means, strict=True)
        by_fold = np.array([_mean(a - b) for a, b in pairs])
        return Comparison(
            first, second, question, estimate, over_folds(by_fold), p_value(point, resampled, n_groups=n_users)
        )


def over_folds(values: Float[np.ndarray, " F"]) -> Estimate:
    """Mean over folds and its 95 % interval by Student's t; nan ends for a single fold.

    Folds hide different albums but learn from much the same ones, so the interval is a little too narrow.
    """
    from scipy.special import stdtrit

    found = values[~np.isnan(values)]
    if len(found) < 2:
        return Estimate(_mean(values))
    half = float(stdtrit(len(found) - 1, 0.975) * found.std(ddof=1) / np.sqrt(len(found)))
    return Estimate(float(found.mean()), float(found.mean()) - half, float(found.mean()) + half)


def correct_comparisons(results: Sequence[ScenarioResult]) -> tuple[ScenarioResult, ...]:
    """The same with p-values corrected over all comparisons of all scenarios."""
    corrected = iter(holm(np.array([c.p_holm for result in results for c in result.comparisons])))
    return tuple(
        replace(result, comparisons=tuple(replace(c, p_holm=float(next(corrected))) for c in result.comparisons))
        for result in results
    )


def _estimate(values: np.ndarray, resamples: ClusterResamples, n_users: int) -> Estimate:
    point = _mean(values)
    return Estimate(point, *score_interval(point, resample_mean(values, resamples), n_groups=n_users))


def _mean(values: np.ndarray) -> float:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # undefined everywhere is nan
        return float(np.nanmean(values))
