"""Draw the README's picture: planted covers with the moods that a model reads in them, beside the base rates.

    albumnet demo albumnet-demo && python scripts/make_readme_picture.py albumnet-demo docs/images/covers_to_moods.png

The covers are of the demo's test side, so the model was not trained on them; tagged moods are marked.
"""

from __future__ import annotations

import io
import sys
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont

import albumnet
from albumnet.dataset import AlbumSet
from albumnet.models.prediction import MoodProbability
from albumnet.records import Album

SCALE = 2
COVER, GAP, BAR, LINE, N_MOODS, N_COLUMNS, N_ROWS = 200, 24, 150, 26, 5, 3, 2
INK, QUIET, FILL, TAGGED = "#1d2733", "#8a94a0", "#b9c6d3", "#e2703a"


def main(demo: Path, out: Path) -> None:
    """Draw the picture from a finished demo."""
    album_set = AlbumSet(demo / "set")
    model = albumnet.load_model(demo / "run-2")
    artists: dict[str, Album] = {}
    for album in album_set.albums:
        if album_set.splits[album.album_id] == "test":
            artists.setdefault(album.artist, album)
    albums = list(artists.values())[: N_COLUMNS * N_ROWS]
    width, height = N_COLUMNS * (COVER + BAR + 3 * GAP) + GAP, N_ROWS * (COVER + 2 * GAP) + GAP
    picture = Image.new("RGB", (width * SCALE, height * SCALE), "white")
    draw = ImageDraw.Draw(picture)
    for n, album in enumerate(albums):
        left, top = GAP + (n % N_COLUMNS) * (COVER + BAR + 3 * GAP), GAP + (n // N_COLUMNS) * (COVER + 2 * GAP)
        data = album_set.read_cover(album.cover or "")
        cover = Image.open(io.BytesIO(data)).resize((COVER * SCALE,) * 2, Image.Resampling.LANCZOS)
        picture.paste(cover, (left * SCALE, top * SCALE))
        (prediction,) = model.predict([data], genres=album.genres, years=album.year, top=N_MOODS)
        _text(draw, left + COVER + 16, top - 4, _describe(album), color=QUIET, size=12)
        for row, mood in enumerate(prediction.moods):
            _bar(draw, left + COVER + 16, top + 22 + row * (LINE + 9), mood, is_tagged=mood.mood in album.moods)
    legend = "bar: probability    tick: how common the mood is    orange: the album is tagged with it"
    _text(draw, GAP, height - GAP - 4, legend, color=QUIET, size=12)
    out.parent.mkdir(parents=True, exist_ok=True)
    picture.quantize(192).save(out, optimize=True)
    print(f"{out}: {out.stat().st_size // 1024} KiB")


def _describe(album: Album) -> str:
    return ", ".join([*(album.genres or ["genre unknown"]), str(album.year or "year unknown")])


def _bar(draw: ImageDraw.ImageDraw, x: int, y: int, mood: MoodProbability, *, is_tagged: bool) -> None:
    _text(draw, x, y, mood.mood, color=INK, size=13)
    _text(draw, x + BAR - 24, y, f"{mood.probability:.0%}", color=INK if is_tagged else QUIET, size=13)
    box = [v * SCALE for v in (x, y + 20, x + max(2, BAR * mood.probability), y + 26)]
    draw.rectangle(box, fill=TAGGED if is_tagged else FILL)
    tick = x + BAR * mood.base_rate
    draw.line([v * SCALE for v in (tick, y + 18, tick, y + 28)], fill=INK, width=SCALE)


def _text(draw: ImageDraw.ImageDraw, x: float, y: float, text: str, *, color: str, size: int) -> None:
    draw.text((x * SCALE, y * SCALE), text, fill=color, font=ImageFont.load_default(size * SCALE))


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
