"""A model that explains decoded covers, one after another: maps that were checked, guesses, shares, changes.

What it takes to explain is prepared once, when it is first asked for. Commands explain files with it, the web app
uploads and albums.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from albumnet.errors import CoverError

if TYPE_CHECKING:
    import torch
    from jaxtyping import Bool, Float, UInt8

    from albumnet.explain.attribution import MoodScorer
    from albumnet.explain.looking.counterfactuals import Counterfactual, Retouch
    from albumnet.explain.seeing.guesses import Guess, Namer
    from albumnet.explain.shares import Shares
    from albumnet.models.prediction import MoodModel

N_UNASKED_MOODS = 3
# What a network forgets is drawn from this, so that a map is refused every time or never.
_FORGETTING_SEED = 0


@dataclass(frozen=True)
class MoodMap:
    """Where a model looked on one cover for one mood, or for one mood rather than another.

    Attributes:
        mood: The mood.
        rather_than: The mood it is set against; None for the mood alone.
        probability: Of the mood.
        values: (H, W); what they mean depends on the method.
        likeness: Of the map to that of a network that forgot everything, in [0, 1]; None if that was not checked.
        shares: What cover, genre and year add to the mood's log-odds (to the difference of the two).
    """

    mood: str
    rather_than: str | None
    probability: float
    values: np.ndarray
    likeness: float | None
    shares: dict[str, float]

    @property
    def title(self) -> str:
        """What the map is of."""
        return f"{self.mood} rather than {self.rather_than}" if self.rather_than else self.mood

    @property
    def is_refused(self) -> bool:
        """Whether the map says the same when the network has forgotten what it learned."""
        from albumnet.explain.belief import MAX_LIKENESS

        return self.likeness is not None and self.likeness > MAX_LIKENESS


class CoverExplainer:
    """Explains covers with one model and one method; for one thread at a time.

    Args:
        model: A trained model that looks at covers.
        method: How maps are made; None for the method that did best on planted covers.
        is_checked: Whether every map is held against that of a network that forgot everything.

    Raises:
        ExplainError: If the model looks at no pixels, or there is no such method.
    """

    def __init__(self, model: MoodModel, *, method: str | None = None, is_checked: bool = True) -> None:
        from albumnet.explain.attribution import DEFAULT_METHOD, MoodScorer, get_method

        self.model, self._is_checked = model, is_checked
        self._method = get_method(method or DEFAULT_METHOD)
        self._scorer = MoodScorer(model)

    def maps(
        self,
        pixels: UInt8[np.ndarray, "H W 3"],
        *,
        columns: Sequence[int] = (),
        genres: Sequence[str] = (),
        year: int | None = None,
    ) -> tuple[MoodMap, ...]:
        """Where the model looks on a cover.

        Args:
            pixels: The cover as the backbone takes it.
            columns: Of which moods; none for the likeliest. Of two or more, the first is also set against the second.
            genres: Of the album.
            year: Of the album.

        Raises:
            ExplainError: If the method does not fit the backbone.
        """
        import torch

        from albumnet.explain.belief import likeness
        from albumnet.explain.shares import PARTS, divide_log_odds

        scorer = self._scorer.with_metadata(genres, year)
        covers = scorer.normalise(pixels[None])
        features = self._features(covers)
        with torch.no_grad():
            probabilities = torch.sigmoid(scorer.logits_of_features(features))[0].numpy()
        shares = divide_log_odds(self.model, features[0].numpy(), genres=genres, year=year).parts
        chosen = list(columns) or np.argsort(-probabilities)[:N_UNASKED_MOODS].tolist()
        wanted: list[tuple[int, int | None]] = [(column, None) for column in chosen]
        if len(columns) > 1:
            wanted.append((columns[0], columns[1]))
        maps = []
        for column, against in wanted:
            direction = torch.zeros(len(probabilities))
            direction[column] = 1.0
            if against is not None:
                direction[against] = -1.0
            values = self._method.attribute(scorer, covers, direction)[0].numpy()
            found = None
            if self._is_checked:
                forgetful = self._forgetful.with_metadata(genres, year)
                found = likeness(values, self._method.attribute(forgetful, covers, direction)[0].numpy())
            added = shares[column] - (shares[against] if against is not None else 0.0)
            maps.append(
                MoodMap(
                    mood=self.model.config.moods[column],
                    rather_than=self.model.config.moods[against] if against is not None else None,
                    probability=float(probabilities[column]),
                    values=values,
                    likeness=found,
                    shares=dict(zip(PARTS, added.tolist(), strict=True)),
                )
            )
        return tuple(maps)

    def shares(
        self, pixels: UInt8[np.ndarray, "H W 3"], *, genres: Sequence[str] = (), year: int | None = None
    ) -> Shares:
        """What cover, genre and year add to every mood's log-odds."""
        from albumnet.explain.shares import divide_log_odds

        features = self._features(self._scorer.normalise(pixels[None]))
        return divide_log_odds(self.model, features[0].numpy(), genres=genres, year=year)

    def guesses(self, pixels: UInt8[np.ndarray, "H W 3"], *, top: int) -> tuple[Guess, ...]:
        """What the backbone itself takes a cover for, likeliest first.

        Raises:
            WeightsError: If its weights come without a classifier.
        """
        namer = self._namer
        return namer.guesses(
            namer.probabilities(self._features(self._scorer.normalise(pixels[None])).numpy())[0], top=top
        )

    def retouch(
        self,
        pixels: UInt8[np.ndarray, "H W 3"],
        retouch: Retouch,
        *,
        regions: dict[str, Bool[np.ndarray, "H W"]],
        genres: Sequence[str] = (),
        year: int | None = None,
    ) -> tuple[Float[np.ndarray, " M"], Counterfactual]:
        """Change a cover by degrees; every mood's log-odds before, and what moved."""
        from albumnet.explain.looking.counterfactuals import try_retouch

        scorer = self._scorer.with_metadata(genres, year)
        return try_retouch(pixels, retouch, regions=regions, score=lambda covers: scorer.scores(covers).numpy())

    def _features(self, covers: torch.Tensor) -> torch.Tensor:
        import torch

        with torch.no_grad():
            features: torch.Tensor = self._scorer.module(covers)
        return features

    @cached_property
    def _forgetful(self) -> MoodScorer:
        return self._scorer.shuffled(rng=np.random.default_rng(_FORGETTING_SEED))

    @cached_property
    def _namer(self) -> Namer:
        from albumnet.explain.seeing.guesses import Namer

        return Namer(self.model.backbone)


def check_shows_something(pixels: UInt8[np.ndarray, "H W 3"]) -> None:
    """See that places on a cover can be told apart.

    Raises:
        CoverError: If it has one colour only.
    """
    if int(np.ptp(pixels.reshape(-1, 3), axis=0).max()) <= 2:
        raise CoverError("has one colour only, so no place on it says more than another; give a cover with a picture")
