"""Which covers show the same picture: copies yes, other pictures and flat covers no."""

import io
from itertools import combinations

import numpy as np
import pytest
from PIL import Image

from albumnet.vision.near_duplicates import COPIES, Thresholds, _close_hashes, find_near_duplicates, groups_of
from albumnet.vision.sketches import Sketches, sketch_cover, stack_sketches


def encode(picture, kind="PNG", **options):
    file = io.BytesIO()
    picture.save(file, kind, **options)
    return file.getvalue()


def draw(seed, side=256):
    rng = np.random.default_rng(seed)
    coarse = Image.fromarray(rng.integers(0, 256, (9, 9, 3), dtype=np.uint8))
    return coarse.resize((side, side), Image.Resampling.BICUBIC)


def sketch(*pictures, **options):
    return stack_sketches([sketch_cover(encode(picture, **options)) for picture in pictures])


def found(sketches):
    pairs = find_near_duplicates(sketches)
    return set(zip(pairs.first.tolist(), pairs.second.tolist(), strict=True))


@pytest.mark.parametrize(
    "change",
    [
        lambda picture: picture.resize((64, 64)),
        lambda picture: picture.resize((700, 700)),
        lambda picture: picture.crop((4, 4, 256, 256)),
        lambda picture: picture.crop((0, 0, 256, 248)),
        lambda picture: Image.open(io.BytesIO(encode(picture, "JPEG", quality=30))),
    ],
)
def test_copies_are_found(change):
    pictures = [draw(seed) for seed in range(6)]
    assert found(sketch(*pictures, *(change(picture) for picture in pictures))) == {(n, n + 6) for n in range(6)}


def test_other_pictures_are_not():
    assert found(sketch(*(draw(seed) for seed in range(40)))) == set()


def test_the_same_drawing_in_other_colours_is_another_picture():
    red, green, blue = draw(0).split()
    assert found(sketch(draw(0), Image.merge("RGB", (blue, green, red)))) == set()


def test_flat_covers_never_pair():
    noise = np.random.default_rng(0).integers(0, 4, (64, 64, 3), dtype=np.uint8)
    flat = [Image.new("RGB", (64, 64), colour) for colour in ("black", "white", "#010101")]
    assert found(sketch(*flat, *flat, Image.fromarray(noise), Image.fromarray(noise))) == set()


def test_a_picture_that_many_have_is_one_group_by_few_pairs():
    rng = np.random.default_rng(0)
    one = sketch(draw(0))
    jitter = np.repeat(one.thumbnails, 60, axis=0)
    hashes = one.hashes ^ (np.uint64(1) << rng.integers(0, 64, (60, 2)).astype(np.uint64))
    many = Sketches(hashes, jitter, np.repeat(one.chroma, 60, axis=0))
    pairs = find_near_duplicates(stack_sketches([sketch(draw(1)), many]))
    assert len(pairs) < 60 * 59 / 2
    assert groups_of(61, pairs).tolist() == [0] + [1] * 60


def test_covers_of_one_hash_that_do_not_agree_are_told_apart():
    two = sketch(draw(0), draw(1), draw(0).resize((200, 200)))
    same_hash = Sketches(np.repeat(two.hashes[:1], 3, axis=0), two.thumbnails, two.chroma)
    assert found(same_hash) == {(0, 2)}


def inner(picture, edge):
    return picture.crop((edge, edge, picture.width - edge, picture.height - edge)).resize(picture.size)


def test_groups_do_not_chain():
    once = inner(draw(0), 7)
    twice = inner(once, 7)
    assert found(sketch(draw(0), once)) == found(sketch(once, twice)) == {(0, 1)}
    assert groups_of(3, find_near_duplicates(sketch(draw(0), once, twice))).tolist() == [0, 0, 2]


def in_series(picture):
    """A dim strip of the picture below what every record of its series shows."""
    cover = draw(99)
    cover.paste(Image.blend(picture, Image.new("RGB", picture.size), 0.5).crop((0, 0, 256, 64)), (0, 192))
    return cover


def test_covers_of_a_series_are_no_copies():
    first, second = in_series(draw(0)), in_series(draw(1))
    copies = [first.resize((90, 90)), Image.open(io.BytesIO(encode(first, "JPEG", quality=30)))]
    series = sketch(first, second, *copies)
    assert groups_of(4, find_near_duplicates(series)).tolist() == [0, 0, 0, 0]
    assert groups_of(4, find_near_duplicates(series, thresholds=COPIES)).tolist() == [0, 1, 0, 0]


@pytest.mark.parametrize("rows_of_a_block", [1, 7, 256])
def test_of_many_leaders_the_nearest_are_compared(monkeypatch, rows_of_a_block):
    monkeypatch.setattr("albumnet.vision.near_duplicates._BLOCK_ROWS", rows_of_a_block)
    monkeypatch.setattr("albumnet.vision.near_duplicates._MAX_LEADERS", 1)
    others = sketch(*(draw(seed) for seed in range(9)))
    bits = np.uint64(2) ** np.arange(9, dtype=np.uint64) - np.uint64(1)  # 0 to 8 bits away from the first
    hashes = np.stack([others.hashes[:1, 0] ^ bits, np.full(9, others.hashes[0, 1])], axis=1)
    crowded = Sketches(hashes, others.thumbnails, others.chroma)
    copy = Sketches(hashes[4:5] ^ np.uint64(1 << 40), others.thumbnails[4:5], others.chroma[4:5])
    assert found(stack_sketches([crowded, copy])) == {(4, 9)}


def test_groups_are_named_by_their_first():
    pairs = find_near_duplicates(sketch(draw(1), draw(0), draw(1).resize((64, 64)), draw(1).resize((90, 90))))
    assert groups_of(4, pairs).tolist() == [0, 1, 0, 0]


def test_no_covers_have_no_pairs():
    assert len(find_near_duplicates(stack_sketches([]))) == 0


def test_blocks_of_hashes_miss_no_pair(monkeypatch):
    monkeypatch.setattr("albumnet.vision.near_duplicates._BLOCK_ROWS", 7)
    monkeypatch.setattr("albumnet.vision.near_duplicates._BLOCK_COLUMNS", 5)
    rng = np.random.default_rng(0)
    hashes = rng.integers(0, 2**63, (50, 2)).astype(np.uint64)
    hashes[25:] = hashes[:25] ^ (np.uint64(7) << rng.integers(0, 60, (25, 2)).astype(np.uint64))
    limits = Thresholds(max_distance=60, max_distance_low=28)
    expected = set()
    for one, other in combinations(range(50), 2):
        bits = [int(hashes[one, word] ^ hashes[other, word]).bit_count() for word in (0, 1)]
        if bits[0] <= 28 and sum(bits) <= 60:
            expected.add((one, other))
    blocks = _close_hashes(hashes, thresholds=limits, n_threads=2)
    assert sorted(
        (int(a), int(b)) for first, second, _ in blocks for a, b in zip(first, second, strict=True)
    ) == sorted(expected)
    assert len(expected) > 25
