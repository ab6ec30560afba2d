"""One explanation at a time, on a thread of its own: so many may wait, and reading covers does not wait for them."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, Self

import numpy as np
from starlette.requests import Request

from albumnet.errors import AlbumNetError, CoverError
from albumnet.web.errors import RefusedError
from albumnet.web.intake import Intake, Taken
from albumnet.web.pictures import read_set_cover
from albumnet.web.state import AppState

if TYPE_CHECKING:
    from albumnet.models.prediction import MoodModel
    from albumnet.pipeline.explaining.explainer import CoverExplainer


# Of a model that does not look at covers.
_NO_PIXELS = np.zeros((1, 1, 3), dtype=np.uint8)


@dataclass(frozen=True)
class Asked:
    """What a question is about.

    Attributes:
        model: Whose answer is to be explained.
        cover: The decoded cover with genres and year.
        explainer: Prepared networks; opening it raises ExplainError for a model that looks at no covers.
    """

    model: MoodModel
    cover: Taken
    explainer: Callable[[], CoverExplainer]


class Explainer:
    """Explains with the state's model.

    Args:
        state: Whose model and albums.
        intake: Where uploads come in.
    """

    def __init__(self, state: AppState, intake: Intake) -> None:
        assert state.model is not None
        self._state, self._model, self._limits, self._intake = state, state.model, state.limits, intake
        self._n_asked = 0

    async def __aenter__(self) -> Self:
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="albumnet-explainer")
        return self

    async def __aexit__(self, *_: object) -> None:
        self._thread.shutdown(wait=True, cancel_futures=True)

    async def answer(
        self, request: Request, album_id: str | None, tell: Callable[[Asked], dict[str, Any]]
    ) -> dict[str, Any]:
        """What `tell` says of an album's cover, or of the one that came with the request and is kept nowhere.

        Raises:
            RefusedError: 429 if too many explanations are waited for; otherwise if there is no such cover, or what was
                asked cannot be answered.
        """
        with self._turn():
            cover = await self._take(request, album_id)
            asked = Asked(self._model, cover, lambda: self._networks)
            telling = asyncio.get_running_loop().run_in_executor(self._thread, tell, asked)
            try:
                async with asyncio.timeout(self._limits.explain_s):
                    return await telling
            except TimeoutError:
                raise RefusedError(503, "the explanation took too long; try again", retry_after_s=5) from None
            except AlbumNetError as error:
                raise RefusedError(422, str(error)) from error

    @contextlib.contextmanager
    def _turn(self) -> Iterator[None]:
        if self._n_asked >= self._limits.n_explaining:
            raise RefusedError(429, "too many explanations are waited for; try again in a moment", retry_after_s=2)
        self._n_asked += 1
        try:
            yield
        finally:
            self._n_asked -= 1

    async def _take(self, request: Request, album_id: str | None) -> Taken:
        transform = self._model.transform if self._model.kind.uses_cover else None
        if request.method == "POST":
            if album_id is not None:
                raise RefusedError(422, "album: send a picture or name an album, not both")
            # Let go as soon as it is decoded: an explanation that waits holds its pixels alone.
            async with self._intake.take(request, transform) as taken:
                return taken
        if album_id is None:
            raise RefusedError(422, "album: expected the id of an album, or a picture as a form")
        row = self._state.catalogue.row_of.get(album_id)
        if row is None:
            raise RefusedError(404, "no album has this id")
        album = self._state.albums[row]
        assert self._state.album_set is not None
        if transform is None:
            return Taken(_NO_PIXELS, album.genres, album.year)
        if album.cover is None:
            raise RefusedError(404, "the album has no cover, so there is nothing to look at")
        try:
            data = await read_set_cover(self._state.album_set, album.cover)
        except CoverError as error:
            raise RefusedError(404, str(error)) from error
        return Taken(await self._intake.decode(data, transform), album.genres, album.year)

    @cached_property
    def _networks(self) -> CoverExplainer:
        """Made on the explaining thread when the first question comes: who never asks pays nothing."""
        from albumnet.errors import MissingExtraError
        from albumnet.vision.engines.choosing import has_torch

        if not has_torch():
            raise MissingExtraError("explaining needs PyTorch; pip install 'albumnet[train]'")
        from albumnet.pipeline.explaining.explainer import CoverExplainer

        return CoverExplainer(self._model)
