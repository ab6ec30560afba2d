"""Files that are either whole or not there: written under a temporary name, flushed, then renamed."""

from __future__ import annotations

import json
import os
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from albumnet.dataset.addresses import is_remote, read_bytes, upload
from albumnet.errors import SchemaVersionError

_STALE_SECONDS = 3600.0


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """Yield a temporary name beside `path`; on success it becomes `path`, on any failure it is removed.

    For a remote `path` the name is a local one, and what was written there is put at `path` in one go.

    Raises:
        OSError: If the disk is full or the folder cannot be written; `path` is then as it was.
    """
    if is_remote(path):
        with tempfile.TemporaryDirectory() as folder:
            temporary = Path(folder) / path.name
            yield temporary
            upload(temporary, path)
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        yield temporary
        with temporary.open("rb+") as file:
            os.fsync(file.fileno())
        temporary.replace(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise


def remove_stale_temporaries(folder: Path) -> None:
    """Remove what processes that were killed while writing left in a folder more than an hour ago."""
    if is_remote(folder):
        return
    for path in folder.glob(".*.tmp"):
        # Another process may rename it at this very moment.
        with suppress(FileNotFoundError):
            if time.time() - path.stat().st_mtime > _STALE_SECONDS:
                path.unlink()


def write_bytes(path: Path, data: bytes) -> None:
    """Write a whole file, or nothing."""
    with replacing(path) as temporary:
        temporary.write_bytes(data)


def write_text(path: Path, text: str) -> None:
    """Write a whole UTF-8 text, or nothing."""
    write_bytes(path, text.encode())


def write_json(path: Path, content: Mapping[str, Any], *, schema_version: int) -> None:
    """Write a JSON object that says its schema version, or nothing."""
    write_text(path, json.dumps({"schema_version": schema_version, **content}, ensure_ascii=False, indent=1) + "\n")


def read_json(path: Path, *, schema_version: int) -> dict[str, Any]:
    """Read a JSON object of exactly this schema version.

    Raises:
        SchemaVersionError: If the file says another version, or none, or is no JSON object.
    """
    try:
        content = json.loads(read_bytes(path).decode("utf-8"))
    except ValueError as error:
        raise SchemaVersionError(f"{path} is not JSON ({error}); make it again") from error
    found = content.get("schema_version") if isinstance(content, dict) else None
    _check_version(path, found=found, wanted=schema_version)
    return dict(content)


def write_parquet(path: Path, table: pa.Table, *, schema_version: int, made_from: Mapping[str, str]) -> None:
    """Write a Parquet table that says its schema version and the digests of what it was made from, or nothing."""
    with writing_parquet(path, schema_version=schema_version, made_from=made_from) as write:
        write(table)


@contextmanager
def writing_parquet(
    path: Path, *, schema_version: int, made_from: Mapping[str, str]
) -> Iterator[Callable[[pa.Table], None]]:
    """Yield what writes one table after the other, at least one and all of one schema; together they are the file."""
    metadata = {"schema_version": str(schema_version), **made_from}
    writer: pq.ParquetWriter | None = None

    with replacing(path) as temporary:

        def write(table: pa.Table) -> None:
            nonlocal writer
            table = table.replace_schema_metadata(metadata)
            writer = writer or pq.ParquetWriter(temporary, table.schema, compression="zstd")
            writer.write_table(table)

        try:
            yield write
        finally:
            if writer is not None:
                writer.close()


def read_parquet(path: Path, *, schema_version: int) -> tuple[pa.Table, dict[str, str]]:
    """Read a Parquet table of exactly this schema version, and its metadata.

    Raises:
        SchemaVersionError: If the file says another version, or none, or is no Parquet file.
    """
    content = pa.BufferReader(read_bytes(path))
    try:
        table = pq.ParquetFile(content).read()
    except (pa.ArrowException, OSError) as error:
        reason = " ".join(str(error).split())
        raise SchemaVersionError(f"{path} is no whole Parquet file ({reason}); make it again") from error
    metadata = {key.decode(): value.decode() for key, value in (table.schema.metadata or {}).items()}
    found = metadata.get("schema_version")
    _check_version(path, found=int(found) if found and found.isdigit() else found, wanted=schema_version)
    return table, metadata


def write_tensors(path: Path, tensors: Mapping[str, np.ndarray], *, metadata: Mapping[str, str]) -> None:
    """Write named arrays as safetensors, or nothing."""
    from safetensors.numpy import save

    with replacing(path) as temporary:
        # Not `save_file`: on a full disk it raises an error of its own, which is no OSError.
        temporary.write_bytes(
            save({name: np.ascontiguousarray(array) for name, array in tensors.items()}, dict(metadata))
        )
        sort_header(temporary)


def sort_header(path: Path) -> None:
    """Bring the header of a safetensors file into one order, in place: the library's differs from call to call."""
    with path.open("rb+") as file:
        size = int.from_bytes(file.read(8), "little")
        header = json.loads(file.read(size))
        ordered = {key: dict(sorted(header[key].items())) for key in sorted(header)}
        text = json.dumps(ordered, ensure_ascii=False, separators=(",", ":")).encode()
        if len(text) <= size:
            file.seek(8)
            file.write(text.ljust(size))


def _check_version(path: Path, *, found: Any, wanted: int) -> None:
    if found == wanted:
        return
    raise SchemaVersionError(
        f"{path} has schema version {found}, this albumnet reads version {wanted}; "
        "make the file again with this albumnet, or read it with the one that wrote it"
    )
