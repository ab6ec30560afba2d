"""Sets with covers drawn for the test, one after the other named by what is wrong with them."""

import io
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from albumnet.dataset import AlbumSet, write_album_set
from albumnet.dataset.covers import store_cover
from albumnet.records import Album, build_vocabulary


def draw_cover(seed: int, side: int = 128) -> Image.Image:
    """Coloured blobs, a picture of its own for every seed."""
    rng = np.random.default_rng(seed)
    coarse = Image.fromarray(rng.integers(0, 256, (9, 9, 3), dtype=np.uint8))
    return coarse.resize((side, side), Image.Resampling.BICUBIC)


def encode(picture: Image.Image, kind: str = "PNG", **options) -> bytes:
    file = io.BytesIO()
    picture.save(file, kind, **options)
    return file.getvalue()


@pytest.fixture
def draw():
    """Draws a picture of its own for every seed."""
    return draw_cover


@pytest.fixture(name="encode")
def encode_fixture():
    """Encodes a picture as a file."""
    return encode


MakeSet = Callable[..., AlbumSet]


@pytest.fixture
def make_set(tmp_path) -> MakeSet:
    """Writes a set of albums, each with the bytes of its cover or None."""

    def make(rows: Sequence[tuple[Album, bytes | None]], *, path: Path = tmp_path / "set", **options) -> AlbumSet:
        albums = [replace(album, cover=store_cover(path / "covers", data) if data else None) for album, data in rows]
        vocabulary = build_vocabulary(album.moods for album in albums)
        return write_album_set(path, albums, vocabulary=vocabulary, import_digest="test", **options)

    return make
