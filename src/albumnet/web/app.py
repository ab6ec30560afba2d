"""The app: what answers which address."""

from __future__ import annotations

import contextlib
import importlib.util
from collections.abc import AsyncIterator
from pathlib import Path

from fastapi import FastAPI
from starlette.staticfiles import StaticFiles

from albumnet.progress import ProgressCallback, ignore_progress
from albumnet.web import api, explaining, pictures, predicting
from albumnet.web.errors import answer_errors
from albumnet.web.explaining import Explainer
from albumnet.web.intake import Intake
from albumnet.web.loading import load_state
from albumnet.web.options import ServeOptions
from albumnet.web.pictures import Pictures
from albumnet.web.predicting import Reader
from albumnet.web.security import Guard
from albumnet.web.state import AppState


def create_app(options: ServeOptions, *, progress: ProgressCallback = ignore_progress) -> FastAPI:
    """The app of what the options say.

    Raises:
        AlbumNetError: If it cannot be opened.
    """
    return app_of(load_state(options, progress=progress), host=options.host)


def app_of(state: AppState, *, host: str = "127.0.0.1") -> FastAPI:
    """The app of a state that was made otherwise."""

    @contextlib.asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        async with contextlib.AsyncExitStack() as stack:
            if state.model is not None:
                intake = await stack.enter_async_context(Intake(state.limits))
                app.state.reader = await stack.enter_async_context(Reader(state, intake))
                app.state.explainer = await stack.enter_async_context(Explainer(state, intake))
            if state.album_set is not None:
                app.state.pictures = await stack.enter_async_context(Pictures(state))
            yield

    app = FastAPI(title="AlbumNet", lifespan=lifespan, docs_url=None, redoc_url=None, openapi_url=None)
    app.state.albumnet = state
    app.include_router(api.router)
    app.include_router(predicting.router)
    app.include_router(explaining.router)
    app.include_router(pictures.router)
    _add_pages(app)
    answer_errors(app)
    app.add_middleware(Guard, host=host, limits=state.limits)
    return app


def _add_pages(app: FastAPI) -> None:
    if importlib.util.find_spec("albumnet.web.pages") is not None:
        from albumnet.web import pages

        app.include_router(pages.router)
        if hasattr(pages, "render_error"):
            app.state.render_error = pages.render_error
    static = Path(__file__).parent / "static"
    if static.is_dir():
        app.mount("/static", StaticFiles(directory=static), name="static")
