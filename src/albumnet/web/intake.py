"""Where pictures come in: so many uploads at a time, each decoded in a process of its own; only pixels go on."""

from __future__ import annotations

import contextlib
import os
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

from starlette.requests import Request

from albumnet.errors import CoverError
from albumnet.web.decoders import Decoders, DecoderTimeoutError
from albumnet.web.errors import RefusedError
from albumnet.web.options import Limits
from albumnet.web.uploads import Admission, announced_bytes, read_upload

if TYPE_CHECKING:
    import numpy as np
    from jaxtyping import UInt8

    from albumnet.vision.transform import Transform

# For a model that does not look at covers: the picture is decoded all the same, to be sure that it is one.
_UNSEEN_SIZE = 32


@dataclass(frozen=True)
class Taken:
    """A decoded cover, and what was said of it."""

    pixels: UInt8[np.ndarray, "H W 3"]
    genres: tuple[str, ...] = ()
    year: int | None = None


class Intake:
    """Reads and decodes pictures for whoever answers about them.

    Args:
        limits: How many at a time, how large, how long.
    """

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._decoders = Decoders(os.cpu_count() or 1, limit_s=limits.decode_s)
        self._admission = Admission(limits)

    async def __aenter__(self) -> Self:
        await self._decoders.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._decoders.stop()

    @contextlib.asynccontextmanager
    async def take(self, request: Request, transform: Transform | None) -> AsyncIterator[Taken]:
        """An upload, decoded; inside, it counts as one of those that are let in. Its bytes are gone by then.

        Args:
            request: A form with the picture.
            transform: How the backbone wants covers; None where none looks.

        Raises:
            RefusedError: If it is not let in, no such form, or no picture.
        """
        async with self._admission.admit(announced_bytes(request, self._limits)):
            upload = await read_upload(request, self._limits)
            pixels = await self.decode(upload.data, transform)
            del upload.data[:]
            yield Taken(pixels, upload.genres, upload.year)

    async def decode(self, data: bytes | bytearray, transform: Transform | None) -> UInt8[np.ndarray, "H W 3"]:
        """A picture's pixels.

        Raises:
            RefusedError: 415 if it is no usable picture, 503 if its decoder had to be killed.
        """
        size, interpolation = (transform.size, transform.interpolation) if transform else (_UNSEEN_SIZE, "bicubic")
        try:
            return await self._decoders.pixels(data, size=size, interpolation=interpolation)
        except CoverError as error:
            raise RefusedError(415, str(error)) from error
        except DecoderTimeoutError as error:
            raise RefusedError(503, str(error)) from error
