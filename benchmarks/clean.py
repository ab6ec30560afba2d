"""`clean` of as many albums as the origin had, all but decoding.

    python benchmarks/clean.py [--albums 127467]

Albums, moods and artists are drawn with the origin's spread of moods (44,151 albums for the commonest of 167, 15 for
the rarest); the sketches are drawn too, 2 % of them copies, and lie in the folder as if decoding were done. The cover
files are small and are linked, never read.
"""

from __future__ import annotations

import argparse
import hashlib
import resource
import tempfile
import time
from pathlib import Path

import numpy as np
import pyarrow as pa
from scipy.fft import idctn

from albumnet.cleaning import clean_set
from albumnet.cleaning.sketching import _SCHEMA
from albumnet.dataset import AlbumSet, write_album_set
from albumnet.dataset.atomic import write_parquet
from albumnet.records import Album, build_vocabulary
from albumnet.vision.sketches import CHROMA_SIDE, SKETCH_VERSION, THUMBNAIL_SIDE, hash_thumbnails

N_ALBUMS, N_MOODS, COMMONEST, RAREST = 127_467, 167, 44_151, 15
SHARD = 4096


def main() -> None:
    """Make the set, clean it, print time and memory."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--albums", type=int, default=N_ALBUMS)
    n_albums = parser.parse_args().albums
    with tempfile.TemporaryDirectory() as scratch:
        path, out = Path(scratch) / "set", Path(scratch) / "clean"
        albums = draw_albums(n_albums, rng=np.random.default_rng(0))
        write_album_set(path, albums, vocabulary=build_vocabulary(a.moods for a in albums), import_digest="drawn")
        write_covers(path, [album.cover or "" for album in albums])
        write_sketches(out / "sketches", [album.cover or "" for album in albums], rng=np.random.default_rng(1))
        del albums
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        start, busy = time.perf_counter(), time.process_time()
        cleaned = clean_set(AlbumSet(path), out=out)
        wall, cpu = time.perf_counter() - start, time.process_time() - busy
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        print(
            f"\nclean of {n_albums:,} albums: {wall:.1f} s ({cpu:.1f} s of processor), peak memory {peak:,.0f} MB "
            f"({before:,.0f} MB before), {len(cleaned.album_set.albums):,} albums left"
        )


def draw_albums(n_albums: int, *, rng: np.random.Generator) -> list[Album]:
    """Albums of about four to an artist, moods as common as the origin's."""
    moods = Path(__file__).parents[1] / "scripts" / "allmusic_moods.txt"
    names = [line for line in moods.read_text("utf-8").splitlines() if line and not line.startswith("#")][:N_MOODS]
    share = np.geomspace(COMMONEST, RAREST, N_MOODS) / N_ALBUMS
    has = rng.random((n_albums, N_MOODS), dtype=np.float32) < share
    artist = rng.integers(n_albums // 4, size=n_albums)
    return [
        Album(
            album_id=f"a{n}",
            artist=f"Artist {artist[n]}",
            title=f"Title {n}",
            moods=tuple(names[m] for m in rng.permutation(np.flatnonzero(has[n]))),
            genres=("Rock",),
            year=1950 + n % 75,
            cover=hashlib.sha256(str(n).encode()).hexdigest(),
            source="drawn",
        )
        for n in range(n_albums)
    ]


def write_covers(path: Path, covers: list[str]) -> None:
    """Files to link."""
    for prefix in {cover[:2] for cover in covers}:
        (path / "covers" / prefix).mkdir(parents=True, exist_ok=True)
    for cover in covers:
        (path / "covers" / cover[:2] / f"{cover}.jpg").write_bytes(b"\xff\xd8\xff")


def write_sketches(folder: Path, covers: list[str], *, rng: np.random.Generator) -> None:
    """Thumbnails with the spectrum of pictures; every fiftieth is a copy of the one before."""
    wave = np.arange(THUMBNAIL_SIDE)
    falloff = 1 / (1 + np.hypot(wave[:, None], wave[None, :])) ** 1.5
    for start in range(0, len(covers), SHARD):
        part = covers[start : start + SHARD]
        spectrum = rng.normal(size=(len(part), THUMBNAIL_SIDE, THUMBNAIL_SIDE)) * falloff
        grey = idctn(spectrum, axes=(1, 2), norm="ortho")
        grey = 128 + 45 * grey / grey.std(axis=(1, 2), keepdims=True)
        grey[1::50] = grey[0::50][: len(grey[1::50])] + rng.normal(0, 1, grey[1::50].shape)
        hashes = hash_thumbnails(grey)
        thumbnails = grey.clip(0, 255).astype(np.uint8)
        rows = [
            {
                "cover": cover, "width": 500, "height": 500, "error": None, "hashes": hashes[n].tobytes(),
                "thumbnails": thumbnails[n].tobytes(), "chroma": bytes([128]) * (2 * CHROMA_SIDE**2),
            }
            for n, cover in enumerate(part)
        ]  # fmt: skip
        table = pa.Table.from_pylist(rows, schema=_SCHEMA)
        write_parquet(folder / f"shard-{start:07d}.parquet", table, schema_version=SKETCH_VERSION, made_from={})


if __name__ == "__main__":
    main()
