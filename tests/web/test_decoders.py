"""The decoding processes."""

import asyncio
import io
import subprocess
import sys

import numpy as np
import pytest
from PIL import Image

from albumnet.errors import CoverError
from albumnet.vision.decoding import decode_cover
from albumnet.web.decoders import Decoders, DecoderTimeoutError
from web.serving import draw_jpeg

WRITES_A_FILE = """
from albumnet.web import decoder
def write(data, job):
    with open(data.decode(), "w") as file:
        file.write("x")
    return b""
decoder._DO["pixels"] = write
decoder.main()
"""
NEVER_READY = "import time; time.sleep(60)"


def use(work, n=1, **options):
    async def run():
        decoders = Decoders(n, **{"limit_s": 20.0, **options})
        await decoders.start()
        try:
            return await work(decoders)
        finally:
            await decoders.stop()

    return asyncio.run(run())


def test_pixels_are_those_of_decode_cover():
    data = draw_jpeg(2)

    async def work(decoders):
        return await decoders.pixels(data, size=64, interpolation="bicubic")

    assert np.array_equal(use(work), decode_cover(data, size=64))


def test_a_cover_keeps_its_shape_and_is_not_blown_up():
    file = io.BytesIO()
    Image.new("RGB", (900, 300), "red").save(file, "PNG")

    async def work(decoders):
        return await decoders.cover(file.getvalue(), size=640), await decoders.cover(draw_jpeg(size=40), size=640)

    wide, small = use(work)
    assert Image.open(io.BytesIO(wide)).size == (640, 213)
    assert Image.open(io.BytesIO(small)).size == (40, 40)


def test_many_at_once_take_turns():
    async def work(decoders):
        covers = [draw_jpeg(n, size=80) for n in range(12)]
        return await asyncio.gather(*(decoders.pixels(c, size=32, interpolation="bicubic") for c in covers)), covers

    pixels, covers = use(work, n=2)
    for got, cover in zip(pixels, covers, strict=True):
        assert np.array_equal(got, decode_cover(cover, size=32))


def test_what_is_no_picture_is_an_error_and_the_process_goes_on():
    async def work(decoders):
        with pytest.raises(CoverError, match="not a picture"):
            await decoders.pixels(b"<svg/>", size=32, interpolation="bicubic")
        processes = set(decoders._all)
        await decoders.pixels(draw_jpeg(), size=32, interpolation="bicubic")
        assert set(decoders._all) == processes

    use(work)


def test_a_client_that_goes_away_frees_its_decoder():
    async def work(decoders):
        task = asyncio.create_task(decoders.pixels(draw_jpeg(size=2000), size=32, interpolation="bicubic"))
        await asyncio.sleep(0)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        assert (await decoders.pixels(draw_jpeg(), size=32, interpolation="bicubic")).shape == (32, 32, 3)

    use(work)


def test_a_decoder_cannot_write_files(tmp_path):
    target = tmp_path / "written"

    async def work(decoders):
        with pytest.raises((CoverError, DecoderTimeoutError)):
            await decoders.pixels(str(target).encode(), size=32, interpolation="bicubic")

    use(work, command=(sys.executable, "-c", WRITES_A_FILE))
    assert not target.exists() or target.read_bytes() == b""


def test_decoders_end_with_whoever_started_them():
    code = (
        "import asyncio\n"
        "from albumnet.web.decoders import Decoders\n"
        "async def run():\n"
        "    decoders = Decoders(1, limit_s=5)\n"
        "    await decoders.start()\n"
        "    print(next(iter(decoders._all))._process.pid, flush=True)\n"
        "    import os; os._exit(1)\n"
        "asyncio.run(run())"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)
    pid = int(done.stdout)

    async def wait_for_end() -> None:
        async with asyncio.timeout(10):
            while is_running(pid):
                await asyncio.sleep(0.05)

    asyncio.run(wait_for_end())


def is_running(pid: int) -> bool:
    listed = subprocess.run(["ps", "-o", "stat=", "-p", str(pid)], capture_output=True, text=True)
    return bool(listed.stdout.strip()) and not listed.stdout.strip().startswith("Z")
