"""Any picture people have becomes RGB pixels, and anything else a CoverError in one line."""

import io
import struct
import zlib

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from PIL import Image, ImageCms, ImageFilter

from albumnet.errors import CoverError
from albumnet.vision.decoding import check_cover, cover_size, decode_cover

SIZE = 32
# Four flat quarters, so that a turned or mixed-up picture cannot look right.
QUARTERS = {"red": (0, 0), "lime": (0, 1), "blue": (1, 0), "white": (1, 1)}
RGB = {"red": (255, 0, 0), "lime": (0, 255, 0), "blue": (0, 0, 255), "white": (255, 255, 255), "black": (0, 0, 0)}


def quarters(mode="RGB", side=64):
    """Red and lime above blue and white."""
    image = Image.new("RGB", (side, side))
    for colour, (row, column) in QUARTERS.items():
        image.paste(colour, (column * side // 2, row * side // 2, (column + 1) * side // 2, (row + 1) * side // 2))
    return image.convert(mode)


def encode(image, format="PNG", **options):
    file = io.BytesIO()
    image.save(file, format, **options)
    return file.getvalue()


def centres(pixels):
    """The middle pixel of each quarter: above left, above right, below left, below right."""
    assert pixels.shape == (SIZE, SIZE, 3)
    assert pixels.dtype == np.uint8
    return [pixels[row, column].astype(int) for row in (8, 24) for column in (8, 24)]


def assert_quarters(pixels, *colours, tolerance=0):
    for found, colour in zip(centres(pixels), colours, strict=True):
        assert np.abs(found - RGB[colour]).max() <= tolerance, (found, colour)


def png_chunk(kind, data):
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def raw_png(width, height, *, bits, colour_type, rows):
    header = struct.pack(">IIBBBBB", width, height, bits, colour_type, 0, 0, 0)
    body = png_chunk(b"IHDR", header) + png_chunk(b"IDAT", zlib.compress(rows)) + png_chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + body


# Pictures


@pytest.mark.parametrize(
    ("format_", "options", "tolerance"),
    [
        ("PNG", {}, 0),
        ("BMP", {}, 0),
        ("TIFF", {}, 0),
        ("WEBP", {"lossless": True}, 0),
        ("JPEG", {"quality": 95}, 8),
        ("JPEG", {"quality": 95, "progressive": True}, 8),
    ],
)
def test_every_common_format_is_decoded(format_, options, tolerance):
    data = encode(quarters(), format_, **options)
    check_cover(data)
    assert_quarters(decode_cover(data, size=SIZE), *QUARTERS, tolerance=tolerance)


def test_a_cmyk_jpeg_becomes_rgb():
    data = encode(quarters("CMYK"), "JPEG", quality=95)
    assert_quarters(decode_cover(data, size=SIZE), *QUARTERS, tolerance=12)


def test_a_16_bit_grey_png_keeps_its_greys():
    grey = np.repeat(np.linspace(0, 65535, 64).astype(">u2")[None], 64, axis=0)
    rows = b"".join(b"\0" + row.tobytes() for row in grey)
    pixels = decode_cover(raw_png(64, 64, bits=16, colour_type=0, rows=rows), size=64)
    assert (pixels == pixels[..., :1]).all()
    assert np.abs(pixels[0, :, 0] - np.linspace(0, 255, 64)).max() <= 1


def test_a_dark_16_bit_grey_png_stays_dark():
    rows = b"".join(b"\0" + np.full(64, 200, ">u2").tobytes() for _ in range(64))
    assert decode_cover(raw_png(64, 64, bits=16, colour_type=0, rows=rows), size=SIZE).max() <= 1


@pytest.mark.parametrize(("colour_type", "n_channels"), [(2, 3), (6, 4)])
def test_a_16_bit_colour_png_keeps_its_colours(colour_type, n_channels):
    deep = np.full((64, 64, n_channels), 65535, ">u2")
    deep[..., :3] = np.asarray(quarters()).astype(">u2") * 257
    rows = b"".join(b"\0" + row.tobytes() for row in deep)
    assert_quarters(
        decode_cover(raw_png(64, 64, bits=16, colour_type=colour_type, rows=rows), size=SIZE), *QUARTERS, tolerance=1
    )


@pytest.mark.parametrize(
    ("values", "mode"),
    [
        (np.float32([0, 1]), "F"),
        (np.float32([0, 255]), "F"),
        (np.float32([np.nan, 1]), "F"),
        (np.int32([0, 255]), "I"),
        (np.int32([-5, 65535]), "I"),
        (np.uint16([0, 65535]), "I;16"),
    ],
)
def test_a_deep_grey_tiff_runs_from_black_to_white(values, mode):
    image = Image.fromarray(np.repeat(np.repeat(values, 32)[None], 64, axis=0))
    assert image.mode == mode
    assert_quarters(decode_cover(encode(image, "TIFF"), size=SIZE), "black", "white", "black", "white")


def test_a_grey_picture_becomes_three_equal_channels():
    pixels = decode_cover(encode(quarters("L")), size=SIZE)
    assert [centre.tolist() for centre in centres(pixels)] == [[g] * 3 for g in (76, 150, 29, 255)]


def test_a_black_and_white_picture_becomes_black_and_white():
    image = quarters("L").point(lambda grey: 255 * (grey > 100)).convert("1")
    assert_quarters(decode_cover(encode(image), size=SIZE), "black", "white", "black", "white")


def test_a_palette_becomes_its_colours():
    assert_quarters(decode_cover(encode(quarters().quantize(8)), size=SIZE), *QUARTERS, tolerance=4)


def test_a_transparent_colour_of_a_palette_becomes_white():
    image = quarters().quantize(8)
    red = image.getpixel((0, 0))
    data = encode(image, transparency=red)
    assert_quarters(decode_cover(data, size=SIZE), "white", "lime", "blue", "white", tolerance=4)


def test_a_palette_with_an_opacity_per_colour_lies_on_white():
    image = quarters().quantize(8)
    opacity = bytearray(b"\xff" * 8)
    opacity[image.getpixel((0, 0))] = 127
    pixels = decode_cover(encode(image, transparency=bytes(opacity)), size=SIZE)
    assert np.abs(centres(pixels)[0] - (255, 128, 128)).max() <= 4


@pytest.mark.parametrize("mode", ["RGBA", "LA"])
def test_a_transparent_picture_lies_on_white(mode):
    image = Image.new(mode, (64, 64), (0,) * len(mode))  # black, wholly transparent
    image.paste(Image.new(mode, (32, 64), (*(0,) * (len(mode) - 1), 255)), (0, 0))
    assert_quarters(decode_cover(encode(image), size=SIZE), "black", "white", "black", "white")


@pytest.mark.parametrize(("mode", "hidden"), [("RGB", (255, 0, 0)), ("L", 76), ("1", 0)])
def test_a_colour_declared_transparent_becomes_white(mode, hidden):
    data = encode(quarters(mode) if mode != "1" else Image.new("1", (64, 64)), transparency=hidden)
    assert centres(decode_cover(data, size=SIZE))[0].tolist() == [255, 255, 255]


STORED_FOR_ORIENTATION = {
    1: None,
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_90,  # stored a quarter turn to the left, to be shown a quarter turn to the right
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_270,
}


@pytest.mark.parametrize("format_", ["JPEG", "PNG", "WEBP", "TIFF"])
@pytest.mark.parametrize("orientation", STORED_FOR_ORIENTATION)
def test_a_picture_stored_turned_is_turned_upright(orientation, format_):
    turn = STORED_FOR_ORIENTATION[orientation]
    stored = quarters() if turn is None else quarters().transpose(turn)
    exif = Image.Exif()
    exif[274] = orientation
    data = encode(stored, format_, exif=exif, quality=95)
    assert_quarters(decode_cover(data, size=SIZE), *QUARTERS, tolerance=12)


@pytest.mark.filterwarnings("ignore:Corrupt EXIF data")
@pytest.mark.parametrize("ifd", [b"garbage!", b"MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\xff\xff\xff\xff"])
def test_broken_exif_says_nothing_about_the_pixels(ifd):
    data = encode(quarters(), "JPEG", quality=95, exif=b"Exif\0\0" + ifd)
    assert_quarters(decode_cover(data, size=SIZE), *QUARTERS, tolerance=8)


@pytest.mark.parametrize("format_", ["GIF", "WEBP", "PNG"])
def test_of_an_animation_the_first_frame_is_taken(format_):
    later = [Image.new("RGB", (64, 64), colour) for colour in ("black", "yellow")]
    data = encode(quarters(), format_, save_all=True, append_images=later, lossless=True)
    assert_quarters(decode_cover(data, size=SIZE), *QUARTERS, tolerance=2)


def test_a_picture_that_is_not_square_is_squeezed_not_cropped():
    pixels = decode_cover(encode(quarters().resize((200, 40), Image.Resampling.NEAREST)), size=SIZE)
    assert_quarters(pixels, *QUARTERS, tolerance=2)


@pytest.mark.parametrize("interpolation", ["bilinear", "bicubic", "lanczos"])
def test_a_jpeg_at_reduced_scale_is_close_to_one_decoded_whole(interpolation):
    noise = np.random.default_rng(0).integers(256, size=(600, 600, 3), dtype=np.uint8)
    image = Image.fromarray(noise).filter(ImageFilter.GaussianBlur(6))
    data = encode(image, "JPEG", quality=90)
    whole = Image.open(io.BytesIO(data)).resize((SIZE * 2, SIZE * 2), Image.Resampling[interpolation.upper()])
    difference = decode_cover(data, size=SIZE * 2, interpolation=interpolation).astype(int) - np.asarray(whole)
    assert np.abs(difference).mean() < 1.5
    assert np.abs(difference).max() < 16


def test_a_large_jpeg_is_decoded_at_reduced_scale(monkeypatch):
    sizes = []
    monkeypatch.setattr(Image.Image, "resize", lambda image, *_, **__: sizes.append(image.size) or image)
    decode_cover(encode(quarters(side=512), "JPEG"), size=100)
    assert sizes == [(128, 128)]


def test_a_colour_profile_is_passed_over():
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    assert_quarters(decode_cover(encode(quarters(), icc_profile=profile), size=SIZE), *QUARTERS)


# No pictures


def refusal(data):
    with pytest.raises(CoverError) as caught:
        decode_cover(data, size=SIZE)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_an_empty_file_is_refused():
    assert "the file is empty (0 bytes)" in refusal(b"")


@pytest.mark.parametrize("data", [b"\0", b"not a picture", b"<svg></svg>", b"%PDF-1.7", b"PK\3\4", b"\xff\xd8\xff"])
def test_what_is_no_picture_is_refused_with_how_it_begins(data):
    message = refusal(data)
    assert "not a picture in JPEG, PNG" in message
    assert repr(data[:8]) in message


@pytest.mark.parametrize("format_", ["JPEG", "PNG", "GIF", "WEBP", "BMP", "TIFF"])
@pytest.mark.parametrize("share", [0.05, 0.6, 0.95])
def test_a_truncated_file_is_refused(format_, share):
    image = Image.fromarray(np.random.default_rng(0).integers(256, size=(64, 64, 3), dtype=np.uint8))
    data = encode(image, format_)
    message = refusal(data[: int(share * len(data))])
    assert format_ not in ("JPEG", "PNG", "GIF", "BMP") or share < 0.1 or f"truncated {format_}" in message


@pytest.mark.parametrize("size", [(1, 1), (1, 500), (500, 15)])
def test_a_picture_too_small_for_a_cover_is_refused_with_its_size(size):
    data = encode(Image.new("RGB", size))
    assert f"{size[0]} x {size[1]} pixels are too few; a cover has at least 16 a side" in refusal(data)
    with pytest.raises(CoverError):
        check_cover(data)


@pytest.mark.parametrize("side", [8_001, 11_000, 20_000, 2**31 - 1])
def test_a_decompression_bomb_is_refused_unpacked_by_neither_check_nor_decoding(side):
    # A few bytes that claim many rows: unpacking them would be noticed, as they are too few.
    data = raw_png(side, side, bits=8, colour_type=2, rows=b"\0" * 1000)
    assert "at most 64,000,000 are decoded" in refusal(data)
    with pytest.raises(CoverError, match="at most 64,000,000 are decoded"):
        check_cover(data)


def test_a_true_bomb_of_twenty_thousand_squared_is_refused():
    packer = zlib.compressobj(9)
    rows = b"".join(packer.compress(bytes(1 + 20_000 // 8)) for _ in range(20_000)) + packer.flush()
    header = png_chunk(b"IHDR", struct.pack(">IIBBBBB", 20_000, 20_000, 1, 0, 0, 0, 0))
    data = b"\x89PNG\r\n\x1a\n" + header + png_chunk(b"IDAT", rows) + png_chunk(b"IEND", b"")
    assert len(data) < 100_000
    assert "too many pixels" in refusal(data)


def test_the_largest_picture_allowed_is_looked_at():
    check_cover(raw_png(8_000, 8_000, bits=8, colour_type=2, rows=b""))


# Anything at all


def assert_array_or_cover_error(data):
    try:
        pixels = decode_cover(data, size=SIZE)
    except CoverError:
        return
    assert pixels.shape == (SIZE, SIZE, 3)
    assert pixels.dtype == np.uint8


@given(st.binary(max_size=200), st.sampled_from([b"", b"\xff\xd8\xff\xe0", b"\x89PNG\r\n\x1a\n", b"GIF89a", b"BM"]))
@example(b"", b"II*\0")
@example(b"\0" * 20, b"RIFF\0\0\0\0WEBPVP8 ")
def test_random_bytes_give_an_array_or_a_cover_error(data, beginning):
    assert_array_or_cover_error(beginning + data)


WHOLE_FILES = {
    format_: encode(quarters(), format_, **({"exif": b"Exif\0\0MM\0*\0\0\0\x08\0\0"} if format_ == "JPEG" else {}))
    for format_ in ("JPEG", "PNG", "GIF", "WEBP", "BMP", "TIFF")
}


@pytest.mark.parametrize("format_", WHOLE_FILES)
@given(st.data())
def test_a_randomly_corrupted_file_gives_an_array_or_a_cover_error(format_, data):
    corrupted = bytearray(WHOLE_FILES[format_])
    places = st.integers(0, len(corrupted) - 1) | st.integers(0, min(200, len(corrupted) - 1))
    for place in data.draw(st.lists(places, max_size=8)):
        corrupted[place] = data.draw(st.integers(0, 255))
    if data.draw(st.booleans()):
        del corrupted[data.draw(places) :]
    assert_array_or_cover_error(bytes(corrupted))


def test_the_size_of_a_cover_is_read_from_its_header():
    file = io.BytesIO()
    Image.new("RGB", (40, 70)).save(file, "PNG")
    assert cover_size(file.getvalue()) == (40, 70)
    with pytest.raises(CoverError):
        cover_size(b"rubbish")
