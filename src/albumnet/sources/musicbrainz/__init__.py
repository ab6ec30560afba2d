"""Release groups from MusicBrainz, moods from their tags, covers from the Cover Art Archive."""

from __future__ import annotations

import csv
import hashlib
import io
import json
from collections import Counter
from dataclasses import asdict, dataclass, replace
from importlib.metadata import version
from pathlib import Path

from albumnet.dataset import Step, Terms
from albumnet.dataset.atomic import write_text
from albumnet.errors import CoverError, InputTableError
from albumnet.progress import Progress, ProgressCallback, ignore_progress
from albumnet.records import Album, MoodAliases, normalise_name
from albumnet.sources.importing import ImportResult, write_imported
from albumnet.sources.musicbrainz.mood_tags import load_mood_tags
from albumnet.sources.musicbrainz.release_groups import Addresses, ReleaseGroup, Wanted, find_release_groups
from albumnet.sources.web import PoliteClient

__all__ = ["Addresses", "MusicBrainzImport", "Wanted", "import_musicbrainz", "make_client"]

CACHE_FOLDER = "musicbrainz"
UNMAPPED_FILE = "unmapped_tags.csv"
_TERMS = Terms(
    source="MusicBrainz",
    licence="names and dates CC0; tags CC BY-NC-SA 3.0 (not for commercial use); covers belong to their labels and "
    "artists, the Cover Art Archive only lends them: export addresses, not files",
    address="https://musicbrainz.org",
)


@dataclass(frozen=True)
class MusicBrainzImport:
    """What was imported, and what of it no mood was found for.

    Attributes:
        result: The set.
        unmapped_tags: Tags that are no genre and stand for no mood, with the release groups that have them.
        without_cover: Release groups that the Cover Art Archive has no front cover of.
    """

    result: ImportResult
    unmapped_tags: Counter[str]
    without_cover: int


def make_client(out: Path, *, contact: str, delay_s: float = 1.0) -> PoliteClient:
    """A client that says who asks, and keeps what it is given in the set's folder.

    Args:
        out: The set's folder.
        contact: An address at which MusicBrainz can reach whoever runs this; they ask for it.
        delay_s: Between requests.
    """
    return PoliteClient(out / CACHE_FOLDER, f"albumnet/{version('albumnet')} ( {contact} )", delay_s=delay_s)


def import_musicbrainz(
    wanted: Wanted,
    *,
    out: Path,
    client: PoliteClient,
    cover_size: int = 500,
    mood_tags: MoodAliases | None = None,
    addresses: Addresses = Addresses(),
    seed: int = 0,
    force: bool = False,
    progress: ProgressCallback = ignore_progress,
) -> MusicBrainzImport:
    """Turn release groups of MusicBrainz into an album set.

    One request a second is made, and each address is asked once: what it gave is kept in `out`, so that an interrupted
    import goes on where it was. Delete that folder to ask anew.

    Args:
        wanted: Which release groups.
        out: The set's folder.
        client: To ask with; `make_client`.
        cover_size: 250, 500 or 1200 pixels.
        mood_tags: Tag -> mood; the packaged table by default.
        addresses: Of the two services.
        seed: Of the split.
        force: Replace a set that came from another import.
        progress: Told about pages, then covers.

    Raises:
        InputTableError: If nothing is found.
        SourceError: If a service refuses or cannot be reached.
        AlbumSetError: If `out` holds a set from another import and `force` is not given.
    """
    mood_tags = mood_tags or load_mood_tags()
    groups = find_release_groups(wanted, client=client, addresses=addresses, progress=progress)
    if not groups:
        raise InputTableError(f"MusicBrainz has no release group for {wanted.described}; look there what it has")
    unmapped: Counter[str] = Counter()
    albums: list[Album] = []
    for n, group in enumerate(groups, start=1):
        album, unknown = _album(group, mood_tags)
        unmapped.update(unknown)
        address = f"{addresses.covers}/release-group/{group.mbid}/front-{cover_size}"
        if client.get(address) is not None:
            album = replace(album, cover_file=address)
        albums.append(album)
        progress(Progress("covers asked for", n, len(groups)))

    def load_cover(address: str) -> bytes:
        data = client.get(address)
        if data is None:
            raise CoverError("there is none in the Cover Art Archive")
        return data

    content = json.dumps([asdict(wanted), cover_size, dict(mood_tags.mood_of_variant), seed], sort_keys=True)
    result = write_imported(
        albums,
        load_cover=load_cover,
        out=out,
        import_digest=hashlib.sha256(content.encode()).hexdigest()[:16],
        aliases=MoodAliases(),
        seed=seed,
        force=force,
        terms=_TERMS,
        funnel=(Step("release groups found", len(groups)),),
        progress=progress,
    )
    write_text(out / UNMAPPED_FILE, _unmapped_csv(unmapped))
    return MusicBrainzImport(result, unmapped, without_cover=sum(not album.cover_file for album in albums))


def _album(group: ReleaseGroup, mood_tags: MoodAliases) -> tuple[Album, list[str]]:
    """The album, and the tags that say nothing to us."""
    moods, unknown = [], []
    for tag in group.tags:
        if mood := mood_tags.mood_of_variant.get(normalise_name(tag)):
            moods.append(mood)
        elif tag not in group.genres:
            unknown.append(tag)
    album = Album(
        album_id=group.mbid,
        artist=group.artist,
        title=group.title,
        moods=tuple(dict.fromkeys(moods)),
        genres=group.genres,
        year=group.year,
        source="MusicBrainz",
    )
    return album, unknown


def _unmapped_csv(unmapped: Counter[str]) -> str:
    """Ready to become rows of a table of one's own: the column `mood` is empty."""
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(("variant", "mood", "albums"))
    writer.writerows((tag, "", count) for tag, count in unmapped.most_common())
    return text.getvalue()
