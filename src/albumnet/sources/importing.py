"""The last step of every source: rows with a cover file each become an album set on disk."""

from __future__ import annotations

import dataclasses
import hashlib
import os
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from albumnet.dataset import AlbumSet, CoverFailure, Provenance, Step, Terms, split_albums, write_album_set
from albumnet.dataset.atomic import write_text
from albumnet.dataset.card import write_card
from albumnet.dataset.covers import store_cover
from albumnet.errors import AlbumSetError, CoverError, InputTableError
from albumnet.progress import Progress, ProgressCallback, ignore_progress
from albumnet.records import Album, MoodAliases, build_vocabulary
from albumnet.vision.decoding import check_cover

CoverLoader = Callable[[str], bytes]


@dataclass(frozen=True)
class ImportResult:
    """An import's outcome.

    Attributes:
        album_set: The set.
        failures: Covers, and where a source reads more than covers other items, that could not be taken.
        was_there_already: Whether there was nothing to do.
        ignored_columns: Columns of the table that were passed over.
    """

    album_set: AlbumSet
    failures: tuple[CoverFailure, ...]
    was_there_already: bool
    ignored_columns: tuple[str, ...] = ()


def write_imported(
    albums: Sequence[Album],
    *,
    load_cover: CoverLoader,
    out: Path,
    import_digest: str,
    aliases: MoodAliases,
    seed: int = 0,
    force: bool = False,
    terms: Terms | None = None,
    funnel: Sequence[Step] = (),
    failures: Sequence[CoverFailure] = (),
    progress: ProgressCallback = ignore_progress,
) -> ImportResult:
    """Store the covers, then write the set with its vocabulary, splits and card.

    Safe to run again: what is there is skipped, and a finished set of the same import is left as it is. A set that
    is replaced stays whole until all covers of the new one are stored.

    Args:
        albums: With `cover_file` naming a cover that `load_cover` knows, or None.
        load_cover: Gives the bytes of a named cover, or raises CoverError; `covers_below` where they are files.
        out: The set's folder.
        import_digest: Of everything the import depends on.
        aliases: Variant spellings of moods.
        seed: Of the split.
        force: Replace a set that came from another import. Covers and features stay: they go by content.
        terms: Of the source; without, "not stated" for every source that albums name.
        funnel: What was found before these albums were left.
        failures: What else could not be taken.
        progress: Called per cover.

    Raises:
        InputTableError: If album ids repeat or there are no albums.
        AlbumSetError: If `out` holds a set from another import and `force` is not given.
    """
    _check_ids(albums)
    if (out / "albums.parquet").exists() and not force:
        found = AlbumSet(out)
        if found.import_digest == import_digest:
            _finish(found, seed=seed)
            return ImportResult(found, found.failures, was_there_already=True)
        raise AlbumSetError(f"{out} holds a set made from another table, covers or options; pass --force to replace it")
    albums = [dataclasses.replace(a, moods=_unique(aliases.canonical(mood) for mood in a.moods)) for a in albums]
    vocabulary = build_vocabulary(album.moods for album in albums)
    spelled = [
        dataclasses.replace(a, moods=_unique(vocabulary.names[vocabulary.index(mood)] for mood in a.moods))
        for a in albums
    ]
    stored, without_cover = _store_covers(spelled, load_cover=load_cover, out=out, progress=progress)
    names = dict.fromkeys(album.source for album in albums)
    provenance = Provenance(
        terms=(terms,) if terms else tuple(Terms(name, "not stated") for name in names), funnel=_funnel(stored, funnel)
    )
    album_set = write_album_set(
        out,
        stored,
        vocabulary=vocabulary,
        failures=[*failures, *without_cover],
        import_digest=import_digest,
        provenance=provenance,
    )
    _finish(album_set, seed=seed)
    return ImportResult(album_set, album_set.failures, was_there_already=False)


def _funnel(albums: Sequence[Album], found: Sequence[Step]) -> tuple[Step, ...]:
    with_moods = [album for album in albums if album.moods]
    return (
        *(found or [Step("found", len(albums))]),
        Step("with moods", len(with_moods)),
        Step("and a usable cover", sum(album.cover is not None for album in with_moods)),
    )


def _finish(album_set: AlbumSet, *, seed: int) -> None:
    """Write what comes after albums.parquet, as far as it is missing: an import may have been cut off in between."""
    if not (album_set.path / "splits.parquet").exists():
        album_set.write_splits(split_albums(album_set.albums, rng=np.random.default_rng(seed)), seed=seed)
    if not (album_set.path / "card.md").exists():
        write_text(album_set.path / "card.md", write_card(album_set))


def digest_file(path: Path) -> str:
    """16 hex digits of a file's content."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()[:16]


def _store_covers(
    albums: Sequence[Album], *, load_cover: CoverLoader, out: Path, progress: ProgressCallback
) -> tuple[list[Album], list[CoverFailure]]:
    stored: list[Album] = []
    failures: list[CoverFailure] = []
    for n, album in enumerate(albums):
        cover = None
        if album.cover_file:
            try:
                data = load_cover(album.cover_file)
                check_cover(data)
                cover = store_cover(out / "covers", data)
            except CoverError as error:
                failures.append(CoverFailure(album.cover_file, str(error)))
        stored.append(dataclasses.replace(album, cover=cover))
        progress(Progress("covers", n + 1, len(albums)))
    return stored, failures


def covers_below(covers_dir: Path) -> CoverLoader:
    """Loads covers that are files in a folder, by their path relative to it; anything outside is refused."""
    return lambda name: _read(covers_dir, name)


def _read(covers_dir: Path, name: str) -> bytes:
    # By name, not by where links lead: a folder of links to covers elsewhere is the user's own choice.
    root = Path(os.path.normpath(covers_dir.absolute()))
    path = Path(os.path.normpath(root / name))
    if not path.is_relative_to(root):
        raise CoverError(f"lies outside {covers_dir}; name covers relative to it")
    try:
        return path.read_bytes()
    except FileNotFoundError as error:
        raise CoverError(
            f"no such file in {covers_dir}; add it or mend its name in the table, then import again with --force"
        ) from error
    except (OSError, ValueError) as error:  # ValueError: a name with a zero byte
        raise CoverError(f"cannot be read: {getattr(error, 'strerror', None) or error}") from error


def _check_ids(albums: Sequence[Album]) -> None:
    if not albums:
        raise InputTableError("the table has no rows; expected one per album")
    first_row: dict[str, int] = {}
    for row, album in enumerate(albums, start=1):
        if album.album_id in first_row:
            raise InputTableError(
                f"album_id {album.album_id!r} is in rows {first_row[album.album_id]} and {row}; "
                "give every album an id of its own, or remove one of the rows"
            )
        first_row[album.album_id] = row


def _unique(names: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(names))
