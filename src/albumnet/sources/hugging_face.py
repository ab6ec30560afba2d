"""Albums from a dataset folder of Hugging Face whose pictures lie in Parquet files (a column of bytes and path)."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from albumnet.errors import CoverError, InputTableError

Row = dict[str, Any]


@dataclass(frozen=True)
class PictureTable:
    """The rows of all Parquet files, pictures left in them.

    Attributes:
        columns: Without the column of pictures, which is `cover` in `rows`.
        rows: `cover` names a picture for `load_cover`; None where there is none.
        load_cover: Gives the bytes of a picture.
    """

    columns: list[str]
    rows: list[Row]
    load_cover: Callable[[str], bytes]


def find_parquet_files(folder: Path) -> list[Path]:
    """Parquet files of a dataset folder, in its root or in `data`; what lies elsewhere is no part of it."""
    return sorted([*folder.glob("*.parquet"), *folder.glob("data/**/*.parquet")])


def read_picture_table(files: Sequence[Path], *, folder: Path) -> PictureTable:
    """Read everything but the pictures.

    Lists of class labels (numbers) become their names, as the file's metadata has them.

    Raises:
        InputTableError: If a file is no Parquet, or has no column of pictures.
    """
    columns: dict[str, None] = {}
    rows: list[Row] = []
    places: dict[str, tuple[Path, int]] = {}
    for path in files:
        try:
            file = pq.ParquetFile(path)
            picture = _picture_column(file.schema_arrow, path)
            others = [name for name in file.schema_arrow.names if name != picture]
            table = file.read(columns=[*others, f"{picture}.path"])
        except (OSError, pa.ArrowException) as error:
            raise InputTableError(f"cannot read {path}: {' '.join(str(error).split())}") from error
        names = _class_names(file.schema_arrow)
        columns.update(dict.fromkeys(others))
        for n, row in enumerate(table.to_pylist()):
            cover = f"{path.relative_to(folder).as_posix()}#{n}"
            places[cover] = (path, n)
            row[picture] = None
            rows.append({**{name: _named(row[name], names.get(name)) for name in others}, "cover": cover})
    return PictureTable([*columns, "cover"], rows, _Pictures(places).load)


class _Pictures:
    """Pictures by name; the row group that was asked last is kept, because they are asked in order."""

    def __init__(self, places: Mapping[str, tuple[Path, int]]) -> None:
        self._places = places
        self._group: tuple[Path, int] | None = None
        self._first = 0
        self._values: list[Any] = []

    def load(self, name: str) -> bytes:
        if name not in self._places:
            raise CoverError("there is no such picture in the dataset")
        path, row = self._places[name]
        try:
            self._open_group(path, row)
        except (OSError, pa.ArrowException) as error:
            raise CoverError(f"cannot be read: {' '.join(str(error).split())}") from error
        value = self._values[row - self._first] or {}
        if value.get("bytes"):
            return bytes(value["bytes"])
        if not value.get("path"):
            raise CoverError("the row has no picture")
        # By its name below the dataset only: a path of another machine's disk means nothing here.
        near = path.parent / Path(value["path"]).name
        try:
            return near.read_bytes()
        except OSError as error:
            raise CoverError(f"the row has no bytes, and {near} cannot be read") from error

    def _open_group(self, path: Path, row: int) -> None:
        file = pq.ParquetFile(path)
        first = 0
        for group in range(file.num_row_groups):
            n_rows = file.metadata.row_group(group).num_rows
            if row < first + n_rows:
                if self._group != (path, group):
                    picture = _picture_column(file.schema_arrow, path)
                    self._values = file.read_row_group(group, columns=[picture])[picture].to_pylist()
                    self._group, self._first = (path, group), first
                return
            first += n_rows


def _picture_column(schema: pa.Schema, path: Path) -> str:
    for field in schema:
        if pa.types.is_struct(field.type) and {"bytes", "path"} <= {part.name for part in field.type}:
            return str(field.name)
    raise InputTableError(
        f"{path} has no column of pictures (bytes and path); it has {', '.join(schema.names)}. If pictures "
        "are files, use `albumnet import table FILE --covers DIR`"
    )


def _class_names(schema: pa.Schema) -> dict[str, list[str]]:
    """Names of the classes of each column of class labels, or of lists of them."""
    try:
        features = json.loads((schema.metadata or {})[b"huggingface"])["info"]["features"]
    except (KeyError, ValueError, TypeError):
        return {}
    names = {}
    for column, feature in features.items():
        inner = feature.get("feature", feature) if isinstance(feature, dict) else feature[0] if feature else {}
        if isinstance(inner, dict) and inner.get("_type") == "ClassLabel":
            names[column] = list(inner.get("names", ()))
    return names


def _named(value: Any, names: Sequence[str] | None) -> Any:
    if names is None or value is None:
        return value
    if isinstance(value, list):
        return [names[label] for label in value if label is not None and 0 <= label < len(names)]
    return names[value] if 0 <= value < len(names) else None
