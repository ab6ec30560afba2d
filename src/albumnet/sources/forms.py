"""Tables without lists of moods: the long form (a row per album and mood) and the wide (a column per mood)."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from albumnet.errors import InputTableError

FORMS = ("rows", "long", "wide")
Row = dict[str, Any]


def gather_long(columns: Sequence[str], rows: Sequence[Row], *, where: str) -> tuple[list[str], list[Row]]:
    """Rows of album_id, mood and rank as one row per album, moods strongest first.

    Rank 1 is the strongest; without ranks the order of rows counts. Other columns are taken from an album's first row.

    Args:
        columns: Of the table.
        rows: Of the table.
        where: The table, for errors.

    Raises:
        InputTableError: If a column is missing, or a rank is no number.
    """
    for needed in ("album_id", "mood"):
        if needed not in columns:
            raise InputTableError(f"{where} has no column {needed!r}; the long form has album_id, mood and rank")
    albums: dict[Any, Row] = {}
    moods: dict[Any, list[tuple[float, str]]] = {}
    for number, row in enumerate(rows, start=1):
        key = row.get("album_id")
        albums.setdefault(key, {name: value for name, value in row.items() if name not in ("mood", "rank")})
        ranked = moods.setdefault(key, [])
        if row.get("mood"):
            ranked.append((_rank(row.get("rank"), where=f"{where}, row {number}"), str(row["mood"])))
    for key, ranked in moods.items():
        albums[key]["moods"] = [name for _, name in sorted(ranked, key=lambda pair: pair[0])]
    return [*(name for name in columns if name not in ("mood", "rank")), "moods"], list(albums.values())


def gather_wide(
    columns: Sequence[str], rows: Sequence[Row], *, moods: Sequence[str], where: str
) -> tuple[list[str], list[Row]]:
    """Columns of one mood each as one list per album: moods of values above 0, the largest first.

    Args:
        columns: Of the table.
        rows: Of the table.
        moods: The columns that are moods; their values are numbers, truth values or empty.
        where: The table, for errors.

    Raises:
        InputTableError: If a value is none of these.
    """
    if not moods:
        raise InputTableError(f"{where} has no column besides the known ones; the wide form has one per mood")
    gathered = []
    for number, row in enumerate(rows, start=1):
        strengths = [(_strength(row.get(mood), where=f"{where}, row {number}", mood=mood), mood) for mood in moods]
        # sorted() keeps the order of columns among equals.
        strong = sorted((pair for pair in strengths if pair[0] > 0), key=lambda pair: -pair[0])
        rest = {name: value for name, value in row.items() if name not in moods}
        gathered.append({**rest, "moods": [mood for _, mood in strong]})
    return [*(name for name in columns if name not in moods), "moods"], gathered


def _rank(value: Any, *, where: str) -> float:
    if value is None or value == "":
        return math.inf
    try:
        return float(value)
    except (TypeError, ValueError) as error:
        raise InputTableError(f"{where}: rank is {value!r}; expected a number, 1 for the strongest mood") from error


def _strength(value: Any, *, where: str, mood: str) -> float:
    if value is None or value == "":
        return 0.0
    if isinstance(value, str) and value.strip().casefold() in _TRUTH:
        return _TRUTH[value.strip().casefold()]
    try:
        strength = float(value)
    except (TypeError, ValueError) as error:
        raise InputTableError(
            f"{where}: {mood} is {value!r}; in the wide form every column that is not known is a mood, with numbers. "
            f"Pass this one over with --rename {mood!r}="
        ) from error
    return 0.0 if math.isnan(strength) else strength


_TRUTH = {"true": 1.0, "yes": 1.0, "false": 0.0, "no": 0.0}
