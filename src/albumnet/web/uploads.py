"""A picture that someone sends: read as it streams in, held in memory alone, refused as soon as it is too much."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass, field

from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header
from starlette.requests import ClientDisconnect, Request

from albumnet.web.errors import RefusedError
from albumnet.web.options import Limits

MAX_GENRES = 20
_MAX_FIELD_BYTES = 400
_MAX_PARTS = 40
_YEARS = range(1000, 3000)


@dataclass(frozen=True)
class Upload:
    """A picture's bytes and what was said of it."""

    data: bytearray
    genres: tuple[str, ...]
    year: int | None


class Admission:
    """Lets so many uploads in at once, and so many wait; the others are told to come back.

    Args:
        limits: How many, of how many bytes together.
    """

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._changed = asyncio.Condition()
        self._n_inside = self._n_bytes = self._n_waiting = 0

    @contextlib.asynccontextmanager
    async def admit(self, n_bytes: int) -> AsyncIterator[None]:
        """Inside, an upload of at most so many bytes may be held in memory.

        Raises:
            RefusedError: 429 if too many wait already, or the turn did not come.
        """
        await self._enter(n_bytes)
        try:
            yield
        finally:
            self._n_inside -= 1
            self._n_bytes -= n_bytes
            async with self._changed:
                self._changed.notify_all()

    async def _enter(self, n_bytes: int) -> None:
        if not self._has_room(n_bytes) or self._n_waiting:
            if self._n_waiting >= self._limits.n_waiting:
                raise _busy()
            self._n_waiting += 1
            try:
                async with asyncio.timeout(self._limits.wait_s), self._changed:
                    await self._changed.wait_for(lambda: self._has_room(n_bytes))
                    self._take(n_bytes)
                    return
            except TimeoutError:
                raise _busy() from None
            finally:
                self._n_waiting -= 1
        self._take(n_bytes)

    def _has_room(self, n_bytes: int) -> bool:
        return self._n_inside < self._limits.n_uploads and self._n_bytes + n_bytes <= self._limits.uploads_bytes

    def _take(self, n_bytes: int) -> None:
        self._n_inside += 1
        self._n_bytes += n_bytes


def announced_bytes(request: Request, limits: Limits) -> int:
    """How large a body can become: what it announces, else the most that is read.

    Raises:
        RefusedError: 413 if it announces too much, 415 if it is no form.
    """
    kind, parameters = parse_options_header(request.headers.get("content-type"))
    if kind != b"multipart/form-data" or not parameters.get(b"boundary"):
        raise RefusedError(415, "expected multipart/form-data with the picture as `file`")
    largest = limits.upload_bytes + limits.upload_overhead_bytes
    announced = request.headers.get("content-length")
    if announced is None:
        return largest
    n_bytes = int(announced) if announced.isascii() and announced.isdigit() else largest + 1
    if n_bytes > largest:
        raise _too_large(limits)
    return n_bytes


async def read_upload(request: Request, limits: Limits) -> Upload:
    """Read a form with one picture, genres and year.

    Raises:
        RefusedError: If it is too large (413), is no such form (400, 422), or has no picture (422).
    """
    _, parameters = parse_options_header(request.headers.get("content-type"))
    form = _Form(limits)
    n_read = 0
    try:
        parser = MultipartParser(
            parameters[b"boundary"],
            {
                "on_part_begin": form.begin_part,
                "on_header_field": form.add_header_name,
                "on_header_value": form.add_header_value,
                "on_header_end": form.end_header,
                "on_headers_finished": form.end_headers,
                "on_part_data": form.add_data,
                "on_part_end": form.end_part,
                "on_end": form.end,
            },
        )
        async for chunk in request.stream():
            n_read += len(chunk)
            if n_read > limits.upload_bytes + limits.upload_overhead_bytes:
                raise _too_large(limits)
            parser.write(chunk)
        parser.finalize()
    except FormParserError as error:
        raise RefusedError(400, f"the form cannot be read: {' '.join(str(error).split())}") from error
    except ClientDisconnect as error:
        raise RefusedError(400, "the upload was cut off") from error
    return form.upload()


def _busy() -> RefusedError:
    return RefusedError(429, "too many covers are being read; try again in a moment", retry_after_s=2)


def _too_large(limits: Limits) -> RefusedError:
    return RefusedError(413, f"a cover may have {limits.upload_bytes // 2**20} MB at most")


@dataclass
class _Form:
    """What the parser has found so far."""

    limits: Limits
    file: bytearray | None = None
    fields: list[tuple[str, str]] = field(default_factory=list)
    is_whole: bool = False
    _header: tuple[bytearray, bytearray] = field(default_factory=lambda: (bytearray(), bytearray()))
    _disposition: bytes = b""
    _name: str = ""
    _is_file: bool = False
    _value: bytearray = field(default_factory=bytearray)
    _n_parts: int = 0

    def begin_part(self) -> None:
        self._n_parts += 1
        if self._n_parts > _MAX_PARTS:
            raise RefusedError(422, f"the form has more than {_MAX_PARTS} parts")
        self._disposition, self._value = b"", bytearray()

    def add_header_name(self, data: bytes, start: int, end: int) -> None:
        self._header[0].extend(data[start:end])

    def add_header_value(self, data: bytes, start: int, end: int) -> None:
        self._header[1].extend(data[start:end])

    def end_header(self) -> None:
        if bytes(self._header[0]).lower() == b"content-disposition":
            self._disposition = bytes(self._header[1])
        self._header = (bytearray(), bytearray())

    def end_headers(self) -> None:
        # A file name, if there is one, is not looked at: no name from a request reaches the disk.
        _, options = parse_options_header(self._disposition)
        self._name = options.get(b"name", b"").decode(errors="replace")
        self._is_file = self._name == "file"
        if self._is_file:
            if self.file is not None:
                raise RefusedError(422, "file: one picture at a time")
            self.file = bytearray()

    def add_data(self, data: bytes, start: int, end: int) -> None:
        into = self.file if self._is_file and self.file is not None else self._value
        if len(into) + end - start > (self.limits.upload_bytes if self._is_file else _MAX_FIELD_BYTES):
            raise _too_large(self.limits) if self._is_file else RefusedError(422, f"{self._name[:40]}: too long")
        into.extend(memoryview(data)[start:end])

    def end_part(self) -> None:
        if not self._is_file:
            self.fields.append((self._name, self._value.decode(errors="replace").strip()))

    def end(self) -> None:
        self.is_whole = True

    def upload(self) -> Upload:
        if not self.is_whole:
            raise RefusedError(400, "the form ends before its last boundary")
        if not self.file:
            raise RefusedError(422, "file: expected a picture")
        genres = tuple(value for name, value in self.fields if name == "genres" and value)
        if len(genres) > MAX_GENRES:
            raise RefusedError(422, f"genres: at most {MAX_GENRES}")
        years = [value for name, value in self.fields if name == "year" and value]
        return Upload(self.file, genres, _parse_year(years[-1]) if years else None)


def _parse_year(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) == 4 and int(text) in _YEARS):
        raise RefusedError(422, f"year: expected a number from {_YEARS.start} to {_YEARS.stop - 1}")
    return int(text)
