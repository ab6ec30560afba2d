"""Dates of release as pages print them."""

from __future__ import annotations

import re

_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_ISO = re.compile(r"(?<!\d)(\d{4})(?:-(\d{2})(?:-(\d{2}))?)?(?!\d)")
_ENGLISH = re.compile(
    r"(?<![a-z])(jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]{0,6}\.?\s+(?:(\d{1,2})(?:st|nd|rd|th)?,?\s+)?"
    r"(\d{4})(?!\d)",
    re.IGNORECASE,
)
# Nothing was recorded before 1860; 2100 leaves room for announcements.
_FIRST_YEAR, _LAST_YEAR = 1860, 2100


def read_date(text: str) -> str | None:
    """The date in a text, as far as it says it: `September 26, 1969` is 1969-09-26, `May 1970` 1970-05, `1970` 1970.

    Returns:
        ISO 8601, or None where the text has no date between 1860 and 2100. A day or month that cannot be is left out.
    """
    text = text[:500]
    if found := _ENGLISH.search(text):
        month, day, year = _MONTHS.index(found.group(1)[:3].lower()) + 1, found.group(2), found.group(3)
        return _iso(int(year), month, int(day or 0))
    if found := _ISO.search(text):
        return _iso(int(found.group(1)), int(found.group(2) or 0), int(found.group(3) or 0))
    return None


def _iso(year: int, month: int, day: int) -> str | None:
    if not _FIRST_YEAR <= year <= _LAST_YEAR:
        return None
    if not 1 <= month <= 12:
        return f"{year:04d}"
    return f"{year:04d}-{month:02d}-{day:02d}" if 1 <= day <= 31 else f"{year:04d}-{month:02d}"
