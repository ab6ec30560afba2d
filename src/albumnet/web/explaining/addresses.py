"""`/api/explain/…`: each question is asked of an album of the set (GET) or of a cover that comes with it (POST)."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query, Request

from albumnet.web.errors import RefusedError
from albumnet.web.explaining import answers
from albumnet.web.explaining.explainer import Explainer

router = APIRouter(prefix="/api/explain")

_MAX_ID = 400

Album = Annotated[str | None, Query(max_length=_MAX_ID, description="An album of the set; not with a picture.")]
Mood = Annotated[str, Query(min_length=1, max_length=100)]
Hue = Annotated[float, Query(ge=-180, le=180, description="How far every colour is turned, in degrees.")]
Times = Annotated[float, Query(ge=0, le=3, description="Times as much; 1 changes nothing.")]
Blur = Annotated[list[Literal["faces", "lettering"]], Query(max_length=2)]


@router.get("/cover")
@router.post("/cover")
async def explain_cover(request: Request, album: Album = None) -> dict[str, Any]:
    """What the backbone takes a cover for, what cover, genre and year add to each mood, and what can be blurred."""
    return await _explainer(request).answer(request, album, answers.tell_of_cover)


@router.get("/map")
@router.post("/map")
async def explain_map(request: Request, mood: Mood, album: Album = None) -> dict[str, Any]:
    """Where the model looked for a mood; without a picture where a network that forgot everything says the same."""
    return await _explainer(request).answer(request, album, lambda asked: answers.tell_map(asked, mood=mood))


@router.get("/change")
@router.post("/change")
async def explain_change(
    request: Request,
    album: Album = None,
    hue: Hue = 0.0,
    saturation: Times = 1.0,
    brightness: Times = 1.0,
    flip: bool = False,
    blur: Blur = [],  # noqa: B006  FastAPI copies it
) -> dict[str, Any]:
    """Which moods move when the cover is changed, and how far encoding it anew moves them by itself."""
    change = answers.Change(hue, saturation, brightness, flip, tuple(dict.fromkeys(blur)))
    return await _explainer(request).answer(request, album, lambda asked: answers.tell_change(asked, change))


def _explainer(request: Request) -> Explainer:
    explainer: Explainer | None = getattr(request.app.state, "explainer", None)
    if explainer is None:
        raise RefusedError(404, "no model is served here, so there is nothing to explain; start with --model RUN")
    return explainer
