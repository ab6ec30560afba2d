"""Folders that lie elsewhere: `s3://bucket/set` and every other address that fsspec knows, used like local paths.

An object store shows an object only once all of it has arrived, so a put of a whole file is what a rename is on a disk.
"""

from __future__ import annotations

import hashlib
import importlib.util
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, cast

from albumnet.cache import cache_folder
from albumnet.errors import MissingExtraError


def open_address(address: str | os.PathLike[str]) -> Path:
    """A path, local or remote.

    Args:
        address: A local path, or a URL such as `s3://bucket/set`; credentials and endpoint come from where the
            store's own tools take them (for S3 the environment or ~/.aws).

    Returns:
        For a URL a `upath.UPath`, which has the methods of a path but is none for `os` and `open`.

    Raises:
        MissingExtraError: If the libraries for remote addresses are not installed, or know no such scheme.
    """
    if isinstance(address, Path) or is_remote(cast(Path, address)):
        return cast(Path, address)
    text = os.fspath(address) if isinstance(address, os.PathLike) else str(address)
    scheme, separator, _ = text.partition("://")
    if not separator:
        return Path(text)
    if importlib.util.find_spec("upath") is None:
        raise MissingExtraError(
            f"{text} is no local path; for others pip install 'albumnet[remote]' (and what fsspec wants for {scheme}://)"
        )
    from upath import UPath

    try:
        # Other processes write to the same folder; a listing that is kept would not show it.
        path = UPath(text, use_listings_cache=False)
        path.fs  # noqa: B018  makes the connection, which is where a missing library shows
    except (ImportError, ValueError) as error:
        raise MissingExtraError(f"{text}: nothing installed here opens {scheme}:// ({error})") from error
    return cast(Path, path)


def is_remote(path: Path) -> bool:
    """Whether a path lies elsewhere than on this machine's disks."""
    return hasattr(path, "fs")


def full_address(path: Path) -> str:
    """The path as any process may open it again, whatever its working folder."""
    return str(path if is_remote(path) else path.resolve())


def read_bytes(path: Path) -> bytes:
    """A whole file, with one request where it is remote.

    Raises:
        OSError: If it is not there or cannot be read.
    """
    if not is_remote(path):
        return path.read_bytes()
    remote = _remote(path)
    content: bytes = remote.fs.cat_file(remote.path)
    return content


def upload(local: Path, path: Path) -> None:
    """Put a local file at a remote address, whole or not at all."""
    remote = _remote(path)
    remote.fs.put_file(os.fspath(local), remote.path)


def read_start(path: Path, n_bytes: int) -> bytes:
    """The first bytes of a file, or all there are.

    Raises:
        OSError: If it is not there or cannot be read.
    """
    if is_remote(path):
        remote = _remote(path)
        content: bytes = remote.fs.cat_file(remote.path, start=0, end=n_bytes)
        return content
    with path.open("rb") as file:
        return file.read(n_bytes)


@contextmanager
def fetched(path: Path) -> Iterator[Path]:
    """The file itself where it is local; else a local copy for as long as the context lasts.

    Raises:
        OSError: If it is not there or cannot be read.
    """
    if not is_remote(path):
        yield path
        return
    with tempfile.TemporaryDirectory() as folder:
        local, remote = Path(folder) / path.name, _remote(path)
        remote.fs.get_file(remote.path, os.fspath(local))
        yield local


def local_copy(path: Path) -> Path:
    """The file itself where it is local; else a copy in the cache folder, fetched once.

    Only for files that never change under one name: the copy is kept by address and size.
    """
    if not is_remote(path):
        return path
    key = hashlib.sha256(f"{path}:{path.stat().st_size}".encode()).hexdigest()[:32]
    kept = cache_folder("fetched") / key[:2] / f"{key}{path.suffix}"
    if not kept.is_file():
        kept.parent.mkdir(parents=True, exist_ok=True)
        # A folder of its own, beside it: workers of one machine may fetch the same file, and a rename needs one disk.
        with tempfile.TemporaryDirectory(dir=kept.parent) as folder:
            temporary, remote = Path(folder) / kept.name, _remote(path)
            remote.fs.get_file(remote.path, os.fspath(temporary))
            temporary.replace(kept)
    return kept


def _remote(path: Path) -> Any:
    """The same object as what it is: a UPath, whose methods beyond Path's mypy does not know."""
    return path
