"""Thumbnails and covers: made from the set's covers when asked for, kept in memory and in one file of bounded size."""

from __future__ import annotations

import asyncio
import os
import re
from collections import OrderedDict
from typing import Literal, Self

from fastapi import APIRouter, Request
from starlette.responses import Response

from albumnet.dataset import AlbumSet
from albumnet.errors import CoverError
from albumnet.web.api import cache_headers, state_of
from albumnet.web.decoders import Decoders, DecoderTimeoutError
from albumnet.web.errors import RefusedError
from albumnet.web.state import AppState
from albumnet.web.thumbnail_file import ThumbnailFile

router = APIRouter()

COVER_SIZE = 640
_SHA256 = re.compile(r"[0-9a-f]{64}")

Side = Literal["32", "64", "128"]


@router.get("/thumbs/{row}")
async def thumbnail(request: Request, row: int, s: Side = "64", v: str = "") -> Response:
    """A square thumbnail of a row's cover."""
    return await _answer(request, row, size=int(s), version=v)


@router.get("/covers/{row}")
async def cover(request: Request, row: int, v: str = "") -> Response:
    """A row's cover, encoded anew."""
    return await _answer(request, row, size=COVER_SIZE, version=v)


async def _answer(request: Request, row: int, *, size: int, version: str) -> Response:
    state = state_of(request)
    if not 0 <= row < len(state.albums) or (name := state.albums[row].cover) is None:
        raise RefusedError(404, "no cover")
    etag = f'"{name[:32]}-{size}"'
    headers = {"ETag": etag, **cache_headers(state, version)}
    if request.headers.get("if-none-match") == etag:
        return Response(status_code=304, headers=headers)
    pictures: Pictures = request.app.state.pictures
    try:
        jpeg = await pictures.get(name, size)
    except (CoverError, DecoderTimeoutError) as error:
        raise RefusedError(404, "the cover cannot be shown") from error
    return Response(jpeg, media_type="image/jpeg", headers=headers)


class Pictures:
    """Makes JPEGs of covers, each once at a time.

    Args:
        state: Whose set, and how much may be kept.
    """

    def __init__(self, state: AppState) -> None:
        assert state.album_set is not None
        self._album_set = state.album_set
        self._file = ThumbnailFile(state.app_dir / "thumbnails.sqlite", max_bytes=state.limits.thumbnails_bytes)
        n_decoders = max(1, os.cpu_count() or 1)
        self._decoders = Decoders(n_decoders, limit_s=state.limits.decode_s)
        # Covers are read from disk only when a decoder is about to be free, so that few are held at a time.
        self._turn = asyncio.Semaphore(2 * n_decoders)
        self._in_memory: OrderedDict[tuple[str, int], bytes] = OrderedDict()
        self._n_in_memory = state.limits.thumbnails_in_memory
        self._being_made: dict[tuple[str, int], asyncio.Task[bytes]] = {}

    async def __aenter__(self) -> Self:
        await self._file.open()
        await self._decoders.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        for task in self._being_made.values():
            task.cancel()
        await self._decoders.stop()
        await self._file.close()

    async def get(self, cover: str, size: int) -> bytes:
        """A cover's JPEG.

        Raises:
            CoverError: If there is no such cover, or it cannot be decoded.
            DecoderTimeoutError: If its decoder had to be killed.
        """
        key = (cover, size)
        if key in self._in_memory:
            self._in_memory.move_to_end(key)
            return self._in_memory[key]
        task = self._being_made.get(key)
        if task is None:
            task = self._being_made[key] = asyncio.create_task(self._make(cover, size))
            task.add_done_callback(lambda _: self._being_made.pop(key, None))
        return await asyncio.shield(task)

    async def _make(self, cover: str, size: int) -> bytes:
        if size == COVER_SIZE:
            async with self._turn:
                return await self._decoders.cover(await read_set_cover(self._album_set, cover), size=size)
        jpeg = await self._file.get(cover, size)
        if jpeg is None:
            async with self._turn:
                jpeg = await self._decoders.thumbnail(await read_set_cover(self._album_set, cover), size=size)
            self._file.put(cover, size, jpeg)
        self._in_memory[cover, size] = jpeg
        if len(self._in_memory) > self._n_in_memory:
            self._in_memory.popitem(last=False)
        return jpeg


async def read_set_cover(album_set: AlbumSet, cover: str) -> bytes:
    """The bytes of a cover of the set.

    Raises:
        CoverError: If there is no such cover.
    """
    # A set may come from anywhere: what is no digest would be a path.
    if not _SHA256.fullmatch(cover):
        raise CoverError("the album's cover is named by no sha256")
    return await asyncio.to_thread(album_set.read_cover, cover)
