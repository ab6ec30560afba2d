"""An album set: the folder with albums.parquet, vocabulary.json, splits.parquet, covers and features."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import cached_property
from pathlib import Path

import pyarrow as pa

from albumnet.dataset.atomic import read_json, read_parquet, write_json, write_parquet
from albumnet.dataset.covers import read_cover
from albumnet.dataset.provenance import Provenance, read_provenance, write_provenance
from albumnet.errors import AlbumSetError
from albumnet.records import Album, MoodVocabulary

SCHEMA_VERSION = 1

_TEXTS = pa.list_(pa.string())
_ALBUMS_SCHEMA = pa.schema(
    {
        "album_id": pa.string(),
        "artist": pa.string(),
        "title": pa.string(),
        "moods": _TEXTS,
        "genres": _TEXTS,
        "styles": _TEXTS,
        "year": pa.int16(),
        "cover": pa.string(),
        "cover_file": pa.string(),
        "source": pa.string(),
    }
)
# Only in sets that were cleaned, where covers show the same picture.
_PICTURE_FIELD = pa.field("picture", pa.string())
_FAILURES_SCHEMA = pa.schema({"item": pa.string(), "reason": pa.string(), "cover": pa.string()})


@dataclass(frozen=True, slots=True)
class CoverFailure:
    """One cover that could not be used: its file's name, the reason in one line, and its sha256 if it was read."""

    item: str
    reason: str
    cover: str | None = None


class AlbumSet:
    """A readable album set.

    Args:
        path: The folder; for a remote one what `dataset.addresses.open_address` gives.

    Raises:
        AlbumSetError: If it is no album set, or an import into it was cut off.
        SchemaVersionError: If another version wrote it.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        if not self._albums_file.is_file():
            state = "holds no albums.parquet" if path.is_dir() else "is not a folder"
            raise AlbumSetError(
                f"{path} {state}, so it is no album set; make one with "
                f"`albumnet import table FILE --covers DIR --out {path}`"
            )
        table, metadata = read_parquet(self._albums_file, schema_version=SCHEMA_VERSION)
        self._table = table
        self.digest = metadata.get("albums", "")
        self.import_digest = metadata.get("import", "")
        vocabulary_file = path / "vocabulary.json"
        if not vocabulary_file.is_file():
            raise AlbumSetError(f"{path} holds no vocabulary.json; run its `albumnet import` again with --force")
        content = read_json(vocabulary_file, schema_version=SCHEMA_VERSION)
        self.vocabulary = MoodVocabulary(tuple(content.get("moods", ())))
        if metadata.get("vocabulary") != self.vocabulary.digest:
            raise AlbumSetError(
                f"{path}: albums.parquet was written for vocabulary {metadata.get('vocabulary')} but vocabulary.json "
                f"is {self.vocabulary.digest}; run its `albumnet import` again with --force"
            )

    @property
    def _albums_file(self) -> Path:
        return self.path / "albums.parquet"

    @cached_property
    def albums(self) -> tuple[Album, ...]:
        """All albums in the order of the table."""
        return tuple(
            Album(**{**row, **{key: tuple(row[key] or ()) for key in ("moods", "genres", "styles")}})
            for row in self._table.to_pylist()
        )

    @cached_property
    def splits(self) -> dict[str, str]:
        """album_id -> train | valid | test.

        Raises:
            AlbumSetError: If there is no splits.parquet, or it was made for other albums.
        """
        path = self.path / "splits.parquet"
        if not path.is_file():
            raise AlbumSetError(f"{self.path} has no splits.parquet; run `albumnet split {self.path}`")
        table, metadata = read_parquet(path, schema_version=SCHEMA_VERSION)
        if metadata.get("albums") != self.digest:
            raise AlbumSetError(
                f"{path} was made for albums {metadata.get('albums')}, the set holds albums {self.digest}; "
                f"run `albumnet split {self.path} --force`"
            )
        return dict(zip(table["album_id"].to_pylist(), table["split"].to_pylist(), strict=True))

    @cached_property
    def failures(self) -> tuple[CoverFailure, ...]:
        """Covers that were named at import but could not be taken."""
        path = self.path / "failures.parquet"
        return read_failures(path) if path.is_file() else ()

    @cached_property
    def provenance(self) -> Provenance:
        """Terms of the sources, and how many albums were left after each step."""
        return read_provenance(self.path)

    @property
    def covers_dir(self) -> Path:
        """Where the covers' original bytes lie."""
        return self.path / "covers"

    def read_cover(self, cover: str) -> bytes:
        """The original bytes of a cover.

        Raises:
            CoverError: If the file is gone or cannot be read.
        """
        return read_cover(self.covers_dir, cover)

    def features_dir(self, backbone: str) -> Path:
        """The folder of a backbone's features; `timm:resnet18.a1_in1k` lies in `timm-resnet18.a1_in1k`."""
        return self.path / "features" / backbone.replace(":", "-").replace("/", "-")

    def write_splits(self, splits: Mapping[str, str], *, seed: int) -> None:
        """Replace splits.parquet; `splits` names every album's side."""
        table = pa.table(
            {
                "album_id": [album.album_id for album in self.albums],
                "split": [splits[album.album_id] for album in self.albums],
            }
        )
        made_from = {"albums": self.digest, "seed": str(seed)}
        write_parquet(self.path / "splits.parquet", table, schema_version=SCHEMA_VERSION, made_from=made_from)
        self.__dict__.pop("splits", None)


def write_album_set(
    path: Path,
    albums: Sequence[Album],
    *,
    vocabulary: MoodVocabulary,
    failures: Sequence[CoverFailure] = (),
    import_digest: str,
    provenance: Provenance = Provenance(),
) -> AlbumSet:
    """Write an album set's tables; covers are stored beforehand with `store_cover`, splits and card come afterwards.

    albums.parquet goes first and comes last: while it is missing, the set is an import that was cut off. With it go
    the splits and the card, which were made from the albums that are replaced.
    """
    for made_from_albums in ("albums.parquet", "splits.parquet", "card.md"):
        (path / made_from_albums).unlink(missing_ok=True)
    rows = [asdict(album) for album in albums]
    schema = _ALBUMS_SCHEMA
    if any(album.picture for album in albums):
        schema = schema.append(_PICTURE_FIELD)
    else:
        for row in rows:
            del row["picture"]
    write_provenance(path, provenance)
    write_failures(path / "failures.parquet", failures)
    write_json(
        path / "vocabulary.json",
        {"digest": vocabulary.digest, "moods": list(vocabulary.names)},
        schema_version=SCHEMA_VERSION,
    )
    made_from = {"albums": _digest(rows), "vocabulary": vocabulary.digest, "import": import_digest}
    table = pa.Table.from_pylist(rows, schema=schema)
    write_parquet(path / "albums.parquet", table, schema_version=SCHEMA_VERSION, made_from=made_from)
    return AlbumSet(path)


def read_failures(path: Path) -> tuple[CoverFailure, ...]:
    """Read a failures.parquet."""
    table, _ = read_parquet(path, schema_version=SCHEMA_VERSION)
    return tuple(CoverFailure(**row) for row in table.to_pylist())


def write_failures(path: Path, failures: Sequence[CoverFailure]) -> None:
    """Replace a failures.parquet; an empty one says that nothing failed."""
    table = pa.Table.from_pylist([asdict(failure) for failure in failures], schema=_FAILURES_SCHEMA)
    write_parquet(path, table, schema_version=SCHEMA_VERSION, made_from={})


def _digest(rows: Sequence[Mapping[str, object]]) -> str:
    hasher = hashlib.sha256()
    for row in rows:
        hasher.update(json.dumps(row, ensure_ascii=False, sort_keys=True).encode())
    return hasher.hexdigest()[:16]
