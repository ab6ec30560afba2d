"""Who decodes covers into a ring of buffers: the caller, threads, or processes where threads wait for each other."""

from __future__ import annotations

import os
import pickle
import subprocess
import sys
import tempfile
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

import numpy as np

from albumnet.errors import CoverError, FeatureStoreError
from albumnet.vision.decoding import decode_cover

if TYPE_CHECKING:
    from jaxtyping import UInt8

    from albumnet.vision.transform import Transform

    # The bytes of a cover by its sha256; raises CoverError where there are none.
    ReadCover = Callable[[str], bytes]
    # Waits until covers are decoded; gives why each cannot be used, or None.
    Decoding = Callable[[], list[str | None]]

# Threads of one process take turns in Python: on sixteen cores they decoded 1,500 covers of 500 px a second, however
# many they were, processes 4,800. And a network whose operations are handed out in Python waits for them too.
THREADS_UP_TO = 4
# Starting a process takes half a second.
_FEWEST_FOR_PROCESSES = 2000
_SHARED_MEMORY = Path("/dev/shm")
_GONE = "a process that decodes covers is gone, perhaps for want of memory; run the same command again to go on"


class Decoders:
    """Decodes covers into buffers of a ring, beside the caller or when asked.

    Args:
        n_covers: How many will come; few are not worth starting processes for.
        read_cover: The bytes of a cover; where processes are to decode, one that can be pickled.
        transform: Of the backbone they are decoded for.
        n_buffers: Length of the ring.
        batch_size: Covers a buffer.
        n_workers: How many decode beside the caller; 0 for none.
        is_pinned: Whether the buffers are page-locked, as copies to a GPU beside its work need them.
    """

    def __init__(
        self,
        n_covers: int,
        *,
        read_cover: ReadCover,
        transform: Transform,
        n_buffers: int,
        batch_size: int,
        n_workers: int,
        is_pinned: bool,
    ) -> None:
        self._read_cover = read_cover
        self._transform = transform
        self._pool: ThreadPoolExecutor | None = None
        self._processes: list[_Process] = []
        self._n_begun = 0
        shape = (n_buffers, batch_size, transform.size, transform.size, 3)
        is_worth_processes = n_workers > THREADS_UP_TO and n_covers >= _FEWEST_FOR_PROCESSES
        if is_worth_processes and hasattr(os, "posix_fallocate"):
            with _shared_file(int(np.prod(shape))) as file:
                self._ring: np.ndarray = np.memmap(file, np.uint8, "r+", shape=shape)
                self._processes = [_Process(file, shape, read_cover, transform) for _ in range(n_workers)]
        else:
            self._ring = np.empty(shape, np.uint8)
            self._pool = ThreadPoolExecutor(n_workers) if n_workers else None
        self._pinned_at = _pin(self._ring) if is_pinned else None

    def buffer(self, n: int) -> UInt8[np.ndarray, "B size size 3"]:
        """The buffer that batch n is decoded into."""
        found: np.ndarray = np.asarray(self._ring[n % len(self._ring)])
        return found

    def begin(self, names: Sequence[str], *, n: int, start: int) -> Decoding:
        """Decode covers into batch n's buffer from a row on; what is begun first must be waited for first."""
        if self._processes:
            process = self._processes[self._n_begun % len(self._processes)]
            self._n_begun += 1
            return process.begin(names, n % len(self._ring), start)
        rows = self.buffer(n)[start : start + len(names)]
        decode = partial(decode_rows, names, rows, read_cover=self._read_cover, transform=self._transform)
        return decode if self._pool is None else self._pool.submit(decode).result

    def close(self) -> None:
        """Stop; the buffers stay as long as anything looks at them."""
        if self._pool is not None:
            self._pool.shutdown(cancel_futures=True)
        for process in self._processes:
            process.close()
        if self._pinned_at is not None:
            _cudart().cudaHostUnregister(self._pinned_at)


def decode_rows(
    names: Sequence[str], rows: UInt8[np.ndarray, "B size size 3"], *, read_cover: ReadCover, transform: Transform
) -> list[str | None]:
    """Decode each cover into its row; why it cannot be used, or None."""
    return [_decode(name, row, read_cover, transform) for name, row in zip(names, rows, strict=True)]


def _decode(name: str, row: np.ndarray, read_cover: ReadCover, transform: Transform) -> str | None:
    try:
        row[:] = decode_cover(read_cover(name), size=transform.size, interpolation=transform.interpolation)
    except CoverError as error:
        return str(error)
    return None


class _Process:
    """A Python that decodes covers into the ring; it ends when its input does, so also when this process is killed.

    Not of `multiprocessing`: that would run the caller's script once more in each.
    """

    def __init__(self, ring: IO[bytes], shape: tuple[int, ...], read_cover: ReadCover, transform: Transform) -> None:
        command = [sys.executable, "-P", "-m", "albumnet.features.decoding_process", str(ring.fileno())]
        here = [os.fspath(Path(__file__).parents[2]), os.environ.get("PYTHONPATH", "")]
        self._popen = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, pass_fds=[ring.fileno()],
            start_new_session=True,  # Ctrl-C is for the process that asks
            env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, here))},
        )  # fmt: skip
        self._send((shape, read_cover, transform))

    def begin(self, names: Sequence[str], n: int, start: int) -> Decoding:
        """As `decode_rows`, into buffer n; asked in advance, and answered in order.

        Raises:
            FeatureStoreError: Also when waited for, if the process is gone.
        """
        try:
            self._send((list(names), n, start))
        except OSError as error:
            raise FeatureStoreError(_GONE) from error
        return self._answer

    def _answer(self) -> list[str | None]:
        assert self._popen.stdout is not None
        try:
            reasons: list[str | None] = pickle.load(self._popen.stdout)
        except (EOFError, OSError, pickle.UnpicklingError) as error:
            raise FeatureStoreError(_GONE) from error
        return reasons

    def close(self) -> None:
        """Let it end."""
        assert self._popen.stdin is not None
        assert self._popen.stdout is not None
        for stream in (self._popen.stdin, self._popen.stdout):
            try:
                stream.close()
            except OSError:  # what was still to be sent to a process that is gone
                continue
        self._popen.wait()

    def _send(self, message: Any) -> None:
        assert self._popen.stdin is not None
        pickle.dump(message, self._popen.stdin)
        self._popen.stdin.flush()


def _shared_file(n_bytes: int) -> IO[bytes]:
    """A file without a name, in memory where there is room: containers often have 64 MB, and kill who writes more."""
    for folder in (_SHARED_MEMORY, Path(tempfile.gettempdir())):
        try:
            file = tempfile.TemporaryFile(dir=folder)  # noqa: SIM115  the caller closes it
            os.posix_fallocate(file.fileno(), 0, n_bytes)
        except OSError:
            continue
        return file
    raise FeatureStoreError(
        f"no room for {n_bytes / 2**20:,.0f} MB of decoded covers in {_SHARED_MEMORY} or {tempfile.gettempdir()}; "
        "free some, or set TMPDIR to where there is"
    )


def _pin(ring: np.ndarray) -> int | None:
    """Lock the ring's pages; None where that cannot be, and copies are slower but as right."""
    address: int = ring.ctypes.data
    is_locked = _cudart().cudaHostRegister(address, ring.nbytes, 0) == _cudart().cudaError.success
    return address if is_locked else None


def _cudart() -> Any:
    import torch

    return torch.cuda.cudart()
