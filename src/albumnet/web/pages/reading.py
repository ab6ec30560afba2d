"""Read a cover, and the map: pages whose work is done in the browser."""

from __future__ import annotations

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse

from albumnet.web.pages.rendering import app_state, render
from albumnet.web.state import AppState

router = APIRouter()

MAX_SUGGESTED = 200


@router.get("/", response_class=HTMLResponse)
def read_a_cover(request: Request) -> HTMLResponse:
    """Drop a cover, and see its moods."""
    state = app_state(request)
    takes_metadata = state.model is not None and state.model.kind.uses_metadata
    return render(request, "read.html", takes_metadata=takes_metadata, genres=_suggest_genres(state))


@router.get("/map", response_class=HTMLResponse)
def show_map(request: Request) -> HTMLResponse:
    """All albums on one plane."""
    mood_map = app_state(request).mood_map
    return render(request, "map.html", n_albums=0 if mood_map is None else len(mood_map.album_ids))


def _suggest_genres(state: AppState) -> list[str]:
    """Genres the model knows: as the set spells them, or without a set as the model does."""
    if state.model is None:
        return []
    metadata = state.model.config.metadata
    spelled = [shelf.name for shelf in state.catalogue.genres.values() if metadata.knows(shelf.name)]
    return (spelled or list(metadata.tokens))[:MAX_SUGGESTED]
