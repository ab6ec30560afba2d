"""What pages and programs ask for as JSON or bytes: the map, labels, albums, lists to take away."""

from __future__ import annotations

from typing import Annotated, Any

import numpy as np
from fastapi import APIRouter, Query, Request
from pydantic import BaseModel, Field
from starlette.responses import JSONResponse, Response

from albumnet.web.errors import RefusedError
from albumnet.web.export import as_csv, as_m3u
from albumnet.web.state import AppState

router = APIRouter()

MAX_LABELS = 512
MAX_QUERY = 200

Words = Annotated[str, Query(max_length=MAX_QUERY)]
Decade = Annotated[str, Query(pattern=r"^(\d{3}0s?)?$")]


def state_of(request: Request) -> AppState:
    """The app's state."""
    state: AppState = request.app.state.albumnet
    return state


@router.get("/health")
async def health(request: Request) -> dict[str, Any]:
    """Whether the app is there, and what it serves."""
    state = state_of(request)
    return {
        "status": "ok",
        "albums": len(state.albums),
        "model": state.model.kind.title if state.model is not None else None,
        "map": state.mood_map is not None,
    }


@router.get("/api/map/meta")
def map_meta(request: Request) -> dict[str, Any]:
    """What the map shows besides its points."""
    state = state_of(request)
    catalogue, mood_map = state.catalogue, state.mood_map
    if mood_map is None:
        raise RefusedError(404, "there is no map; start with --set SET and --model RUN")
    return {
        "n": state.n_on_map,
        "moods": [
            {"name": mood.name, "x": float(mood.x), "y": float(mood.y), "n": int(mood.n_albums)}
            for mood in mood_map.moods
        ],
        "genres": [[shelf.name, len(shelf.rows)] for shelf in catalogue.genres.values()],
        "decades": [[decade, n] for decade, n in catalogue.decades.items()],
        "mood_filter": [[shelf.name, len(shelf.rows)] for shelf in catalogue.moods.values()],
        "families": [{"name": family.name, "moods": list(family.moods)} for family in state.families],
        "version": state.version,
        "trustworthiness": mood_map.config.trustworthiness,
    }


@router.get("/api/map/points.bin")
def map_points(request: Request, v: str = "") -> Response:
    """All points: x, y (float32), family of the first mood and whether there is a cover (uint8), column by column."""
    state = state_of(request)
    if state.mood_map is None:
        raise RefusedError(404, "there is no map; start with --set SET and --model RUN")
    n = state.n_on_map
    xy = np.asarray(state.mood_map.xy, dtype="<f4")
    has_cover = np.fromiter((album.cover is not None for album in state.albums[:n]), dtype=np.uint8, count=n)
    columns = (xy[:, 0], xy[:, 1], state.family_of_row[:n], has_cover)
    body = b"".join(np.ascontiguousarray(column).tobytes() for column in columns)
    return Response(body, media_type="application/octet-stream", headers=cache_headers(state, v))


@router.get("/api/map/match")
def map_match(request: Request, q: Words = "", genre: Words = "", decade: Decade = "", mood: Words = "") -> Response:
    """A bit per row of the map: whether it passes the filters."""
    state = state_of(request)
    match = state.match(q, genre, parse_decade(decade), mood)
    rows = match.rows[match.rows < state.n_on_map]
    mask = np.zeros(state.n_on_map, dtype=bool)
    mask[rows] = True
    headers = {"X-Count": str(len(rows)), "X-Matched": match.by, "Cache-Control": "no-cache"}
    bits = np.packbits(mask, bitorder="little").tobytes()
    return Response(bits, media_type="application/octet-stream", headers=headers)


@router.get("/api/map/labels")
def map_labels(request: Request, rows: Annotated[str, Query(max_length=8192)] = "") -> JSONResponse:
    """Who, what and when of up to 512 rows."""
    state = state_of(request)
    return JSONResponse([state.label(row) for row in parse_rows(state, rows)])


@router.get("/api/albums/{album_id:path}")
def album(request: Request, album_id: str) -> JSONResponse:
    """All that is known of an album."""
    state = state_of(request)
    row = state.catalogue.row_of.get(album_id)
    if row is None:
        raise RefusedError(404, "no album has this id")
    return JSONResponse(state.card(state.albums[row]))


class ExportRequest(BaseModel):
    """Rows to take away, and as what."""

    rows: list[int] = Field(max_length=200_000)
    format: str = Field(pattern="^(csv|m3u)$")


@router.post("/api/export")
def export(request: Request, wanted: ExportRequest) -> Response:
    """A list of albums as a file."""
    state = state_of(request)
    if any(not 0 <= row < len(state.albums) for row in wanted.rows):
        raise RefusedError(422, f"rows: expected numbers from 0 to {len(state.albums) - 1:,}")
    albums = [state.albums[row] for row in wanted.rows]
    write, media_type = (as_csv, "text/csv") if wanted.format == "csv" else (as_m3u, "audio/x-mpegurl")
    name = f'attachment; filename="albums.{wanted.format}"'
    return Response(write(albums), media_type=f"{media_type}; charset=utf-8", headers={"Content-Disposition": name})


def parse_decade(text: str) -> int | None:
    """ "1970" or "1970s" -> 1970; "" -> None."""
    return int(text.rstrip("s")) if text else None


def parse_rows(state: AppState, text: str) -> list[int]:
    """ "1,2,3" -> rows that there are."""
    try:
        rows = [int(row) for row in text.split(",") if row]
    except ValueError:
        raise RefusedError(422, "rows: expected numbers separated by commas") from None
    if len(rows) > MAX_LABELS:
        raise RefusedError(422, f"rows: {len(rows)} were asked for, at most {MAX_LABELS} are answered")
    if any(not 0 <= row < len(state.albums) for row in rows):
        raise RefusedError(422, f"rows: expected numbers from 0 to {len(state.albums) - 1:,}")
    return rows


def cache_headers(state: AppState, version: str) -> dict[str, str]:
    """Kept for ever under the version that it is of; asked for again otherwise."""
    is_current = version == state.version
    return {"Cache-Control": "private, max-age=31536000, immutable" if is_current else "no-cache"}
