"""`POST /api/predict`: an upload through all checks, decoder, network and map, to its moods and neighbours."""

from __future__ import annotations

import asyncio
import contextlib
import os
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self

import numpy as np
from fastapi import APIRouter, Request
from starlette.responses import JSONResponse

from albumnet.errors import CoverError, WordVectorError
from albumnet.web.batching import Batcher
from albumnet.web.decoders import Decoders, DecoderTimeoutError
from albumnet.web.errors import RefusedError
from albumnet.web.state import N_NEAR, AppState
from albumnet.web.uploads import Admission, Upload, announced_bytes, read_upload

if TYPE_CHECKING:
    from albumnet.vision.engines.base import Engine

router = APIRouter()

# Of a model that does not look at covers: the picture is decoded all the same, to be sure that it is one.
_UNSEEN_SIZE = 32
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


@dataclass(frozen=True)
class _Question:
    pixels: np.ndarray
    genres: tuple[str, ...]
    year: int | None


class Reader:
    """Reads covers with the state's model.

    Args:
        state: Whose model, map and looks.
    """

    def __init__(self, state: AppState) -> None:
        assert state.model is not None
        self._state, self._model, self._limits = state, state.model, state.limits
        self._decoders = Decoders(os.cpu_count() or 1, limit_s=state.limits.decode_s)
        self._admission = Admission(state.limits)
        self._engine: Engine | None = None

    async def __aenter__(self) -> Self:
        self._stack = contextlib.AsyncExitStack()
        self._batcher = await self._stack.enter_async_context(Batcher(self._answer_all))
        await self._decoders.start()
        self._stack.push_async_callback(self._decoders.stop)
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
        async with self._admission.admit(announced_bytes(request, self._limits)):
            upload = await read_upload(request, self._limits)
            pixels = await self._decode(upload)
            del upload.data[:]
            try:
                async with asyncio.timeout(self._limits.answer_s):
                    return await self._batcher.ask(_Question(pixels, upload.genres, upload.year))
            except TimeoutError:
                raise RefusedError(503, "reading the cover took too long; try again", retry_after_s=5) from None

    async def _decode(self, upload: Upload) -> np.ndarray:
        transform = self._model.transform if self._engine is not None else None
        size, interpolation = (transform.size, transform.interpolation) if transform else (_UNSEEN_SIZE, "bicubic")
        try:
            return await self._decoders.pixels(upload.data, size=size, interpolation=interpolation)
        except CoverError as error:
            raise RefusedError(415, str(error)) from error
        except DecoderTimeoutError as error:
            raise RefusedError(503, str(error)) from error

    def _answer_all(self, questions: Sequence[_Question]) -> list[dict[str, Any]]:
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
