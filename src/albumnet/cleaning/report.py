"""What a cleaning did, for people: rules and counts, what a cut of rare moods costs, and synonyms to look at."""

from __future__ import annotations

import csv
import io
from collections import Counter
from collections.abc import Iterable, Sequence

from albumnet.cleaning.applying import Applied
from albumnet.cleaning.moods import Synonyms
from albumnet.cleaning.options import CleaningOptions
from albumnet.cleaning.rules import RULES

_ACTIONS = ("left out", "merged", "changed", "kept")
_N_REASONS = 5
_N_SYNONYMS = 20


def write_report(applied: Applied, *, n_albums: int, synonyms: Sequence[Synonyms], options: CleaningOptions) -> str:
    """The report as Markdown."""
    counts = Counter((flag.rule, flag.action) for flag in applied.flags)
    rules = [
        (rule, *(f"{counts[rule, action]:,}" for action in _ACTIONS))
        for rule in RULES
        if any(counts[rule, action] for action in _ACTIONS)
    ]
    curve = [(f"{point.min_albums_per_mood:,}", f"{point.moods:,}", f"{point.albums:,}") for point in applied.curve]
    pairs = [
        (
            pair.variant,
            pair.mood,
            f"{pair.closeness:.2f}",
            f"{pair.likeness:.2f}",
            f"{pair.lift:.1f}",
            f"{pair.albums:,}",
        )
        for pair in synonyms[:_N_SYNONYMS]
    ]
    examples = [
        f"- {flag.rule}, {flag.action}: {flag.album_id} ({flag.artist}, {flag.title}): {flag.reason}"
        for rule in RULES
        for flag in [flag for flag in applied.flags if flag.rule == rule][:_N_REASONS]
    ]
    sections = [
        "# Cleaning",
        f"{n_albums:,} albums found, {len(applied.albums):,} left. A cover has at least {options.min_side} pixels a "
        f"side, a mood at least {options.min_albums_per_mood} albums, an album at least {options.min_moods} moods; "
        f"{options.min_artists_of_placeholder} artists with one picture make it a placeholder; years from "
        f"{options.first_year} to {options.last_year} are believed.",
        "## Flags",
        "Rules run in this order, each over the albums that the ones before have left. `flags.parquet` has every flag; "
        "`albumnet clean SET --explain ALBUM` says what is in it about one album.",
        _table(("rule", *_ACTIONS), rules),
        "\n".join(examples),
        "## What a cut of rare moods costs",
        _table(("albums per mood at least", "moods left", "albums left"), curve),
        "## Moods that may be one",
        "Close in meaning and used alike. Nothing is merged unless you say so: edit `synonyms.csv` and pass it as "
        "`--merge-moods`.",
        _table(("mood", "into", "closeness", "likeness of use", "lift", "albums"), pairs),
    ]
    return "\n\n".join(section for section in sections if section) + "\n"


def write_synonyms(synonyms: Iterable[Synonyms]) -> str:
    """The proposals as a CSV table that is also an alias file (variant,mood)."""
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(("variant", "mood", "closeness", "likeness", "lift", "albums"))
    for pair in synonyms:
        scores = (f"{score:.3f}" for score in (pair.closeness, pair.likeness, pair.lift))
        writer.writerow((pair.variant, pair.mood, *scores, pair.albums))
    return text.getvalue()


def _table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [f"| {' | '.join(header)} |", f"| --- |{' ---: |' * (len(header) - 1)}"]
    lines += [f"| {' | '.join(cell.replace('|', '&#124;') for cell in row)} |" for row in rows]
    return "\n".join(lines)
