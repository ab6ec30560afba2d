"""The decoding processes: each does one picture at a time, and is killed and replaced when it takes too long."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import sys
from typing import Any

import numpy as np

from albumnet.errors import CoverError

COMMAND = (sys.executable, "-P", "-m", "albumnet.web.decoder")
_START_S = 60.0


class DecoderTimeoutError(Exception):
    """A picture took longer than it may; its process was killed."""


class Decoders:
    """A few processes that take turns.

    Args:
        n: How many.
        limit_s: How long one picture may take.
        command: What to start; None for the project's own.
    """

    def __init__(self, n: int, *, limit_s: float, command: tuple[str, ...] | None = None) -> None:
        self._limit_s = limit_s
        self._command = command or COMMAND
        self._n = n
        self._free: asyncio.LifoQueue[_Process | None] = asyncio.LifoQueue()
        self._all: set[_Process] = set()
        self._ending: set[asyncio.Task[None]] = set()

    async def start(self) -> None:
        """Make room for the processes, and start one, so that the first picture need not wait for it."""
        for _ in range(self._n - 1):
            self._free.put_nowait(None)
        self._free.put_nowait(await self._spawn())

    async def stop(self) -> None:
        """Kill all."""
        for process in list(self._all):
            self._kill(process)
        await asyncio.gather(*self._ending)

    async def pixels(self, data: bytes | bytearray, *, size: int, interpolation: str) -> np.ndarray:
        """A picture as (size, size, 3) RGB.

        Raises:
            CoverError: If it is no usable picture.
            DecoderTimeoutError: If its decoder had to be killed.
        """
        raw = await self._do({"do": "pixels", "size": size, "interpolation": interpolation}, data)
        return np.frombuffer(raw, dtype=np.uint8).reshape(size, size, 3)

    async def thumbnail(self, data: bytes, *, size: int) -> bytes:
        """A picture as a square JPEG.

        Raises:
            CoverError: If it is no usable picture.
            DecoderTimeoutError: If its decoder had to be killed.
        """
        return await self._do({"do": "thumbnail", "size": size}, data)

    async def cover(self, data: bytes, *, size: int) -> bytes:
        """A picture as a JPEG of at most `size` pixels a side.

        Raises:
            CoverError: If it is no usable picture.
            DecoderTimeoutError: If its decoder had to be killed.
        """
        return await self._do({"do": "cover", "size": size}, data)

    async def _do(self, job: dict[str, Any], data: bytes | bytearray) -> bytes:
        process = await self._free.get()
        # Put back only if it is known to be well: timed out, crashed, or given up by its client, it is replaced.
        well: _Process | None = None
        try:
            if process is None or process.has_ended:
                process = await self._spawn()
            header, payload = await asyncio.wait_for(
                process.ask({**job, "limit_s": self._limit_s}, data), self._limit_s
            )
            well = process
        except TimeoutError as error:
            raise DecoderTimeoutError(f"the picture took longer than {self._limit_s:g} s to decode") from error
        except (OSError, EOFError, ValueError) as error:
            raise CoverError("the picture's decoder crashed; it cannot be used") from error
        finally:
            if well is None and process is not None:
                self._kill(process)
            self._free.put_nowait(well)
        if "error" in header:
            raise CoverError(header["error"])
        return payload

    async def _spawn(self) -> _Process:
        # A session of its own: Ctrl-C at the terminal is the server's, which then ends its decoders.
        started = await asyncio.create_subprocess_exec(
            *self._command,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            env={**os.environ, **_ONE_THREAD},
            start_new_session=True,
        )
        process = _Process(started)
        self._all.add(process)
        try:
            await asyncio.wait_for(process.read(), _START_S)
        except BaseException:
            self._kill(process)
            raise
        return process

    def _kill(self, process: _Process) -> None:
        self._all.discard(process)
        process.kill()
        ending = asyncio.create_task(process.ended())
        self._ending.add(ending)
        ending.add_done_callback(self._ending.discard)


# A decoder's share is one core; pools of threads would only reserve memory.
_ONE_THREAD = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}


class _Process:
    def __init__(self, process: asyncio.subprocess.Process) -> None:
        assert process.stdin is not None
        assert process.stdout is not None
        self._process, self._jobs, self._outcomes = process, process.stdin, process.stdout

    async def ask(self, job: dict[str, Any], data: bytes | bytearray) -> tuple[dict[str, Any], bytes]:
        self._jobs.write(json.dumps({**job, "n_bytes": len(data)}).encode() + b"\n")
        self._jobs.write(data)
        await self._jobs.drain()
        return await self.read()

    async def read(self) -> tuple[dict[str, Any], bytes]:
        line = await self._outcomes.readline()
        if not line:
            raise EOFError("the decoder ended")
        header = json.loads(line)
        return header, await self._outcomes.readexactly(header["n_bytes"])

    def kill(self) -> None:
        with contextlib.suppress(ProcessLookupError):
            self._process.kill()
        self._jobs.close()

    @property
    def has_ended(self) -> bool:
        return self._process.returncode is not None

    async def ended(self) -> None:
        await self._process.wait()
