"""`POST /api/predict`: an upload through all checks, decoder, network and map, to its moods and neighbours."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Self

import numpy as np
from fastapi import APIRouter, Request
from starlette.responses import JSONResponse

from albumnet.errors import WordVectorError
from albumnet.web.batching import Batcher
from albumnet.web.errors import RefusedError
from albumnet.web.intake import Intake, Taken
from albumnet.web.state import N_NEAR, AppState

if TYPE_CHECKING:
    from albumnet.vision.engines.base import Engine

router = APIRouter()

# Engines take turns this long before the first cover is read.
_TRIAL_S = 2.0


@router.post("/api/predict")
async def predict(request: Request) -> JSONResponse:
    """The moods of a cover."""
    reader: Reader | None = getattr(request.app.state, "reader", None)
    if reader is None:
        raise RefusedError(404, "no model is served here; start with --model RUN")
    # Not left to FastAPI, which looks at every value first: 2 ms, twelve times what the writing takes.
    return JSONResponse(await reader.answer(request))


class Reader:
    """Reads covers with the state's model.

    Args:
        state: Whose model, map and looks.
        intake: Where uploads come in.
    """

    def __init__(self, state: AppState, intake: Intake) -> None:
        assert state.model is not None
        self._state, self._model, self._limits, self._intake = state, state.model, state.limits, intake
        self._engine: Engine | None = None

    async def __aenter__(self) -> Self:
        self._stack = contextlib.AsyncExitStack()
        self._batcher = await self._stack.enter_async_context(Batcher(self._answer_all))
        if self._model.kind.uses_cover:
            self._engine = await self._batcher.run(self._prepare)
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._stack.aclose()

    def _prepare(self) -> Engine:
        """The fastest engine that gives what plain float32 does."""
        return self._model.try_engines(trial_s=_TRIAL_S)

    async def answer(self, request: Request) -> dict[str, Any]:
        """Answer an upload.

        Raises:
            RefusedError: If it cannot be answered.
        """
        transform = self._model.transform if self._engine is not None else None
        async with self._intake.take(request, transform) as taken:
            try:
                async with asyncio.timeout(self._limits.answer_s):
                    return await self._batcher.ask(taken)
            except TimeoutError:
                raise RefusedError(503, "reading the cover took too long; try again", retry_after_s=5) from None

    def _answer_all(self, questions: Sequence[Taken]) -> list[dict[str, Any]]:
        """On the batcher's thread: moods, place and neighbours of some decoded covers."""
        model, state = self._model, self._state
        genres, years = [list(q.genres) for q in questions], [q.year for q in questions]
        features = self._model.features(np.stack([q.pixels for q in questions])) if self._engine is not None else None
        parts = [model.part_for(has_cover=True, genres=g, year=y) for g, y in zip(genres, years, strict=True)]
        told = [
            state.tell(row, by=part)
            for row, part in zip(model.probabilities(features, genres, years), parts, strict=True)
        ]
        places = near_in_mood = near_in_look = None
        if state.mood_map is not None and state.is_map_of_moods:
            with contextlib.suppress(WordVectorError):
                vectors = model.mood_vectors(features, genres, years)
                places = state.mood_map.place_new(vectors)
                near_in_mood = state.mood_map.nearest(vectors, N_NEAR)
        if features is not None and self._looks_compare:
            assert state.look is not None
            near_in_look = state.look.nearest(state.look.basis.project(features), N_NEAR)
            if state.mood_map is not None and state.mood_map.basis is not None:
                places = state.mood_map.place_new(state.mood_map.basis.project(features))
        return [
            {
                **answer,
                "place": {"x": float(places[n][0]), "y": float(places[n][1])} if places is not None else None,
                "near_in_mood": self._neighbours(near_in_mood, n),
                "near_in_look": self._neighbours(near_in_look, n),
            }
            for n, answer in enumerate(told)
        ]

    @property
    def _looks_compare(self) -> bool:
        """Whether the set's features are such as this model's backbone gives; fine-tuned ones are not."""
        config, look = self._model.config, self._state.look
        return (
            look is not None
            and config.backbone is not None
            and not config.n_fine_tuned
            and (look.made_by == config.backbone.digest)
        )

    def _neighbours(self, found: tuple[np.ndarray, np.ndarray] | None, n: int) -> list[dict[str, Any]]:
        return self._state.neighbours(found[0][n], found[1][n]) if found is not None else []
