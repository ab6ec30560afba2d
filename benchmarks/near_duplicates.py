"""Near-duplicate covers: recall on changed copies, precision, and time and memory at the origin's 127,467 covers.

    python benchmarks/near_duplicates.py SET [--sheets DIR]     everything, on the covers of an album set
    python benchmarks/near_duplicates.py SET --only recall | precision | scale | clean

Recall: the covers' artists are dealt to two halves. The first half says where true copies and other covers lie, by
which `vision.near_duplicates.Thresholds` were chosen; the second is scored. Precision: every pair found in the set, and
up to 300 of them drawn at random as pictures in DIR, to be looked at. Scale: 127,467 windows of the set's covers (40 to
70 % of a side, mirrored or not), each a picture of its own; a reported pair of windows that overlap by less than .7 is
an error. One in a hundred is a copy, cropped by 3 % of its area and compressed. Clean: see clean.py.
"""

from __future__ import annotations

import argparse
import io
import subprocess
import sys
import tempfile
import time
import zlib
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
from PIL import Image

from albumnet.cleaning.sketching import sketch_covers
from albumnet.dataset import AlbumSet
from albumnet.dataset.splits import artist_key
from albumnet.vision.near_duplicates import COPIES, Pairs, Thresholds, _close_hashes, compare, find_near_duplicates
from albumnet.vision.sketches import Sketches, sketch_cover, stack_sketches

N_COVERS = 127_467
N_PAIRS_SHOWN = 300
PARTS = ("recall", "precision", "scale", "clean")
Window = tuple[float, float, float, float]


def main() -> None:
    """Run what was asked for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("set", type=Path)
    parser.add_argument("--only", choices=PARTS)
    parser.add_argument("--sheets", type=Path)
    parser.add_argument("--covers", type=int, default=N_COVERS, help="at scale")
    parser.add_argument("--find", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--in-this-process", action="store_true", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.find:
        find_in(arguments.set, arguments.find)
    elif arguments.in_this_process or arguments.only in ("recall", "precision"):
        run_part(arguments)
    else:
        run_parts(arguments)


def run_parts(arguments: argparse.Namespace) -> None:
    """Parts in a process each, so that the peak memory is the part's own."""
    for part in [arguments.only] if arguments.only else PARTS:
        if part == "clean":
            script = Path(__file__).with_name("clean.py")
            subprocess.run([sys.executable, str(script), "--albums", str(arguments.covers)], check=True)
            continue
        command = [sys.executable, __file__, str(arguments.set), "--only", part, "--covers", str(arguments.covers)]
        command += ["--in-this-process"] + (["--sheets", str(arguments.sheets)] if arguments.sheets else [])
        subprocess.run(command, check=True)


def run_part(arguments: argparse.Namespace) -> None:
    """One part, in this process."""
    album_set = AlbumSet(arguments.set)
    if arguments.only == "recall":
        measure_recall(album_set)
    elif arguments.only == "precision":
        show_pairs(album_set, sheets=arguments.sheets)
    else:
        measure_scale(album_set, n_covers=arguments.covers, sheets=arguments.sheets)


def measure_recall(album_set: AlbumSet) -> None:
    """Copies changed in every way, of the half that thresholds are chosen on and of the half that is scored."""
    half_of = {
        album.cover: zlib.crc32((artist_key(album) or album.album_id).encode()) % 2
        for album in album_set.albums
        if album.cover
    }
    rng = np.random.default_rng(0)
    for half, purpose in enumerate(("chosen on", "scored on")):
        covers = [album_set.read_cover(cover) for cover, which in half_of.items() if which == half]
        sketches = stack_sketches([sketch_cover(data) for data in covers])
        has_contrast = sketches.thumbnails.reshape(len(covers), -1).std(axis=1) >= Thresholds().min_contrast
        print(f"\n{purpose}: {len(covers)} covers, {int((~has_contrast).sum())} flat")
        print_strangers(sketches)
        columns = ("recall", "copies", "bits", "greys", "detail", "weakest", "colour")
        print(f"{'worst 1 %':24} " + " ".join(f"{column:>7}" for column in columns))
        for name, change in changes(rng).items():
            rows = np.flatnonzero(has_contrast)
            changed = stack_sketches([sketch_cover(change(covers[row])) for row in rows])
            both = stack_sketches([sketches, changed])
            pairs = compare(both, rows, len(covers) + np.arange(len(rows)), thresholds=Thresholds())
            low = np.bitwise_count(both.hashes[pairs.first, 0] ^ both.hashes[pairs.second, 0])
            recall, of_copies = (
                float((pairs.agree(t) & (pairs.distance <= t.max_distance) & (low <= t.max_distance_low)).mean())
                for t in (Thresholds(), COPIES)
            )
            greys, detail, weakest = (np.quantile(x, 0.01) for x in (pairs.correlation, pairs.agreement, pairs.weakest))
            bits, colour = (np.quantile(x, 0.99) for x in (pairs.distance, pairs.colour_difference))
            shares = f"{recall:7.4f} {of_copies:7.4f}"
            print(f"{name:24} {shares} {bits:7.0f} {greys:7.2f} {detail:7.2f} {weakest:7.2f} {colour:7.1f}", flush=True)


def print_strangers(sketches: Sketches) -> None:
    """The pairs of different covers that come nearest, whatever they agree in."""
    wide = Thresholds(max_distance=44, max_distance_low=24, max_colour_difference=255)
    found = [(first, second) for first, second, _ in _close_hashes(sketches.hashes, thresholds=wide, n_threads=2)]
    first, second = (np.concatenate([pair[side] for pair in found]) for side in (0, 1))
    pairs = compare(sketches, first, second, thresholds=wide)
    print(f"pairs of other covers within {wide.max_distance} bits: {len(pairs)}; the most alike:")
    for n in np.argsort(-pairs.agreement)[:5]:
        print(f"  {describe(pairs, n)}")


def describe(pairs: Pairs, n: int) -> str:
    """What the covers of one pair have in common."""
    return (
        f"{pairs.distance[n]} bits, greys {pairs.correlation[n]:.2f}, detail {pairs.agreement[n]:.2f} and "
        f"{pairs.weakest[n]:.2f} at its weakest, colour {pairs.colour_difference[n]:.0f}"
    )


def changes(rng: np.random.Generator) -> dict[str, Callable[[bytes], bytes]]:
    """What copies of a picture go through on their way from site to site."""

    def crop_area(data: bytes) -> bytes:
        edge = np.sqrt(0.97)
        left, top = rng.random(2) * (1 - edge)
        return crop(data, (left, top, left + edge, top + edge))

    def crop_one_side(data: bytes) -> bytes:
        window = np.array([0, 0, 1, 1.0])
        side = rng.integers(4)
        window[side] += 0.03 if side < 2 else -0.03
        return crop(data, tuple(window))

    return {
        "JPEG quality 30": lambda data: encode(open_rgb(data), quality=30),
        "JPEG quality 60": lambda data: encode(open_rgb(data), quality=60),
        "WebP quality 60": lambda data: encode(open_rgb(data), "WEBP", quality=60),
        "PNG": lambda data: encode(open_rgb(data), "PNG"),
        **{
            f"{side} pixels": lambda data, side=side: encode(
                open_rgb(data).resize((side, side), Image.Resampling.LANCZOS)
            )
            for side in (64, 100, 300, 1000)
        },
        "3 % of area, anywhere": crop_area,
        "3 % of area, one side": crop_one_side,
        "3 % of every side": lambda data: crop(data, (0.03, 0.03, 0.97, 0.97)),
    }


def show_pairs(album_set: AlbumSet, *, sheets: Path | None) -> None:
    """Every pair found in the set by name; up to 300 as pictures, 40 to a sheet."""
    with tempfile.TemporaryDirectory() as scratch:
        covers = sketch_covers(album_set, folder=Path(scratch))
    names = list(covers.row_of)
    albums = {album.cover: album for album in album_set.albums if album.cover}
    pairs = find_near_duplicates(covers.sketches)
    print(f"\npairs found among {len(names):,} covers: {len(pairs)}")
    chosen = np.random.default_rng(0).permutation(len(pairs))[:N_PAIRS_SHOWN]
    for n in chosen:
        one, other = (albums[names[row]] for row in (pairs.first[n], pairs.second[n]))
        print(f"  {one.artist}, {one.title} | {other.artist}, {other.title}: {describe(pairs, n)}")
    covers_of = [
        tuple(open_rgb(album_set.read_cover(names[row])) for row in (pairs.first[n], pairs.second[n])) for n in chosen
    ]
    save_sheets(covers_of, sheets, name="pairs")


def save_sheets(pairs: Sequence[tuple[Image.Image, ...]], folder: Path | None, *, name: str) -> None:
    """Pairs of pictures, 60 to a sheet; nothing without a folder."""
    for first in range(0, len(pairs) if folder else 0, 60):
        sheet = Image.new("RGB", (6 * 210, 10 * 104), "white")
        for place, pictures in enumerate(pairs[first : first + 60]):
            for side, picture in enumerate(pictures):
                sheet.paste(picture.resize((98, 98)), (place % 6 * 210 + side * 100, place // 6 * 104))
        folder.mkdir(parents=True, exist_ok=True)
        sheet.save(folder / f"{name}-{first // 60:02d}.png")


def draw_window(picture: Image.Image, window: np.ndarray) -> Image.Image:
    """What a window shows."""
    box = tuple(float(edge) for edge in window[:4] * np.tile(picture.size, 2))
    shown = picture.resize((98, 98), Image.Resampling.BICUBIC, box=box)
    return shown.transpose(Image.Transpose.FLIP_LEFT_RIGHT) if window[4] else shown


def measure_scale(album_set: AlbumSet, *, n_covers: int, sheets: Path | None) -> None:
    """Time and memory at full size, and errors among windows of real covers and planted copies of them."""
    n_copies = n_covers // 100
    sketches, cover, windows = sketch_windows(album_set, n_covers=n_covers, n_copies=n_copies)
    with tempfile.TemporaryDirectory() as scratch:
        # Another process, so that the peak memory is not that of the pictures.
        file, found = Path(scratch) / "sketches.npz", Path(scratch) / "pairs.npz"
        np.savez(file, **vars(sketches))
        subprocess.run([sys.executable, __file__, str(file), "--find", str(found)], check=True)
        pairs = Pairs(**np.load(found))
    overlap = overlaps(windows[pairs.first], windows[pairs.second]) * (cover[pairs.first] == cover[pairs.second])
    contrast = sketches.thumbnails.reshape(len(sketches), -1).std(axis=1)
    is_copy = pairs.second - (n_covers - n_copies) == pairs.first
    has_contrast = contrast[:n_copies] >= Thresholds().min_contrast
    print(f"planted copies found: {int(is_copy.sum()):,} of {int(has_contrast.sum()):,} that are not flat")
    print(f"flat windows: {int((contrast < Thresholds().min_contrast).sum()):,}")
    counts = [
        ("the same window or nearly (overlap .9)", overlap >= 0.9),
        ("much the same (overlap .8 to .9)", (overlap >= 0.8) & (overlap < 0.9)),
        ("much of it (overlap .7 to .8)", (overlap >= 0.7) & (overlap < 0.8)),
        ("one cover, elsewhere or mirrored", (overlap < 0.7) & (cover[pairs.first] == cover[pairs.second])),
        ("two covers", cover[pairs.first] != cover[pairs.second]),
    ]
    print(f"pairs reported: {len(pairs):,}")
    for what, is_so in counts:
        print(f"  {what}: {int(is_so.sum()):,}")
    pictures = [open_rgb(album_set.read_cover(album.cover)) for album in album_set.albums if album.cover]
    drawn = np.random.default_rng(0).permutation(len(pairs))[:N_PAIRS_SHOWN]
    for name, rows in (("windows", drawn), ("windows-elsewhere", np.flatnonzero(counts[-2][1])[:N_PAIRS_SHOWN])):
        shown = [
            tuple(draw_window(pictures[cover[row]], windows[row]) for row in (pairs.first[n], pairs.second[n]))
            for n in (rows if sheets else ())
        ]
        save_sheets(shown, sheets, name=name)
    for n in np.flatnonzero(counts[-1][1])[:20]:
        one, other = pairs.first[n], pairs.second[n]
        print(f"    covers {cover[one]} and {cover[other]}, contrast {contrast[one]:.0f}: {describe(pairs, n)}")


def find_in(file: Path, out: Path) -> None:
    """Find the pairs of stored sketches, and say how long it took."""
    sketches = Sketches(**np.load(file))
    before = peak_memory_mb()
    start, busy = time.perf_counter(), time.process_time()
    pairs = find_near_duplicates(sketches)
    wall, cpu = time.perf_counter() - start, time.process_time() - busy
    peak = peak_memory_mb()
    print(
        f"\n{len(sketches):,} covers: {wall:.1f} s ({cpu:.1f} s of processor), peak memory {peak:,.0f} MB "
        f"({before:,.0f} MB with the sketches alone)",
        flush=True,
    )
    np.savez(out, **vars(pairs))


def peak_memory_mb() -> float:
    """Of this process since its program began; `getrusage` would also count what its parent held."""
    status = Path("/proc/self/status").read_text()
    return int(next(line for line in status.splitlines() if line.startswith("VmHWM")).split()[1]) / 1024


def sketch_windows(album_set: AlbumSet, *, n_covers: int, n_copies: int) -> tuple[Sketches, np.ndarray, np.ndarray]:
    """Sketches of windows, the cover and the window (signed by mirroring) of each; the last are copies of the first."""
    rng = np.random.default_rng(1)
    pictures = [open_rgb(album_set.read_cover(a.cover)) for a in album_set.albums if a.cover]
    cover = rng.integers(len(pictures), size=n_covers)
    side = rng.uniform(0.4, 0.7, size=n_covers)
    left, top = rng.random((2, n_covers)) * (1 - side)
    is_mirrored = rng.random(n_covers) < 0.5
    windows = np.stack([left, top, left + side, top + side, is_mirrored], axis=1)
    cover[-n_copies:], windows[-n_copies:] = cover[:n_copies], windows[:n_copies]
    edge = np.sqrt(0.97)
    parts = []
    for n in range(n_covers):
        picture = pictures[cover[n]]
        window = windows[n, :4]
        is_copy = n >= n_covers - n_copies
        if is_copy:
            # A crop of 3 % of the window's area.
            corner = window[:2] + rng.random(2) * (1 - edge) * side[n - (n_covers - n_copies)]
            window = np.concatenate([corner, corner + edge * side[n - (n_covers - n_copies)]])
        box = tuple(float(v) for v in window * np.tile(picture.size, 2))
        small = picture.resize((96, 96), Image.Resampling.BILINEAR, box=box)
        if windows[n, 4]:
            small = small.transpose(Image.Transpose.FLIP_LEFT_RIGHT)
        parts.append(sketch_cover(encode(small, quality=70) if is_copy else encode(small, "BMP")))
    return stack_sketches(parts), cover, windows


def overlaps(one: np.ndarray, other: np.ndarray) -> np.ndarray:
    """Intersection over union of windows; 0 where one is mirrored and the other is not."""
    corner, end = np.maximum(one[:, :2], other[:, :2]), np.minimum(one[:, 2:4], other[:, 2:4])
    shared = np.maximum(end - corner, 0).prod(axis=1)
    area = [(part[:, 2:4] - part[:, :2]).prod(axis=1) for part in (one, other)]
    return shared / (area[0] + area[1] - shared) * (one[:, 4] == other[:, 4])


def open_rgb(data: bytes) -> Image.Image:
    """A picture as RGB."""
    return Image.open(io.BytesIO(data)).convert("RGB")


def encode(picture: Image.Image, kind: str = "JPEG", **options: int) -> bytes:
    """A picture as a file."""
    file = io.BytesIO()
    picture.save(file, kind, **options)
    return file.getvalue()


def crop(data: bytes, window: Window) -> bytes:
    """A window of a picture, in shares of its sides, as a JPEG of quality 80."""
    picture = open_rgb(data)
    left, top, right, bottom = window
    width, height = picture.size
    box = (round(left * width), round(top * height), round(right * width), round(bottom * height))
    return encode(picture.crop(box), quality=80)


if __name__ == "__main__":
    main()
