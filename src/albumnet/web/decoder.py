"""A process that turns strangers' bytes into pixels: it may hang, crash or be killed without anyone else noticing.

Run as `python -m albumnet.web.decoder`. A job comes on standard input and its outcome goes to standard output, both as
a line of JSON that says how many bytes follow, and those bytes. Jobs: "pixels" (RGB, size x size), "thumbnail" (a
square JPEG) and "cover" (a JPEG of at most `size` pixels a side).
"""

from __future__ import annotations

import io
import json
import signal
import sys
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, BinaryIO

if TYPE_CHECKING:
    from PIL import Image

# What the largest picture that may be decoded takes, twice over (docs/web.md).
MEMORY_BYTES = 2 * 2**30
_QUALITY = 82


def main() -> None:
    """Answer jobs until standard input ends."""
    jobs, outcomes = sys.stdin.buffer, sys.stdout.buffer
    # Whatever a library prints must not be taken for an outcome.
    sys.stdout = sys.stderr
    _lock_down()
    _send(outcomes, {"ready": True}, b"")
    while line := jobs.readline():
        job = json.loads(line)
        payload = jobs.read(job["n_bytes"])
        # Should whoever started this be gone when the picture hangs, the system ends it.
        _end_in(2 * job["limit_s"])
        outcome = _answer(job, payload)
        _end_in(0)
        _send(outcomes, *outcome)


def _end_in(seconds: float) -> None:
    """Let the system end this process after some seconds; 0 for never."""
    if hasattr(signal, "setitimer"):  # not on Windows
        signal.setitimer(signal.ITIMER_REAL, seconds)


def _answer(job: dict[str, Any], payload: bytes) -> tuple[dict[str, Any], bytes]:
    from albumnet.errors import CoverError

    try:
        return {}, _DO[job["do"]](payload, job)
    except CoverError as error:
        return {"error": str(error)}, b""
    except MemoryError:
        return {"error": "the picture takes more memory than a cover may"}, b""


def _pixels(data: bytes, job: dict[str, Any]) -> bytes:
    from albumnet.vision.decoding import decode_cover

    return decode_cover(data, size=job["size"], interpolation=job["interpolation"]).tobytes()


def _thumbnail(data: bytes, job: dict[str, Any]) -> bytes:
    from PIL import Image

    from albumnet.vision.decoding import decode_cover

    # Covers are square or nearly; squeezed to a square here as the networks see them.
    return _encode(Image.fromarray(decode_cover(data, size=job["size"])))


def _cover(data: bytes, job: dict[str, Any]) -> bytes:
    from PIL import ExifTags, Image

    from albumnet.vision.decoding import check_cover, decode_cover

    check_cover(data)
    with Image.open(io.BytesIO(data)) as image:
        width, height = image.size
        if image.getexif().get(ExifTags.Base.Orientation, 1) >= 5:
            width, height = height, width
    longest = min(job["size"], max(width, height))
    square = Image.fromarray(decode_cover(data, size=longest))
    scale = longest / max(width, height)
    return _encode(square.resize((max(1, round(width * scale)), max(1, round(height * scale)))))


def _encode(picture: Image.Image) -> bytes:
    file = io.BytesIO()
    picture.save(file, "JPEG", quality=_QUALITY)
    return file.getvalue()


_DO: dict[str, Callable[[bytes, dict[str, Any]], bytes]] = {
    "pixels": _pixels,
    "thumbnail": _thumbnail,
    "cover": _cover,
}


def _send(outcomes: BinaryIO, header: dict[str, Any], payload: bytes) -> None:
    outcomes.write(json.dumps({**header, "n_bytes": len(payload)}).encode() + b"\n" + payload)
    outcomes.flush()


def _lock_down() -> None:
    """No files, little memory, no core dumps: what a hostile picture could make of this process stays small."""
    import warnings

    # Loaded before files are shut.
    import numpy  # noqa: F401  loaded ahead
    from PIL import Image

    import albumnet.vision.decoding  # noqa: F401  loaded ahead

    Image.init()
    warnings.simplefilter("ignore")
    try:
        import resource
    except ImportError:  # not on Windows
        return
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


if __name__ == "__main__":
    main()
