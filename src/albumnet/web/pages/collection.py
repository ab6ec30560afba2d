"""The set's card and the score report."""

from __future__ import annotations

from pathlib import Path

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, Response

from albumnet.web.errors import RefusedError
from albumnet.web.pages.browsing import count_facets
from albumnet.web.pages.rendering import app_state, render
from albumnet.web.state import AppState

router = APIRouter()

# The report is one file with its own style and script in it. It was written by this program, but of names that others
# chose; so it is shown as if from an origin of its own, may load nothing, and may only be framed by our page.
_REPORT_POLICY = (
    "sandbox allow-scripts; default-src 'none'; img-src data:; style-src 'unsafe-inline'; script-src 'unsafe-inline'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'self'"
)
_FRAMING_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "frame-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)


@router.get("/set", response_class=HTMLResponse)
def show_set(request: Request) -> HTMLResponse:
    """How many albums, moods, genres and decades there are."""
    state = app_state(request)
    if state.album_set is None:
        return render(request, "set.html", facets=None)
    albums = state.albums
    return render(
        request,
        "set.html",
        name=state.album_set.path.name,
        facets=count_facets(state.catalogue),
        facts=[
            ("albums", len(albums)),
            ("artists", len({album.artist for album in albums} - {""})),
            ("moods", len(state.album_set.vocabulary)),
            ("albums with moods", sum(bool(album.moods) for album in albums)),
            ("albums with a cover", sum(album.cover is not None for album in albums)),
        ],
        digest=state.album_set.digest,
    )


@router.get("/report", response_class=HTMLResponse)
def show_report(request: Request) -> HTMLResponse:
    """The run's score report in a frame, or how to make one."""
    state = app_state(request)
    page = render(request, "report.html", has_report=_find_report(state) is not None)
    page.headers["Content-Security-Policy"] = _FRAMING_POLICY
    return page


@router.get("/report/content", response_class=HTMLResponse)
def send_report(request: Request) -> Response:
    """The report itself, which may run its own script and nothing else."""
    path = _find_report(app_state(request))
    if path is None:
        raise RefusedError(404, "This run has no report yet")
    return Response(
        path.read_bytes(),
        media_type="text/html; charset=utf-8",
        headers={"Content-Security-Policy": _REPORT_POLICY, "X-Frame-Options": "SAMEORIGIN"},
    )


def _find_report(state: AppState) -> Path | None:
    path = state.run / "report.html" if state.run else None
    return path if path and path.is_file() else None
