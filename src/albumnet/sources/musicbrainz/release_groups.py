"""Release groups as MusicBrainz gives them: by query, artist, collection or id.

The web service: https://musicbrainz.org/doc/MusicBrainz_API (version 2, JSON). A search gives tags but no genres, the
other requests give both when asked to (`inc`).
"""

from __future__ import annotations

import json
import re
import urllib.parse
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from albumnet.errors import SourceError
from albumnet.progress import Progress, ProgressCallback, ignore_progress
from albumnet.sources.web import PoliteClient

PAGE_SIZE = 100
_INCLUDED = "artist-credits+tags+genres"
_MBID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_YEAR = re.compile(r"(\d{4})(-|$)")


@dataclass(frozen=True)
class Addresses:
    """Where the services are; mirrors have the same paths."""

    api: str = "https://musicbrainz.org/ws/2"
    covers: str = "https://coverartarchive.org"


@dataclass(frozen=True)
class Wanted:
    """Which release groups; exactly one of the first four.

    Attributes:
        query: In the search's own language, such as `tag:melancholic AND primarytype:album`.
        artist: Id of an artist, or a name.
        mbids: Ids of release groups.
        collection: Id of a collection of release groups.
        most: Release groups at most; None for all.
    """

    query: str = ""
    artist: str = ""
    mbids: tuple[str, ...] = ()
    collection: str = ""
    most: int | None = None

    @property
    def described(self) -> str:
        """In words."""
        if self.query:
            return f"the query {self.query!r}"
        if self.artist:
            return f"the artist {self.artist!r}"
        return f"the collection {self.collection}" if self.collection else f"{len(self.mbids)} ids"


@dataclass(frozen=True)
class ReleaseGroup:
    """One release group.

    Attributes:
        mbid: Its id.
        title: As MusicBrainz writes it.
        artist: The credit, with whatever joins several names.
        year: Of the first release; None where unknown.
        genres: Most votes first.
        tags: All tags with more votes for than against, genres among them, most votes first.
    """

    mbid: str
    title: str
    artist: str
    year: int | None
    genres: tuple[str, ...]
    tags: tuple[str, ...]


def find_release_groups(
    wanted: Wanted, *, client: PoliteClient, addresses: Addresses, progress: ProgressCallback = ignore_progress
) -> list[ReleaseGroup]:
    """The release groups that are wanted, each once, in the service's order.

    Raises:
        SourceError: If an id is none, there is no such thing, or the service answers what it never should.
    """
    found: dict[str, ReleaseGroup] = {}
    for row, total in _rows(wanted, client=client, api=addresses.api):
        group = parse_release_group(row)
        found.setdefault(group.mbid, group)
        n_wanted = min(total, wanted.most or total)
        progress(Progress("release groups", min(len(found), n_wanted), n_wanted))
        if len(found) == wanted.most:
            break
    return list(found.values())


def parse_release_group(row: Mapping[str, Any]) -> ReleaseGroup:
    """One release group of an answer, whichever request it answers.

    Raises:
        SourceError: If it is none.
    """
    try:
        date = _YEAR.match(row.get("first-release-date") or "")
        year = int(date.group(1)) if date else 0
        return ReleaseGroup(
            mbid=str(row["id"]),
            title=str(row["title"]),
            artist="".join(f"{part['name']}{part.get('joinphrase') or ''}" for part in row.get("artist-credit") or ()),
            year=year if 1000 <= year < 3000 else None,
            genres=_by_votes(row.get("genres") or ()),
            tags=_by_votes(row.get("tags") or ()),
        )
    except (KeyError, TypeError, AttributeError, ValueError) as error:
        raise SourceError(
            f"MusicBrainz gave a release group of an unknown form ({error!r}): {str(row)[:200]}"
        ) from error


def _rows(wanted: Wanted, *, client: PoliteClient, api: str) -> Iterator[tuple[Mapping[str, Any], int]]:
    """Release groups as they are given, and how many there are in all."""
    if wanted.mbids:
        for mbid in wanted.mbids:
            yield _ask(client, f"{api}/release-group/{_checked(mbid)}", inc=_INCLUDED), len(wanted.mbids)
        return
    if wanted.collection:
        yield from _pages(
            client, api, count="release-group-count", collection=_checked(wanted.collection), inc=_INCLUDED
        )
    elif wanted.artist and _MBID.fullmatch(wanted.artist.lower()):
        yield from _pages(client, api, count="release-group-count", artist=wanted.artist.lower(), inc=_INCLUDED)
    else:
        name = wanted.artist.replace("\\", "\\\\").replace('"', '\\"')
        query = wanted.query or f'artistname:"{name}"'
        yield from _pages(client, api, count="count", query=query)


def _pages(client: PoliteClient, api: str, *, count: str, **asked: str) -> Iterator[tuple[Mapping[str, Any], int]]:
    offset, total = 0, 1
    while offset < total:
        page = _ask(client, f"{api}/release-group", **asked, limit=str(PAGE_SIZE), offset=str(offset))
        rows, n_all = page.get("release-groups"), page.get(count)
        if not isinstance(rows, list) or not isinstance(n_all, int):
            raise SourceError(f"MusicBrainz gave a page without release-groups or {count}: {str(page)[:200]}")
        if not rows:
            return
        total = n_all
        for row in rows:
            yield row, total
        offset += len(rows)


def _ask(client: PoliteClient, address: str, **asked: str) -> Mapping[str, Any]:
    # "+" between the parts of `inc` stands for a space, as in forms.
    query = urllib.parse.urlencode({**asked, "fmt": "json"}, safe="+")
    data = client.get(f"{address}?{query}")
    if data is None:
        raise SourceError(f"MusicBrainz has nothing at {address}; check the id")
    try:
        content = json.loads(data)
    except ValueError as error:
        raise SourceError(f"{address} gave no JSON ({error}): {data[:100]!r}") from error
    if not isinstance(content, dict):
        raise SourceError(f"{address} gave {type(content).__name__}; expected an object")
    return content


def _checked(mbid: str) -> str:
    if not _MBID.fullmatch(mbid.strip().lower()):
        raise SourceError(f"{mbid!r} is no MusicBrainz id; it looks like 48140466-cff6-3222-bd55-63c27e43190d")
    return mbid.strip().lower()


def _by_votes(rows: Any) -> tuple[str, ...]:
    voted = [(int(row.get("count", 1)), str(row["name"])) for row in rows]
    return tuple(name for count, name in sorted(voted, key=lambda tag: (-tag[0], tag[1])) if count > 0)
