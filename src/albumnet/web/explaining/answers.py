"""Explanations as JSON. A map whose check fails has no picture; what cannot be said says why in one line."""

from __future__ import annotations

import base64
import io
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from albumnet.errors import MissingExtraError, WeightsError

if TYPE_CHECKING:
    import numpy as np

    from albumnet.pipeline.explaining.explainer import MoodMap
    from albumnet.web.explaining.explainer import Asked

N_GUESSES = 5
_QUALITY = 90


@dataclass(frozen=True)
class Change:
    """A cover changed by degrees, as it was asked for (`explain.looking.counterfactuals.Retouch`)."""

    hue_degrees: float
    saturation: float
    brightness: float
    is_flipped: bool
    blurred: tuple[str, ...]


def tell_of_cover(asked: Asked) -> dict[str, Any]:
    """Guesses of the backbone, shares of cover, genre and year in every mood, and what of the cover can be blurred."""
    guesses, why_no_guesses = _guesses(asked)
    regions, why_no_regions = _regions(asked)
    return {
        "backbone": asked.model.config.backbone.backbone if asked.model.config.backbone else None,
        "guesses": guesses,
        "why_no_guesses": why_no_guesses,
        **_shares(asked),
        "regions": regions,
        "why_no_regions": why_no_regions,
    }


def tell_map(asked: Asked, *, mood: str) -> dict[str, Any]:
    """The map of one mood, with what its check said.

    Raises:
        ExplainError: If the model does not know the mood or looks at no pixels, or its backbone allows no map.
        CoverError: If the cover has one colour only.
    """
    from albumnet.explain.belief import MAX_LIKENESS
    from albumnet.pipeline.explaining.covers import find_mood, method_title
    from albumnet.pipeline.explaining.explainer import check_shows_something

    explainer = asked.explainer()
    column = find_mood(asked.model, mood)
    cover = asked.cover
    check_shows_something(cover.pixels)
    (found,) = explainer.maps(cover.pixels, columns=[column], genres=cover.genres, year=cover.year)
    return {
        "mood": found.mood,
        "probability": found.probability,
        "method": method_title(None),
        "likeness": found.likeness,
        "most_likeness": MAX_LIKENESS,
        "is_refused": found.is_refused,
        "map": None if found.is_refused else _picture_of(found),
    }


def tell_change(asked: Asked, change: Change) -> dict[str, Any]:
    """The changed cover, and how every mood moved, the most first.

    Raises:
        ExplainError: If the model looks at no pixels.
        MissingExtraError: If faces or lettering are to be blurred and OpenCV or the face detector is not installed.
    """
    from albumnet.explain.looking.counterfactuals import Retouch
    from albumnet.pipeline.explaining.changes import retouch_cover

    cover = asked.cover
    changed, moved = retouch_cover(
        asked.explainer(), cover.pixels, Retouch(**asdict(change)), genres=cover.genres, year=cover.year
    )
    return {
        "cover": _encode(changed, "JPEG"),
        "n_beyond": sum(one.is_beyond for one in moved),
        "moods": [
            {
                "mood": one.mood,
                "before": one.before,
                "after": one.after,
                "moved": one.moved,
                "by_encoding": one.by_encoding,
                "encoding_low": one.encoding_band[0],
                "encoding_high": one.encoding_band[1],
                "is_beyond": one.is_beyond,
            }
            for one in moved
        ],
    }


def _guesses(asked: Asked) -> tuple[list[dict[str, Any]], str | None]:
    if not asked.model.kind.uses_cover:
        return [], f"{asked.model.kind.title} looks at no cover"
    if asked.model.config.n_fine_tuned:
        return [], "the backbone was fine-tuned to moods, so its own classifier fits it no more"
    try:
        guesses = asked.explainer().guesses(asked.cover.pixels, top=N_GUESSES)
    except WeightsError as error:
        return [], str(error)
    return [{"thing": guess.thing, "probability": guess.probability} for guess in guesses], None


def _shares(asked: Asked) -> dict[str, Any]:
    from albumnet.explain.shares import PARTS, divide_log_odds

    model, cover = asked.model, asked.cover
    if not model.kind.uses_metadata:
        return {"shares": None, "is_exact": None, "why_no_shares": f"{model.kind.title} looks at the cover alone"}
    if model.kind.uses_cover:
        found = asked.explainer().shares(cover.pixels, genres=cover.genres, year=cover.year)
    else:
        found = divide_log_odds(model, None, genres=cover.genres, year=cover.year)
    shares = [
        {"mood": mood, **dict(zip(PARTS, row, strict=True))}
        for mood, row in zip(model.config.moods, found.parts.tolist(), strict=True)
    ]
    return {"shares": shares, "is_exact": found.is_exact, "why_no_shares": None}


def _regions(asked: Asked) -> tuple[dict[str, bool], str | None]:
    """Whether faces and lettering are found."""
    if not asked.model.kind.uses_cover:
        return {}, f"{asked.model.kind.title} looks at no cover"
    from albumnet.explain.looking.counterfactuals import BLURRABLE
    from albumnet.explain.looking.regions import find_regions

    try:
        found = find_regions(asked.cover.pixels)
    except MissingExtraError as error:
        return {}, str(error)
    return {name: bool(found[name].any()) for name in BLURRABLE}, None


def _picture_of(found: MoodMap) -> dict[str, Any]:
    from albumnet.explain.pictures import AGAINST_COLOUR, FOR_COLOUR, FULL_COLOUR, layer

    return {
        "picture": _encode(layer(found.values), "PNG"),
        "full_colour": FULL_COLOUR,
        "for": "#{:02x}{:02x}{:02x}".format(*FOR_COLOUR),
        "against": "#{:02x}{:02x}{:02x}".format(*AGAINST_COLOUR),
    }


def _encode(pixels: np.ndarray, kind: str) -> str:
    """A picture as an address that holds it."""
    from PIL import Image

    file = io.BytesIO()
    Image.fromarray(pixels).save(file, kind, quality=_QUALITY)
    return f"data:image/{kind.lower()};base64,{base64.b64encode(file.getvalue()).decode()}"
