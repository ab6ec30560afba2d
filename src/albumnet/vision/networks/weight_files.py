"""Weights from files into arrays, without the library that wrote them and without running anything that a file says."""

from __future__ import annotations

import hashlib
import pickle
from collections import OrderedDict
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

import numpy as np

from albumnet.errors import WeightsError

if TYPE_CHECKING:
    from collections.abc import Callable

# The first value in every file of PyTorch's format of before 1.6, and its version.
_MAGIC_NUMBER = 0x1950A86A20F9469CFC6C
_PROTOCOL_VERSION = 1001
_DTYPES = {"FloatStorage": "<f4", "DoubleStorage": "<f8", "HalfStorage": "<f2", "LongStorage": "<i8"}


def digest_weights(path: Path) -> str:
    """16 hex digits of a weights file's content."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()[:16]


def read_safetensors(path: Path) -> tuple[dict[str, np.ndarray], dict[str, str]]:
    """Arrays and metadata of a safetensors file; numbers with a point as float32.

    Raises:
        WeightsError: If the file is missing, is no safetensors file, or holds numbers that numpy has no type for.
    """
    from safetensors import SafetensorError, safe_open

    if not path.is_file():
        raise WeightsError(f"{path} does not exist; --weights takes a safetensors file")
    try:
        with safe_open(path, framework="np") as file:
            arrays = {name: _as_float32(file.get_tensor(name)) for name in file.keys()}  # noqa: SIM118  not a mapping
            metadata = dict(file.metadata() or {})
    except (SafetensorError, OSError, TypeError) as error:
        raise WeightsError(f"{path} is not a safetensors file: {error}; convert the weights to safetensors") from error
    return arrays, metadata


def read_legacy_checkpoint(path: Path) -> dict[str, np.ndarray]:
    """Arrays of a state dict that PyTorch wrote in its format of before version 1.6, in the file's order.

    A pickle says what to call; this reader lets it call three names, which make arrays of the numbers that follow, and
    refuses every other.

    Raises:
        WeightsError: If the file is of another kind, cut off, or asks for anything else.
    """
    try:
        with path.open("rb") as file:
            return _read_legacy(file)
    except (pickle.UnpicklingError, EOFError, ValueError, KeyError, TypeError, AttributeError, IndexError) as error:
        raise WeightsError(f"{path} is no plain file of weights ({error}); install its package again") from error


@dataclass
class _Storage:
    """A run of numbers that arrays are cut from; they follow after all pickles."""

    dtype: np.dtype[Any]
    size: int
    values: np.ndarray | None = None


@dataclass(frozen=True)
class _Pending:
    """An array whose numbers are yet to be read."""

    storage: _Storage
    offset: int
    shape: tuple[int, ...]
    strides: tuple[int, ...]

    def cut(self) -> np.ndarray:
        assert self.storage.values is not None
        last = self.offset + sum((n - 1) * step for n, step in zip(self.shape, self.strides, strict=True))
        if min((self.offset, *self.strides), default=0) < 0 or (0 not in self.shape and last >= self.storage.size):
            raise ValueError("an array reaches past its numbers")
        values = self.storage.values[self.offset :]
        strides = tuple(step * values.itemsize for step in self.strides)
        return np.array(np.lib.stride_tricks.as_strided(values, self.shape, strides, writeable=False))


class _Reader(pickle.Unpickler):
    def __init__(self, file: BinaryIO, storages: dict[str, _Storage]) -> None:
        super().__init__(file)
        self._storages = storages

    def find_class(self, module: str, name: str) -> Any:
        if (module, name) == ("collections", "OrderedDict"):
            return OrderedDict
        if (module, name) == ("torch._utils", "_rebuild_tensor_v2"):
            return _pending
        if module == "torch" and name in _DTYPES:
            return np.dtype(_DTYPES[name])
        raise pickle.UnpicklingError(f"it asks for {module}.{name}")

    def persistent_load(self, pid: Any) -> _Storage:
        kind, dtype, key, _location, size, view = pid
        if kind != "storage" or not isinstance(dtype, np.dtype) or view is not None:
            raise pickle.UnpicklingError(f"it refers to {kind!r}")
        return self._storages.setdefault(key, _Storage(dtype, size))


def _pending(storage: _Storage, offset: int, shape: tuple[int, ...], strides: tuple[int, ...], *_: Any) -> _Pending:
    return _Pending(storage, offset, tuple(shape), tuple(strides))


def _read_legacy(file: BinaryIO) -> dict[str, np.ndarray]:
    storages: dict[str, _Storage] = {}
    load: Callable[[], Any] = lambda: _Reader(file, storages).load()  # noqa: E731  a reader per pickle
    if load() != _MAGIC_NUMBER or load() != _PROTOCOL_VERSION or not load()["little_endian"]:
        raise ValueError("it does not begin as one")
    pending: dict[str, _Pending] = load()
    for key in load():
        storage = storages[key]
        size = int.from_bytes(file.read(8), "little")
        data = file.read(size * storage.dtype.itemsize)
        if size != storage.size or len(data) != size * storage.dtype.itemsize:
            raise EOFError("it is cut off")
        storage.values = np.frombuffer(data, storage.dtype)
    return {name: array.cut() for name, array in pending.items()}


def _as_float32(array: np.ndarray) -> np.ndarray:
    return array.astype(np.float32) if array.dtype.kind == "f" else array
