"""A set in, a cleaned set out: covers sketched and compared, rules applied, everything that was said written down."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from albumnet.cleaning.applying import apply_rules
from albumnet.cleaning.flags import write_flags
from albumnet.cleaning.linking import link_covers, link_features
from albumnet.cleaning.material import Material
from albumnet.cleaning.moods import propose_synonyms
from albumnet.cleaning.options import CleaningOptions
from albumnet.cleaning.report import write_report, write_synonyms
from albumnet.cleaning.sketching import SketchedCovers, sketch_covers
from albumnet.dataset import AlbumSet, Provenance, Step, split_albums, write_album_set
from albumnet.dataset.atomic import write_text
from albumnet.dataset.card import write_card
from albumnet.errors import AlbumSetError
from albumnet.moodspace import load_packaged_vectors
from albumnet.progress import ProgressCallback, ignore_progress
from albumnet.records import build_vocabulary
from albumnet.vision.near_duplicates import COPIES, Thresholds, find_near_duplicates, groups_of


@dataclass(frozen=True)
class Cleaned:
    """A cleaning's outcome: the cleaned set, and whether there was nothing to do."""

    album_set: AlbumSet
    was_there_already: bool


def clean_set(
    album_set: AlbumSet,
    *,
    out: Path,
    options: CleaningOptions | None = None,
    seed: int = 0,
    force: bool = False,
    n_threads: int = 2,
    progress: ProgressCallback = ignore_progress,
) -> Cleaned:
    """Flag a set's albums by every rule, and write what is left as another set.

    Every album that was flagged is in `flags.parquet` with the reason, whatever came of it; no other is left out or
    changed. Covers and features are linked, not copied, where the disk can. Safe to run again: decoded covers are
    remembered, and a finished set of the same cleaning is left as it is.

    Args:
        album_set: What to clean; it is only read.
        out: Folder of the cleaned set.
        options: Limits and choices.
        seed: Of the split.
        force: Replace a set that came from another cleaning.
        n_threads: That decode and compare.
        progress: Told about decoding, comparing and linking.

    Raises:
        AlbumSetError: If `out` is the set itself, or holds another set and `force` is not given, or nothing is left.
    """
    options = options or CleaningOptions()
    digest = hashlib.sha256(f"{album_set.digest} {options.digest} {seed}".encode()).hexdigest()[:16]
    if out.resolve() == album_set.path.resolve():
        raise AlbumSetError(f"{out} is the set that is to be cleaned; give another folder with --out")
    if (out / "albums.parquet").exists() and not force:
        found = AlbumSet(out)
        if found.import_digest == digest:
            _finish(found, seed=seed)
            return Cleaned(found, was_there_already=True)
        raise AlbumSetError(f"{out} holds a set that was made in another way; pass --force to replace it")
    covers = sketch_covers(album_set, folder=out / "sketches", n_threads=n_threads, progress=progress)
    copies, pictures = (
        _find_pictures(covers, thresholds=thresholds, n_threads=n_threads, progress=progress)
        for thresholds in (COPIES, Thresholds())
    )
    failures = {failure.item: failure.reason for failure in album_set.failures}
    applied = apply_rules(Material(album_set.albums, failures, covers, copies, pictures, options))

    provenance = album_set.provenance
    funnel = (*(provenance.funnel or [Step("found", len(album_set.albums))]), *applied.funnel)
    link_covers(applied.albums, album_set.covers_dir, out=out / "covers", progress=progress)
    link_features(album_set.path / "features", out=out / "features")
    synonyms = propose_synonyms([album.moods for album in applied.albums], load_packaged_vectors())
    write_flags(out, applied.flags, made_from=album_set.digest)
    write_text(out / "synonyms.csv", write_synonyms(synonyms))
    write_text(
        out / "cleaning.md", write_report(applied, n_albums=len(album_set.albums), synonyms=synonyms, options=options)
    )
    cleaned = write_album_set(
        out,
        applied.albums,
        vocabulary=build_vocabulary(album.moods for album in applied.albums),
        import_digest=digest,
        provenance=Provenance(provenance.terms, funnel),
    )
    _finish(cleaned, seed=seed)
    return Cleaned(cleaned, was_there_already=False)


def _finish(album_set: AlbumSet, *, seed: int) -> None:
    """Write what comes after albums.parquet, as far as it is missing."""
    if not (album_set.path / "splits.parquet").exists():
        album_set.write_splits(split_albums(album_set.albums, rng=np.random.default_rng(seed)), seed=seed)
    if not (album_set.path / "card.md").exists():
        write_text(album_set.path / "card.md", write_card(album_set))


def _find_pictures(
    covers: SketchedCovers, *, thresholds: Thresholds, n_threads: int, progress: ProgressCallback
) -> dict[str, str]:
    """sha256 of each cover that shows what another shows -> that of the largest of them."""
    pairs = find_near_duplicates(covers.sketches, thresholds=thresholds, n_threads=n_threads, progress=progress)
    group = groups_of(len(covers.sketches), pairs)
    names = list(covers.row_of)
    members: dict[int, list[int]] = {}
    for row in np.unique(np.concatenate([pairs.first, pairs.second])):
        members.setdefault(int(group[row]), []).append(int(row))
    pictures = {}
    for rows in members.values():
        largest = max(rows, key=lambda row: (int(covers.sizes[row].prod()), names[row]))
        pictures.update({names[row]: names[largest] for row in rows})
    return pictures
