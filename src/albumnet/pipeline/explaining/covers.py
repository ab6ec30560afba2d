"""Why these covers have these moods: maps that were checked, shares of cover and metadata, as pictures and numbers."""

from __future__ import annotations

import difflib
import io
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from albumnet.dataset.atomic import write_bytes, write_json
from albumnet.errors import CoverError, ExplainError, WordVectorError
from albumnet.pipeline.explaining.explainer import CoverExplainer, MoodMap, check_shows_something
from albumnet.progress import Progress, ProgressCallback, ignore_progress
from albumnet.records import normalise_name

if TYPE_CHECKING:
    from albumnet.explain.pictures import Panel
    from albumnet.models.prediction import MoodModel

SCHEMA_VERSION = 1
_COVERS_IN_A_ROW = 5


@dataclass(frozen=True)
class CoverExplanation:
    """One cover's maps; or, in one line, why there are none."""

    cover: str
    pixels: np.ndarray | None
    maps: tuple[MoodMap, ...]
    error: str | None = None


def explain_covers(
    model: MoodModel,
    covers: Sequence[Path],
    *,
    moods: Sequence[str] = (),
    method: str | None = None,
    genres: Sequence[str] = (),
    year: int | None = None,
    is_checked: bool = True,
    progress: ProgressCallback = ignore_progress,
) -> list[CoverExplanation]:
    """Explain what a model says of some covers.

    Args:
        model: A trained model that looks at covers.
        covers: Picture files.
        moods: Which moods; none for each cover's likeliest. Of two or more, the first is also set against the second.
        method: How; None for the one that did best on planted covers.
        genres: Of all the covers.
        year: Of all the covers.
        is_checked: Whether every map is held against that of a network that forgot everything.
        progress: Called after each cover.

    Raises:
        ExplainError: If a mood is unknown, the model looks at no pixels, or the method does not fit the backbone.
    """
    columns = [find_mood(model, mood) for mood in moods]
    explainer = CoverExplainer(model, method=method, is_checked=is_checked)
    explained = []
    for done, cover in enumerate(covers, start=1):
        try:
            pixels = read_cover(model, cover)
        except CoverError as error:
            explained.append(CoverExplanation(str(cover), None, (), str(error)))
        else:
            maps = explainer.maps(pixels, columns=columns, genres=genres, year=year)
            explained.append(CoverExplanation(str(cover), pixels, maps))
        progress(Progress("explaining", done, len(covers)))
    return explained


def method_title(name: str | None) -> str:
    """What a table calls a method; None is the default one.

    Raises:
        ExplainError: If there is none of that name.
    """
    from albumnet.explain.attribution import DEFAULT_METHOD, get_method

    return get_method(name or DEFAULT_METHOD).title


def has_earned_belief(name: str | None) -> bool:
    """Whether a method proved itself on planted covers; None is the default one.

    Raises:
        ExplainError: If there is none of that name.
    """
    from albumnet.explain.attribution import DEFAULT_METHOD, get_method

    return get_method(name or DEFAULT_METHOD).has_earned


def find_mood(model: MoodModel, name: str) -> int:
    """The column of a mood, however it is spelt.

    Raises:
        ExplainError: If the model does not know it; the nearest names are offered.
    """
    moods = model.config.moods
    spelt = {normalise_name(mood): column for column, mood in enumerate(moods)}
    if (column := spelt.get(normalise_name(name))) is not None:
        return column
    close = [moods[spelt[found]] for found in difflib.get_close_matches(normalise_name(name), spelt, n=3, cutoff=0.5)]
    near = [mood for mood in _near_in_meaning(name, moods) if mood not in close]
    offered = ", ".join([*close, *near][:5]) or ", ".join(moods[:5])
    raise ExplainError(f"the model does not know the mood {name!r}; near it are {offered}")


def _near_in_meaning(name: str, moods: Sequence[str]) -> list[str]:
    from albumnet.moodspace import embed_labels, load_packaged_vectors, moods_with_vectors

    vectors = load_packaged_vectors()
    try:
        wanted = embed_labels((name,), vectors)
    except WordVectorError:
        return []
    known = moods_with_vectors(moods, vectors)
    if not known:
        return []
    order = np.argsort(-(embed_labels(known, vectors) @ wanted[0]))[:3]
    return [known[n] for n in order.tolist()]


def read_cover(model: MoodModel, cover: Path) -> np.ndarray:
    """A cover's pixels as the model's backbone takes them.

    Raises:
        CoverError: If it cannot be used, or has one colour only, so that no place on it can be told from another.
    """
    from albumnet.vision.decoding import decode_cover

    transform = model.transform
    try:
        data = cover.read_bytes()
    except OSError as error:
        raise CoverError(f"cannot be read: {error.strerror or error}") from error
    pixels = decode_cover(data, size=transform.size, interpolation=transform.interpolation)
    check_shows_something(pixels)
    return pixels


def write_explanation(
    explained: Sequence[CoverExplanation], out: Path, *, method: str, parts: Sequence[str]
) -> tuple[Path, Path, Path]:
    """Write the contact sheet, beside it the raw maps (.npy) and what they are (.json).

    Args:
        explained: At least one without an error.
        out: The PNG file.
        method: As a table calls it.
        parts: Of cover, genre and year, those that the model looks at.

    Returns:
        The paths of the picture, of the maps (n, H, W) and of their list, in that order.
    """
    usable = [one for one in explained if one.pixels is not None]
    sheet = _lay_out(usable, method=method, parts=parts)
    file = io.BytesIO()
    sheet.save(file, "PNG")
    write_bytes(out, file.getvalue())
    arrays, listing = out.with_suffix(".npy"), out.with_suffix(".json")
    file = io.BytesIO()
    np.save(file, np.stack([one.values for cover in usable for one in cover.maps]).astype(np.float32))
    write_bytes(arrays, file.getvalue())
    write_json(listing, {"method": method, "maps": describe(usable)}, schema_version=SCHEMA_VERSION)
    return out, arrays, listing


def describe(explained: Sequence[CoverExplanation]) -> list[dict[str, Any]]:
    """One entry per map, in the order of the array of maps."""
    return [
        {
            "cover": cover.cover,
            "mood": one.mood,
            "rather_than": one.rather_than,
            "probability": one.probability,
            "likeness_after_forgetting": one.likeness,
            "is_refused": one.is_refused,
            "log_odds_from": one.shares,
        }
        for cover in explained
        for one in cover.maps
    ]


def _lay_out(usable: Sequence[CoverExplanation], *, method: str, parts: Sequence[str]) -> Any:
    from albumnet.explain.pictures import Panel, contact_sheet, in_rows

    refused = any(one.is_refused for cover in usable for one in cover.maps)
    footer = ["Refused: the map is much the same when the network has forgotten what it learned."] if refused else []
    titles = {one.title for cover in usable for one in cover.maps}
    if len(usable) > 1 and len(titles) == 1:
        panels = [_map_panel(cover, cover.maps[0], name=Path(cover.cover).stem) for cover in usable]
        rows = in_rows(panels, n_columns=_COVERS_IN_A_ROW)
        return contact_sheet(rows, title=f"{titles.pop()} · {method}", footer=footer, has_scale=True)
    reach = max((abs(v) for cover in usable for one in cover.maps for v in one.shares.values()), default=1.0)
    rows = []
    for cover in usable:
        assert cover.pixels is not None
        row = [Panel(cover.pixels, (Path(cover.cover).stem, ""))]
        for one in cover.maps:
            row.append(_map_panel(cover, one))
            if len(parts) > 1:
                row.append(_shares_panel(one, side=len(cover.pixels), parts=parts, reach=reach))
        rows.append(row)
    return contact_sheet(rows, title=method, footer=footer, has_scale=True)


def _map_panel(cover: CoverExplanation, one: MoodMap, *, name: str | None = None) -> Panel:
    from albumnet.explain.pictures import Panel, overlay

    assert cover.pixels is not None
    said = "refused" if one.is_refused else f"probability {one.probability:.2f}"
    shown = np.zeros_like(one.values) if one.is_refused else one.values
    return Panel(overlay(cover.pixels, shown), (name or one.title, said))


def _shares_panel(one: MoodMap, *, side: int, parts: Sequence[str], reach: float) -> Panel:
    from albumnet.explain.pictures import Panel, bars

    shown = [(part, one.shares[part]) for part in parts]
    return Panel(bars(shown, side=side, reach=reach), ("log-odds over an average album", one.title))
