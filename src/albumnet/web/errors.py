"""Errors as people and programs get them: JSON for the API, a page otherwise, one line, never a traceback."""

from __future__ import annotations

import html
from http import HTTPStatus

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.responses import HTMLResponse, JSONResponse, Response


class RefusedError(HTTPException):
    """A request that is not answered as asked.

    Args:
        status: The answer's.
        message: One line: what came, what was expected.
        retry_after_s: When it is worth asking again.
    """

    def __init__(self, status: int, message: str, *, retry_after_s: int | None = None) -> None:
        super().__init__(status, message, {"Retry-After": str(retry_after_s)} if retry_after_s is not None else None)


def answer_errors(app: FastAPI) -> None:
    """Let an app answer every error that is expected this way; the guard at the door answers the others."""
    app.add_exception_handler(HTTPException, _http)
    app.add_exception_handler(RequestValidationError, _invalid)


def error_response(request: Request, status: int, message: str, headers: dict[str, str] | None = None) -> Response:
    """An error as JSON or as a page."""
    if request.url.path.startswith(("/api/", "/thumbs/", "/covers/")) or request.url.path == "/health":
        return JSONResponse({"error": message}, status, headers)
    render = getattr(request.app.state, "render_error", None)
    page = render(request, status, message) if render is not None else _plain_page(status, message)
    return HTMLResponse(page, status, headers)


def _plain_page(status: int, message: str) -> str:
    return (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{status}</title></head>'
        f"<body><h1>{html.escape(HTTPStatus(status).phrase)}</h1><p>{html.escape(message)}</p>"
        '<p><a href="/">Home</a></p></body></html>'
    )


async def _http(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    return error_response(request, error.status_code, str(error.detail), dict(error.headers or {}))


async def _invalid(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)
    first = error.errors()[0]
    where = ".".join(str(part) for part in first["loc"])
    return error_response(request, 422, f"{where}: {first['msg']}")
