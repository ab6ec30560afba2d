"""Thumbnails and covers."""

import asyncio
import io

import pytest
from PIL import Image

from albumnet.web.thumbnail_file import ThumbnailFile


def opened(answer) -> Image.Image:
    assert answer.status == 200
    assert answer.headers["content-type"] == "image/jpeg"
    return Image.open(io.BytesIO(answer.body))


@pytest.mark.parametrize("side", [32, 64, 128])
def test_a_thumbnail_is_a_square_jpeg(client, side):
    assert opened(client.get(f"/thumbs/3?s={side}")).size == (side, side)


def test_a_cover_is_shown_at_its_own_size_up_to_640(client):
    assert opened(client.get("/covers/3")).size == (96, 96)


def test_a_thumbnail_is_not_sent_again_to_who_has_it(client, state):
    first = client.get(f"/thumbs/4?v={state.version}")
    assert "immutable" in first.headers["cache-control"]
    again = client.get("/thumbs/4", If_None_Match=first.headers["etag"])
    assert (again.status, again.body) == (304, b"")
    assert "immutable" not in client.get("/thumbs/4").headers["cache-control"]


@pytest.mark.parametrize(
    "path", ["/thumbs/40", "/thumbs/-1", "/covers/99999999999999999999", "/thumbs/3?s=33", "/thumbs/x"]
)
def test_pictures_that_there_are_not_are_refused(client, path):
    answer = client.get(path)
    assert answer.status in (404, 422)
    assert answer.error


def test_the_thumbnails_file_keeps_what_it_was_given_and_drops_the_oldest(tmp_path):
    async def use() -> None:
        path = tmp_path / "thumbnails.sqlite"
        file = ThumbnailFile(path, max_bytes=1000)
        await file.open()
        for n in range(20):
            file.put(f"cover {n}", 64, bytes(100))
        assert await file.get("cover 19", 64) == bytes(100)
        assert await file.get("cover 0", 64) is None
        await file.close()
        file = ThumbnailFile(path, max_bytes=1000)
        await file.open()
        assert await file.get("cover 19", 64) == bytes(100)
        assert await file.get("cover 19", 32) is None
        await file.close()

    asyncio.run(use())


def test_a_thumbnails_file_that_is_broken_is_made_anew(tmp_path):
    async def use() -> None:
        path = tmp_path / "thumbnails.sqlite"
        path.write_bytes(b"no database at all" * 100)
        file = ThumbnailFile(path, max_bytes=1000)
        await file.open()
        file.put("cover", 64, b"jpeg")
        assert await file.get("cover", 64) == b"jpeg"
        await file.close()

    asyncio.run(use())
