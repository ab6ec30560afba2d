"""Rows of an export as files: CSV, Parquet, an image folder, or a Parquet file for each side."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from albumnet.dataset.atomic import replacing, write_text

Row = dict[str, Any]

# What Hugging Face calls the sides.
SIDE_NAMES = {"train": "train", "valid": "validation", "test": "test"}
_LIST_SEPARATOR = "|"
_LISTS = ("genres", "styles", "moods")


def write_csv(rows: Sequence[Row], out: Path) -> None:
    """`albums.csv`, which `albumnet import table` reads back; lists are separated by `|`."""
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, list(rows[0]) if rows else ["album_id"], lineterminator="\n")
    writer.writeheader()
    for row in rows:
        writer.writerow({**row, **{name: _LIST_SEPARATOR.join(row[name]) for name in _LISTS}})
    write_text(out / "albums.csv", text.getvalue())


def write_parquet_table(rows: Sequence[Row], out: Path) -> None:
    """`data.parquet`, with real lists."""
    _write_parquet(rows, out / "data.parquet")


def write_sides(rows: Sequence[Row], out: Path) -> None:
    """`data/<side>.parquet`, as Hugging Face's `datasets` finds them."""
    for side, name in SIDE_NAMES.items():
        _write_parquet([row for row in rows if row["split"] == side], out / "data" / f"{name}.parquet")


def write_folders(rows: Sequence[Row], out: Path) -> None:
    """`<side>/metadata.jsonl` beside the side's pictures: an ImageFolder."""
    for side, name in SIDE_NAMES.items():
        lines = [_metadata_line(row) for row in rows if row["split"] == side and row["cover"]]
        if lines:
            write_text(out / name / "metadata.jsonl", "\n".join(lines) + "\n")


def _metadata_line(row: Row) -> str:
    rest = {name: value for name, value in row.items() if name not in ("cover", "split")}
    return json.dumps({"file_name": Path(row["cover"]).name, **rest}, ensure_ascii=False)


def _write_parquet(rows: Sequence[Row], path: Path) -> None:
    lists = pa.list_(pa.string())
    columns = list(rows[0]) if rows else []
    schema = pa.schema(
        {name: lists if name in _LISTS else pa.int16() if name == "year" else pa.string() for name in columns}
    )
    with replacing(path) as temporary:
        pq.write_table(pa.Table.from_pylist(list(rows), schema=schema), temporary, compression="zstd")
