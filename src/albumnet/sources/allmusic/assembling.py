"""What a finished crawl found, as albums of a set, and the whole of it as a table that stays at home."""

from __future__ import annotations

import hashlib
import itertools
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from albumnet.dataset import AlbumSet, CoverFailure, Step, Terms
from albumnet.dataset.atomic import replacing
from albumnet.dataset.covers import find_cover
from albumnet.errors import CoverError, InputTableError
from albumnet.progress import ProgressCallback
from albumnet.records import Album, MoodAliases
from albumnet.sources.allmusic.journal import Counts, Journal, Kind, State, Trouble
from albumnet.sources.allmusic.options import FOLDER
from albumnet.sources.allmusic.record import AlbumRecord
from albumnet.sources.importing import CoverLoader, ImportResult, write_imported

RECORDS_FILE = "records.parquet"
_TERMS = Terms(
    source="AllMusic",
    licence="its terms of use restrict automated access: whoever made this set stated that they may; reviews, tags and "
    "covers belong to the site, its writers, labels and artists, do not pass them on",
    address="https://www.allmusic.com",
)
_BATCH = 1_000
_DIGESTS = "import_digests"
_WEIGHTED = pa.list_(pa.struct({"name": pa.string(), "weight": pa.float32()}))
_TEXTS = pa.list_(pa.string())
_SCHEMA = pa.schema(
    {
        "album_id": pa.string(),
        "artist": pa.string(),
        "title": pa.string(),
        "date": pa.string(),
        "genres": _TEXTS,
        "styles": _TEXTS,
        "moods": _WEIGHTED,
        "themes": _WEIGHTED,
        "rating": pa.float32(),
        "review": pa.string(),
        "review_author": pa.string(),
        "cover_address": pa.string(),
        "address": pa.string(),
        "retrieved_at": pa.string(),
        "lacking": _TEXTS,
    }
)


@dataclass(frozen=True)
class AllMusicImport:
    """What a crawl became.

    Attributes:
        result: The set.
        counts: Albums found, read, and with an official review.
        lacking: Field -> reviewed albums that lack it.
    """

    result: ImportResult
    counts: Counts
    lacking: Counter[str]


def write_crawled(
    journal: Journal, *, out: Path, aliases: MoodAliases, seed: int, force: bool, progress: ProgressCallback
) -> AllMusicImport:
    """Make the album set of what a crawl has found, and `allmusic/records.parquet` with all that pages said.

    A set that an earlier run of the same crawl made is replaced.

    Raises:
        InputTableError: If no album with an official review was found.
        AlbumSetError: If `out` holds a set from another import and `force` is not given.
    """
    covers, troubles = journal.covers(), journal.troubles()
    counts = journal.counts
    hasher = hashlib.sha256(repr((seed, sorted(aliases.mood_of_variant.items()), counts, troubles)).encode())
    lacking: Counter[str] = Counter()
    albums: list[Album] = []
    for record in journal.reviewed():
        lacking.update(record.lacking)
        albums.append(_album(record))
        hasher.update(repr((record, covers.get(record.page.cover_address or ""))).encode())
    if not albums:
        raise InputTableError(
            f"none of the {counts.found:,} albums that were found has an official review, so there is no set to write; "
            f"start from other pages{_first_of(troubles)}"
        )
    _write_records(journal.reviewed(), out / FOLDER / RECORDS_FILE)
    digest = hasher.hexdigest()[:16]
    ours = journal.setting(_DIGESTS).split()
    # Before the set is written: an end in between must not make the set look like somebody else's.
    journal.remember(_DIGESTS, " ".join(dict.fromkeys([*ours, digest])))
    result = write_imported(
        albums,
        load_cover=_load_from(out / "covers", covers=covers, reasons={t.address: t.reason for t in troubles}),
        out=out,
        import_digest=digest,
        aliases=aliases,
        seed=seed,
        force=force or ((out / "albums.parquet").exists() and AlbumSet(out).import_digest in set(ours) - {digest}),
        terms=_TERMS,
        funnel=(Step("albums found", counts.found), Step("with an official review", counts.reviewed)),
        failures=[CoverFailure(trouble.address, trouble.reason) for trouble in troubles if _is_failure(trouble)],
        progress=progress,
    )
    return AllMusicImport(result, counts, lacking)


def _is_failure(trouble: Trouble) -> bool:
    """Covers are told of with their albums; an album without review or moods is no failure but lacks them."""
    if trouble.kind is Kind.COVER:
        return False
    return trouble.state is not State.MISSING or trouble.kind in (Kind.ALBUM, Kind.LISTING)


def _first_of(troubles: Sequence[Trouble]) -> str:
    return f" ({len(troubles)} addresses failed, first {troubles[0].address}: {troubles[0].reason})" if troubles else ""


def _album(record: AlbumRecord) -> Album:
    page = record.page
    return Album(
        album_id=page.album_id,
        artist=page.artist,
        title=page.title,
        moods=tuple(mood.name for mood in page.moods),
        genres=page.genres,
        styles=page.styles,
        year=record.year,
        cover_file=page.cover_address,
        source=_TERMS.source,
    )


def _load_from(covers_dir: Path, *, covers: Mapping[str, str], reasons: Mapping[str, str]) -> CoverLoader:
    def load(address: str) -> bytes:
        if address not in covers:
            raise CoverError(reasons.get(address, "was not fetched yet"))
        path = find_cover(covers_dir, covers[address])
        if path is None:
            raise CoverError(f"is gone from {covers_dir}; delete {FOLDER} in the set's folder to crawl anew")
        return path.read_bytes()

    return load


def _write_records(records: Iterator[AlbumRecord], path: Path) -> None:
    with replacing(path) as temporary, pq.ParquetWriter(temporary, _SCHEMA, compression="zstd") as writer:
        while batch := list(itertools.islice(records, _BATCH)):
            writer.write_table(pa.Table.from_pylist([_row(record) for record in batch], schema=_SCHEMA))


def _row(record: AlbumRecord) -> dict[str, Any]:
    row = asdict(record.page)
    review = record.page.review
    return {
        **{name: row[name] for name in _SCHEMA.names if name in row},
        "review": review.text if review else None,
        "review_author": review.author if review else None,
        "address": record.address,
        "retrieved_at": record.retrieved_at,
        "lacking": list(record.lacking),
    }
