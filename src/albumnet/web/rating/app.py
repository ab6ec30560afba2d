"""The app behind raters' links: a page, what is to be rated, pictures, and a place for answers.

It opens study.json, the pictures and the answers, and never the key: what it does not know it cannot tell.
"""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator
from functools import cache
from pathlib import Path
from typing import Annotated, Any

from fastapi import APIRouter, FastAPI, Request
from fastapi import Path as InPath
from jinja2 import Environment, PackageLoader, StrictUndefined
from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.staticfiles import StaticFiles

from albumnet.errors import AnswerConflictError
from albumnet.study.answers.store import Answer, AnswerBook, now
from albumnet.study.folder import Rater, Study, read_study
from albumnet.web.errors import RefusedError, answer_errors
from albumnet.web.options import Limits
from albumnet.web.security import Guard

router = APIRouter()

Token = Annotated[str, InPath(min_length=20, max_length=64, pattern=r"^[\w-]+$")]
Position = Annotated[int, InPath(ge=0, le=100_000)]
_NO_STORE = {"Cache-Control": "no-store"}
_KEEP = {"Cache-Control": "private, max-age=86400"}
_MAX_MOODS = 1000


class GivenAnswer(BaseModel):
    """What a page sends."""

    model_config = ConfigDict(extra="forbid")

    submission: str = Field(pattern=r"^[0-9a-f-]{36}$")
    position: int = Field(ge=0, le=100_000)
    revision: int = Field(ge=1, le=1_000_000)
    moods: list[Annotated[str, Field(max_length=100)]] = Field(max_length=_MAX_MOODS)
    cannot_tell: bool
    seconds: float | None = Field(default=None, ge=0, le=86_400)


def create_rating_app(path: Path, *, host: str = "127.0.0.1", limits: Limits | None = None) -> FastAPI:
    """The app of a study.

    Raises:
        StudyError: If the folder is no study.
    """
    study = read_study(path)
    book = AnswerBook(study.answers_file)

    @contextlib.asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        yield
        book.close()

    app = FastAPI(title="AlbumNet rating", lifespan=lifespan, docs_url=None, redoc_url=None, openapi_url=None)
    app.state.study, app.state.book = study, book
    app.include_router(router)
    here = Path(__file__).parent
    app.mount("/static", StaticFiles(directory=here.parent / "static"), name="static")
    app.mount("/rating", StaticFiles(directory=here / "static"), name="rating")
    answer_errors(app)
    app.add_middleware(Guard, host=host, limits=limits or Limits())
    return app


@router.get("/health")
async def health() -> dict[str, str]:
    """Whether the app is there; not what it serves."""
    return {"status": "ok"}


@router.get("/")
def front() -> HTMLResponse:
    """A page that gives nothing away."""
    return HTMLResponse(_environment().get_template("front.html").render(), headers=_NO_STORE)


@router.get("/r/{token}")
def page(request: Request, token: Token) -> HTMLResponse:
    """The rating page; what it shows is asked for by its script."""
    rater = _rater(request, token)
    html = _environment().get_template("rating.html").render(rater=rater.name, token=token)
    return HTMLResponse(html, headers=_NO_STORE)


@router.get("/api/r/{token}/sheet")
def sheet(request: Request, token: Token) -> JSONResponse:
    """All positions of the rater with what was answered; positions say nothing about covers."""
    study, rater = _study(request), _rater(request, token)
    answers = _book(request).current(rater.name)
    content = {
        "moods": study.moods,
        "families": [{"name": name, "moods": moods} for name, moods in study.families],
        "explanations": [item.explanation for item in study.training],
        "positions": [_shown(answers.get(p)) for p in range(len(study.items_of(rater)))],
    }
    return JSONResponse(content, headers=_NO_STORE)


@router.get("/covers/{token}/{position}")
def cover(request: Request, token: Token, position: Position) -> Response:
    """The picture at a position; it has no name."""
    study, rater = _study(request), _rater(request, token)
    items = study.items_of(rater)
    if position >= len(items):
        raise RefusedError(404, f"there is no cover {position + 1}; there are {len(items)}")
    # Bytes, not a file: a file's answer would carry its date.
    return Response(study.picture(items[position]).read_bytes(), media_type="image/jpeg", headers=_KEEP)


@router.post("/api/r/{token}/answers")
def answer(request: Request, token: Token, given: GivenAnswer) -> JSONResponse:
    """Keep an answer; acknowledged once it is on the disk. 409 with what is kept if it was answered meanwhile."""
    study, rater, book = _study(request), _rater(request, token), _book(request)
    items = study.items_of(rater)
    _check(given, study, n_positions=len(items))
    wanted = Answer(
        submission=given.submission,
        rater=rater.name,
        position=given.position,
        item=items[given.position],
        revision=given.revision,
        moods=tuple(given.moods),
        cannot_tell=given.cannot_tell,
        seconds=given.seconds,
        answered_at=now(),
        source="page",
    )
    try:
        kept = book.save(wanted)
    except AnswerConflictError:
        saved = book.current(rater.name).get(given.position)
        message = "this cover was answered meanwhile, in another tab perhaps"
        return JSONResponse({"error": message, "saved": _shown(saved)}, 409, _NO_STORE)
    if (kept.rater, kept.position) != (rater.name, given.position):
        raise RefusedError(422, "this answer was sent for another cover already")
    return JSONResponse(_shown(kept), headers=_NO_STORE)


def _shown(answer: Answer | None) -> dict[str, Any]:
    if answer is None:
        return {"revision": 0, "moods": [], "cannot_tell": False, "seconds": None}
    return {
        "revision": answer.revision,
        "moods": answer.moods,
        "cannot_tell": answer.cannot_tell,
        "seconds": answer.seconds,
    }


def _check(given: GivenAnswer, study: Study, *, n_positions: int) -> None:
    if given.position >= n_positions:
        raise RefusedError(422, f"there is no cover {given.position + 1}; there are {n_positions}")
    if len(set(given.moods)) < len(given.moods) or not set(given.moods) <= set(study.moods):
        raise RefusedError(422, "a mood is named twice, or is not one of the study's")
    if given.cannot_tell == bool(given.moods):
        raise RefusedError(422, "an answer is one or more moods, or that one can't tell")


def _study(request: Request) -> Study:
    study: Study = request.app.state.study
    return study


def _book(request: Request) -> AnswerBook:
    book: AnswerBook = request.app.state.book
    return book


def _rater(request: Request, token: str) -> Rater:
    """Whose link it is; unknown and revoked links are answered alike."""
    name = _book(request).rater_of(token)
    for rater in _study(request).raters:
        if rater.name == name:
            return rater
    raise RefusedError(404, "this link leads nowhere; ask whoever runs the study for yours")


@cache
def _environment() -> Environment:
    return Environment(
        loader=PackageLoader("albumnet.web.rating"),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=StrictUndefined,
    )
