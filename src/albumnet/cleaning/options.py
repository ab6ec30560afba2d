"""What a cleaning is told: limits, which rules may leave albums out, and which moods are one."""

from __future__ import annotations

import datetime
import hashlib
import json
from collections.abc import Collection
from dataclasses import asdict, dataclass, field

from albumnet.records import MoodAliases


def _next_year() -> int:
    return datetime.datetime.now(tz=datetime.UTC).year + 1


@dataclass(frozen=True)
class CleaningOptions:
    """Limits and choices.

    Attributes:
        min_side: Pixels that a cover's shorter side has at least.
        min_artists_of_placeholder: Artists that have one picture, from which it is taken for a placeholder.
        first_year: Earliest year of release that is believed.
        last_year: Latest; by default the year after this one, because releases are announced.
        min_moods: N, moods that an album has at least.
        min_albums_per_mood: K, albums that a mood is on at least. By default 15, as many as the origin's rarest was on.
        keep: Rules that flag only.
        leave_out: Rules that leave out what they flag, though by default they flag only.
        aliases: Moods to be merged, and into what.
    """

    min_side: int = 64
    min_artists_of_placeholder: int = 4
    first_year: int = 1900
    last_year: int = field(default_factory=_next_year)
    min_moods: int = 1
    min_albums_per_mood: int = 15
    keep: Collection[str] = ()
    leave_out: Collection[str] = ()
    aliases: MoodAliases = MoodAliases()

    @property
    def digest(self) -> str:
        """16 hex digits that differ whenever a setting differs."""
        values = {**asdict(self), "keep": sorted(self.keep), "leave_out": sorted(self.leave_out)}
        return hashlib.sha256(json.dumps(values, sort_keys=True).encode()).hexdigest()[:16]
