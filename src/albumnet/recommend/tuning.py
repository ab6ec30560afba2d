"""Choosing a recommender's settings on interactions hidden from its training, never on those it is judged by."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from albumnet.metrics.recommendation import score_lists
from albumnet.recommend.interactions import Interactions
from albumnet.recommend.recommenders.base import UserItems, count_listeners
from albumnet.recommend.recommenders.content import Content
from albumnet.recommend.recommenders.hybrid import HybridOptions, blend, predict_factors, share_of_own
from albumnet.recommend.recommenders.implicit_models import Als, AlsOptions
from albumnet.recommend.scenarios import deal_folds

if TYPE_CHECKING:
    from jaxtyping import Bool, Float, Int

PENALTIES = (1.0, 3.0, 10.0, 30.0, 100.0, 300.0)
TRUSTS = (0.0, 1.0, 3.0, 10.0, 30.0)
CLOSENESSES = (0.0, 0.1, 0.25, 0.5, 1.0, 2.0)
EXTRA_WEIGHTS = (0.1, 0.3, 1.0)
ALS_GRID = tuple((f, a, r) for f in (4, 8, 16, 32, 64) for a in (0.5, 2.0, 8.0) for r in (0.1, 10.0))
# Divisions that settings are judged on, each hiding something else; where there are many likes, one tells enough.
N_VALIDATIONS = 3
# More users than this tell the same; scores of so many albums at a time are held.
MAX_USERS = 2000
_MAX_SCORES = 30_000_000


@dataclass(frozen=True, eq=False)
class Validation:
    """What settings are judged by.

    Attributes:
        train: (U, N) sparse likes to learn from.
        seen: (U, N) sparse, what each user knows already and is not shown.
        hidden: (U, N) sparse likes to find.
        is_candidate: (N,) what may be listed.
        users: Rows that are judged.
    """

    train: UserItems
    seen: UserItems
    hidden: UserItems
    is_candidate: Bool[np.ndarray, " N"]
    users: Int[np.ndarray, " B"]

    def judge(self, scores: Float[np.ndarray, "B N"]) -> float:
        """Mean nDCG@10 of the users' scores; 0 where nothing was hidden."""
        liked = self.hidden[self.users].toarray() > 0
        candidates = self.is_candidate & (self.seen[self.users].toarray() == 0)
        found = score_lists(scores, liked, is_candidate=candidates, rng=np.random.default_rng(0)).ndcg
        return float(np.nanmean(found)) if not np.isnan(found).all() else 0.0


def make_validation(
    train: UserItems,
    seen: UserItems,
    hidden: UserItems,
    *,
    is_candidate: Bool[np.ndarray, " N"],
    rng: np.random.Generator,
) -> Validation:
    """Validation on users of whom something liked was hidden, at most as many as are held in memory with ease."""
    users = np.flatnonzero(np.diff(hidden.indptr))
    n_most = max(50, min(MAX_USERS, _MAX_SCORES // max(train.shape[1], 1)))
    if len(users) > n_most:
        users = np.sort(rng.choice(users, n_most, replace=False))
    return Validation(train, seen, hidden, is_candidate, users)


def draw_validations(
    scenario: str,
    interactions: Interactions,
    *,
    artists: Int[np.ndarray, " N"],
    n_folds: int,
    rng: np.random.Generator,
    kept: Bool[np.ndarray, " I"] | None = None,
    n_validations: int = N_VALIDATIONS,
) -> list[Validation]:
    """Divide what is there in the manner of a scenario, and keep the first few divisions.

    Args:
        scenario: What is hidden: interactions, albums or artists.
        interactions: All of them.
        artists: Group of each album.
        n_folds: Each division hides one in so many.
        rng: Deals.
        kept: Interactions that may be looked at at all; all if not given.
        n_validations: Divisions, at most `n_folds`.
    """
    there = np.ones(len(interactions.user), dtype=bool) if kept is None else kept
    folds = deal_folds(scenario, interactions, artists=artists, n_folds=n_folds, rng=rng, among=there)
    return [
        make_validation(
            interactions.liked(~fold.is_hidden), interactions.seen(~fold.is_hidden),
            interactions.liked(there & fold.is_hidden), is_candidate=fold.is_candidate, rng=rng,
        )
        for fold in folds[:n_validations]
    ]  # fmt: skip


def tune_als(
    validations: Sequence[Validation], *, base: AlsOptions, grid: Sequence[tuple[int, float, float]] = ALS_GRID
) -> AlsOptions:
    """Number of factors, weight of a like and penalty with the best lists."""
    trials = [replace(base, n_factors=f, alpha=alpha, regularization=penalty) for f, alpha, penalty in grid]
    worth = [
        float(np.mean([each.judge(Als(trial).fit(each.train).scores(each.users)) for each in validations]))
        for trial in trials
    ]
    return trials[_best(worth)]


@dataclass(frozen=True, eq=False)
class ContentMix:
    """Blocks of content beside each other, each at a mean squared length of 1 before its weight.

    Attributes:
        base: (N, D) or None.
        extra: (N, E), weighted against the base; None for the base alone.
    """

    base: Float[np.ndarray, "N D"] | None
    extra: Float[np.ndarray, "N E"] | None = None

    @property
    def weights(self) -> tuple[float, ...]:
        """What is worth trying for the extra block."""
        return EXTRA_WEIGHTS if self.base is not None and self.extra is not None else (1.0,)

    def mixed(self, weight: float) -> Float[np.ndarray, "N K"]:
        """The blocks, the extra one weighted."""
        blocks = [
            block for block in (self.base, None if self.extra is None else weight * self.extra) if block is not None
        ]
        return np.concatenate(blocks, axis=1)


def scale_block(block: Float[np.ndarray, "N D"]) -> Float[np.ndarray, "N D"]:
    """Centred, at a mean squared length of 1; a block that never varies is zero."""
    centred = np.asarray(block - block.mean(axis=0), dtype=np.float32)
    length = np.sqrt((centred.astype(np.float64) ** 2).sum(axis=1).mean())
    return centred / np.float32(length if length > 1e-9 else 1.0)


def tune_hybrid(
    validations: Sequence[Validation], fitted: Sequence[Als], mix: ContentMix, *, has_listeners: bool
) -> tuple[HybridOptions, float]:
    """Weights of the hybrid with the best lists, and the weight of the mix's extra block.

    One after the other: penalty with the extra block's weight, then trust, then closeness.

    Args:
        validations: What they are judged by, on average.
        fitted: ALS fitted to each validation's likes.
        mix: Content.
        has_listeners: Whether candidates have listeners; without, trust is of no consequence and kept.
    """
    pairs = list(zip(validations, fitted, strict=True))
    n_listeners = [count_listeners(each.train) for each in validations]

    def collaborative(n: int, weight: float, penalty: float, trust: float) -> np.ndarray:
        validation, als = pairs[n]
        factors = als.item_factors
        predicted = predict_factors(mix.mixed(weight), factors, n_listeners=n_listeners[n], penalty=penalty)
        own = share_of_own(n_listeners[n], trust=trust)[:, None]
        blended = (own * factors + (1 - own) * predicted).astype(np.float32)
        scores: np.ndarray = als.user_factors[validation.users] @ blended.T
        return scores

    def judge(weight: float, penalty: float, trust: float) -> float:
        found = [each.judge(collaborative(n, weight, penalty, trust)) for n, each in enumerate(validations)]
        return float(np.mean(found))

    trust = HybridOptions().trust
    trials = [(weight, penalty) for weight in mix.weights for penalty in PENALTIES]
    weight, penalty = trials[_best([judge(w, p, trust) for w, p in trials])]
    if has_listeners:
        trust = TRUSTS[_best([judge(weight, penalty, trial) for trial in TRUSTS])]
    worth = np.zeros(len(CLOSENESSES))
    for n, each in enumerate(validations):
        first = collaborative(n, weight, penalty, trust)
        second = Content(mix.mixed(weight)).fit(each.train).scores(each.users)
        worth += [each.judge(blend(first, second, weight=trial) if trial else first) for trial in CLOSENESSES]
    return HybridOptions(penalty=penalty, trust=trust, closeness=CLOSENESSES[_best(worth)]), weight


def _best(worth: Sequence[float] | Float[np.ndarray, " T"]) -> int:
    """The first of the best; earlier trials lean less on content, so noise does not."""
    return int(np.argmax(np.round(worth, 6)))
