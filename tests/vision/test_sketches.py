"""Sketches: what a copy keeps, and what a flat cover lacks."""

import io

import numpy as np
import pytest
from PIL import Image

from albumnet.errors import CoverError
from albumnet.vision.sketches import hash_thumbnails, sketch_cover, stack_sketches


def encode(picture, kind="PNG", **options):
    file = io.BytesIO()
    picture.save(file, kind, **options)
    return file.getvalue()


def draw(seed, side=96):
    """Coloured blobs, a picture of its own for every seed."""
    rng = np.random.default_rng(seed)
    coarse = Image.fromarray(rng.integers(0, 256, (7, 7, 3), dtype=np.uint8))
    return coarse.resize((side, side), Image.Resampling.BICUBIC)


def distance(one, other):
    return int(np.bitwise_count(one.hashes ^ other.hashes).sum())


def test_a_sketch_is_128_bits_a_grey_thumbnail_and_colours():
    sketch = sketch_cover(encode(Image.new("RGB", (50, 70), "red")))
    assert (sketch.hashes.shape, sketch.thumbnails.shape, sketch.chroma.shape) == ((1, 2), (1, 48, 48), (1, 8, 8, 2))
    assert set(sketch.thumbnails.ravel()) == {76}
    assert sketch.chroma[0, 0, 0].tolist() == [85, 255]


def test_a_grey_cover_has_no_chroma():
    assert set(sketch_cover(encode(Image.new("L", (64, 64), 40))).chroma.ravel()) == {128}


@pytest.mark.parametrize("kind", ["JPEG", "WEBP"])
def test_compression_turns_few_bits(kind):
    picture = draw(0, side=300)
    assert distance(sketch_cover(encode(picture)), sketch_cover(encode(picture, kind, quality=60))) <= 8


def test_another_picture_turns_about_half_of_the_bits():
    assert 40 < distance(sketch_cover(encode(draw(0))), sketch_cover(encode(draw(1)))) < 88


def test_brightness_and_contrast_turn_no_bit():
    thumbnails = np.random.default_rng(0).normal(100, 20, (3, 48, 48))
    np.testing.assert_array_equal(hash_thumbnails(thumbnails), hash_thumbnails(0.5 * thumbnails + 30))


def test_the_lowest_frequencies_come_first():
    wave = np.cos(np.pi * (np.arange(48) + 0.5) / 48)
    hashed = hash_thumbnails(np.broadcast_to(wave, (1, 48, 48)))
    # (0, 1) is the first frequency after the mean.
    assert hashed[0, 0] & np.uint64(1)


def test_many_sketches_are_stacked_and_none_is_an_empty_stack():
    one = sketch_cover(encode(draw(0)))
    assert len(stack_sketches([one, one, one])) == 3
    assert len(stack_sketches([])) == 0


def test_rubbish_is_refused_in_one_line():
    with pytest.raises(CoverError, match="not a picture"):
        sketch_cover(b"rubbish")
