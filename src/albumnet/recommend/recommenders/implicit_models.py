"""ALS and BPR as `implicit` does them: a vector of factors for every user and album."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self

import numpy as np

from albumnet.recommend.recommenders.base import Recommender, UserItems, cosines_of_rows, row_lengths

if TYPE_CHECKING:
    from jaxtyping import Float, Int


@dataclass(frozen=True)
class AlsOptions:
    """How ALS is fitted.

    Attributes:
        n_factors: Numbers per user and album.
        regularization: L2 penalty on them.
        alpha: How much more a like counts than an unknown.
        n_iterations: Rounds over users and albums.
        n_threads: 0 for all cores.
        seed: Of where the factors start.
    """

    n_factors: int = 64
    regularization: float = 0.1
    alpha: float = 10.0
    n_iterations: int = 15
    n_threads: int = 0
    seed: int = 0


class _Factors(Recommender):
    """Scores by the product of a user's and an album's factors."""

    user_factors: Float[np.ndarray, "U F"]
    item_factors: Float[np.ndarray, "N F"]

    def scores(self, users: Int[np.ndarray, " B"]) -> Float[np.ndarray, "B N"]:
        """Product of factors."""
        product: np.ndarray = self.user_factors[users] @ self.item_factors.T
        return product

    def similarities(self, albums: Int[np.ndarray, " B"]) -> Float[np.ndarray, "B N"]:
        """Cosine between albums' factors."""
        return cosines_of_rows(self.item_factors, albums, lengths=row_lengths(self.item_factors))


class Als(_Factors):
    """Alternating least squares on confidence-weighted likes.

    Source:
        Hu, Koren & Volinsky (2008), "Collaborative Filtering for Implicit Feedback Datasets", ICDM, 263-272.
    """

    name = "ALS"

    def __init__(self, options: AlsOptions = AlsOptions()) -> None:
        self.options = options

    def fit(self, user_items: UserItems) -> Self:
        """Fit both sides' factors."""
        from implicit.cpu.als import AlternatingLeastSquares

        chosen = self.options
        options = {
            "factors": chosen.n_factors,
            "regularization": chosen.regularization,
            "alpha": chosen.alpha,
            "iterations": chosen.n_iterations,
            "num_threads": chosen.n_threads,
            "random_state": chosen.seed,
        }
        self.user_factors, self.item_factors = _fit_quietly(AlternatingLeastSquares, options, user_items)
        return self


class Bpr(_Factors):
    """Bayesian personalised ranking: a liked album above one that is not, pair by pair.

    Source:
        Rendle et al. (2009), "BPR: Bayesian Personalized Ranking from Implicit Feedback", UAI, 452-461.
    """

    name = "BPR"

    def __init__(
        self, *, n_factors: int = 64, regularization: float = 0.01, n_iterations: int = 100, n_threads: int = 0,
        seed: int = 0,
    ) -> None:  # fmt: skip
        self._options = {
            "factors": n_factors,
            "regularization": regularization,
            "iterations": n_iterations,
            "num_threads": n_threads,
            "random_state": seed,
        }

    def fit(self, user_items: UserItems) -> Self:
        """Fit both sides' factors; the album's bias is among them."""
        from implicit.cpu.bpr import BayesianPersonalizedRanking

        self.user_factors, self.item_factors = _fit_quietly(BayesianPersonalizedRanking, self._options, user_items)
        return self


def _fit_quietly(
    kind: Callable[..., Any], options: Mapping[str, Any], user_items: UserItems
) -> tuple[np.ndarray, np.ndarray]:
    from scipy.sparse import csr_matrix
    from threadpoolctl import threadpool_limits

    # implicit spreads rows over threads by itself; BLAS threads below them make it several times slower, and it warns.
    with threadpool_limits(1, "blas"):
        model = kind(**options)
        model.fit(csr_matrix(user_items), show_progress=False)
    users, items = np.asarray(model.user_factors), np.asarray(model.item_factors)
    return np.nan_to_num(users), np.nan_to_num(items)
