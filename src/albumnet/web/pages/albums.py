"""Browse, and the page of one album: both work without JavaScript."""

from __future__ import annotations

import math
from typing import Annotated

from fastapi import APIRouter, Query, Request
from fastapi.responses import HTMLResponse

from albumnet.web.errors import RefusedError
from albumnet.web.pages import browsing
from albumnet.web.pages.rendering import app_state, render

router = APIRouter()


@router.get("/albums", response_class=HTMLResponse)
def browse(
    request: Request,
    q: Annotated[str, Query(max_length=200)] = "",
    genre: Annotated[str, Query(max_length=200)] = "",
    decade: Annotated[str, Query(max_length=5)] = "",
    mood: Annotated[str, Query(max_length=200)] = "",
    sort: Annotated[str, Query(max_length=20)] = "",
    page: Annotated[str, Query(max_length=9)] = "1",
) -> HTMLResponse:
    """The set with filters, an order, and pages."""
    state = app_state(request)
    if state.album_set is None:
        return render(request, "albums.html", facets=None)
    asked = browsing.Query(q.strip(), genre, _number(decade), mood, sort if sort in browsing.SORTS else "")
    rows = state.match_rows(asked.q, asked.genre, asked.decade, asked.mood)
    rows = state.catalogue.sorted_rows(rows, asked.sort)
    n_pages = max(1, math.ceil(len(rows) / browsing.PAGE_SIZE))
    number = min(max(1, _number(page) or 1), n_pages)
    shown = rows[(number - 1) * browsing.PAGE_SIZE : number * browsing.PAGE_SIZE]
    return render(
        request,
        "albums.html",
        query=browsing.Query(asked.q, asked.genre, asked.decade, asked.mood, asked.sort, number),
        rows=[(int(row), state.albums[int(row)]) for row in shown],
        n_found=len(rows),
        n_pages=n_pages,
        facets=browsing.count_facets(state.catalogue),
        sorts=browsing.SORTS,
    )


@router.get("/albums/{album_id:path}", response_class=HTMLResponse)
def show_album(request: Request, album_id: str) -> HTMLResponse:
    """One album: what is said of it, what the model says, and what is near."""
    state = app_state(request)
    row = state.catalogue.row_of.get(album_id)
    if row is None:
        raise RefusedError(404, "No album of this set has that address")
    return render(request, "album.html", card=state.card(state.albums[row]))


def _number(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdigit() else None
