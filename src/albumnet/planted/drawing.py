"""One planted cover as JPEG bytes: background, shapes, texture, the genre's layout, age, emblem and lettering."""

from __future__ import annotations

import io
from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image, ImageDraw, ImageFilter

from albumnet.planted.lettering import TEXT_PLACES, draw_lettering
from albumnet.planted.palette import Colour, Palette, mix_palette
from albumnet.planted.rule import DIALS, ERAS, FIRST_YEAR, GENRES, LAST_YEAR, PLAIN_LOOK, Layout, era_of, look_matrix
from albumnet.planted.shapes import MAX_SHAPES, draw_emblem, draw_shapes
from albumnet.planted.world import PlantedWorld

if TYPE_CHECKING:
    from jaxtyping import Float, Int

_JPEG_QUALITY = 90


def draw_cover(world: PlantedWorld, album: int) -> bytes:
    """Draw the cover of one album.

    Args:
        world: Where the album is.
        album: n in [0, N).

    Returns:
        A JPEG file of `world.cover_size` squared pixels; the same bytes whenever drawn with the same Pillow.
    """
    side, truth = world.cover_size, world.truth
    rng = np.random.default_rng(int(world.cover_seed[album]))
    logits = _turn_dials(world, album, rng=rng)
    dial = dict(zip(DIALS, (1.0 / (1.0 + np.exp(-logits))).tolist(), strict=True))
    chance = rng.random((MAX_SHAPES, 6))
    emblem = world.artist_emblem[truth.artist[album]]
    palette = mix_palette(logits, dial=dial, emblem_hue=float(emblem[4]))
    layout = GENRES[int(truth.genre_weight[album].argmax())].layout
    age = (LAST_YEAR - int(truth.year[album])) / (LAST_YEAR - FIRST_YEAR)

    picture = _draw_background(2 * side, palette=palette, turn=float(chance[0, 5]))
    draw_shapes(picture, layout=layout, palette=palette, dial=dial, chance=chance)
    picture = _soften(picture.reduce(2), softness=dial["softness"])
    picture = _add_texture(picture, dial=dial, rng=rng)
    panel = _lay_out(picture, layout=layout, palette=palette)
    picture = _age(picture, age=age, paper=palette.paper)
    record = world.albums[album]
    place = TEXT_PLACES[layout]
    draw_emblem(picture, emblem=emblem, colour=palette.emblem, is_low=place.grows == "down")
    draw_lettering(
        picture, artist=record.artist, title=record.title, place=place, dial=dial, palette=palette, sits_on=panel
    )
    file = io.BytesIO()
    picture.save(file, "JPEG", quality=_JPEG_QUALITY)
    return file.getvalue()


def read_dials(world: PlantedWorld) -> Float[np.ndarray, "N P"]:
    """The dials that the covers are drawn with, in the order of `rule.DIALS`, each in (0, 1)."""
    seeds = world.cover_seed.tolist()
    logits = [_turn_dials(world, n, rng=np.random.default_rng(seed)) for n, seed in enumerate(seeds)]
    return np.asarray(1.0 / (1.0 + np.exp(-np.stack(logits))))


def _turn_dials(world: PlantedWorld, album: int, *, rng: np.random.Generator) -> Float[np.ndarray, " P"]:
    """The dials of one cover in logits (the rule that `world` states); the designer's whim is drawn from `rng`."""
    truth = world.truth
    # Smooth rather than 0 or 1, so that an album's first mood shows more than its last.
    presence = 1.0 / (1.0 + np.exp(-2.0 * truth.strength[album]))
    from_moods = (presence * truth.visibility) @ truth.mood_look
    from_genres = truth.genre_weight[album] @ look_matrix(GENRES)
    from_era = ERAS[era_of(int(truth.year[album]))].look.pushes()
    from_artist = world.artist_look[truth.artist[album]]
    dials: Float[np.ndarray, " P"] = PLAIN_LOOK.pushes() + from_moods + from_genres + from_era + from_artist
    return dials + rng.normal(scale=0.4, size=len(DIALS))


def _draw_background(side: int, *, palette: Palette, turn: float) -> Image.Image:
    """A smooth change from the ground to the far ground, in a direction of chance."""
    # 128 steps are about as fine as 8-bit colour shows, so they can be enlarged without a filter, which cost 2 ms.
    step = np.linspace(-127.0, 127.0, 128, dtype=np.float32)
    angle = 2 * np.pi * turn
    along = np.clip(127.5 + np.float32(np.cos(angle)) * step + np.float32(np.sin(angle)) * step[:, None], 0.0, 255.0)
    ramp = np.linspace(palette.ground, palette.far_ground, 256).astype(np.uint8)
    return Image.fromarray(ramp[along.astype(np.uint8)]).resize((side, side), Image.Resampling.NEAREST)


def _soften(picture: Image.Image, *, softness: float) -> Image.Image:
    """Blur the picture; at softness 0 it stays as it is, at 1 only clouds are left."""
    if softness < 0.1:
        return picture
    # A blur leaves no detail to lose, so a quarter of the side is enough, and 16 times as fast.
    small = picture.reduce(4).filter(ImageFilter.GaussianBlur(picture.width / 256 * (0.5 + 4.0 * softness)))
    blurred = small.resize(picture.size, Image.Resampling.BILINEAR)
    return Image.blend(picture, blurred, min(1.0, 1.35 * (softness - 0.1)))


def _add_texture(picture: Image.Image, *, dial: Mapping[str, float], rng: np.random.Generator) -> Image.Image:
    """Film grain and fine stripes, as changes of brightness."""
    side = picture.width
    # Even bytes and 16-bit sums: to the eye the same grain as normal float noise, which took a fifth of all the time.
    grain_range = int(104.0 * max(0.0, dial["grain"] - 0.08) ** 1.3)
    speckle = np.frombuffer(rng.bytes(side * side), dtype=np.uint8).reshape(side, side).astype(np.int16)
    change = (speckle * np.int16(grain_range) >> 8) - np.int16(grain_range // 2)
    stripe_turn, stripe_pitch = rng.random(2)
    if dial["stripes"] > 0.1:
        pitch = side * (0.02 + 0.03 * stripe_pitch)
        wave = np.sin(2 * np.pi / pitch * np.arange(2 * side, dtype=np.float32))
        wave = np.rint(26.0 * (dial["stripes"] - 0.1) * np.sign(wave)).astype(np.int16)
        change += _lay_stripes(wave, side=side, turn=stripe_turn)
    pixels = np.asarray(picture, dtype=np.int16) + change[..., None]
    return Image.fromarray(np.clip(pixels, 0, 255, out=pixels).astype(np.uint8))


def _lay_stripes(wave: Int[np.ndarray, " L"], *, side: int, turn: float) -> Int[np.ndarray, "H W"]:
    """A wave of 2 x side values laid over a square: across, down or slantwise."""
    if turn < 0.4:
        return np.broadcast_to(wave[:side, None], (side, side))
    if turn < 0.7:
        return np.broadcast_to(wave[None, :side], (side, side))
    return np.lib.stride_tricks.sliding_window_view(wave, side)[:side]


def _lay_out(picture: Image.Image, *, layout: Layout, palette: Palette) -> Colour | None:
    """Add the genre's panels and frames in place; return the colour of the panel under the text, if there is one."""
    side = picture.width
    pen = ImageDraw.Draw(picture)
    if layout == "panel":
        pen.rectangle((0, 0, side, round(0.32 * side)), fill=palette.ground)
        pen.rectangle((0, round(0.32 * side), side, round(0.335 * side)), fill=palette.shapes[1])
        return palette.ground
    if layout == "label":
        pen.rectangle(_box(side, 0.13, 0.08, 0.87, 0.44), fill=palette.paper)
        pen.rectangle(_box(side, 0.15, 0.10, 0.85, 0.42), outline=palette.shapes[1], width=max(1, side // 128))
        return palette.paper
    if layout == "vignette":
        window = Image.new("L", (2 * side, 2 * side))
        ImageDraw.Draw(window).ellipse(_box(2 * side, 0.16, 0.05, 0.84, 0.73), fill=255)
        matted = Image.composite(picture, Image.new("RGB", picture.size, palette.ground), window.reduce(2))
        picture.paste(matted)
        return palette.ground
    if layout == "grid":
        pen.rectangle(_box(side, 0.03, 0.03, 0.97, 0.97), outline=palette.shapes[0], width=max(1, side // 100))
    return None


def _box(side: int, *shares: float) -> tuple[int, int, int, int]:
    left, top, right, bottom = (round(share * side) for share in shares)
    return left, top, right, bottom


def _age(picture: Image.Image, *, age: float, paper: Colour) -> Image.Image:
    """Yellow a sleeve and give it a paper border, the more the older it is (age in [0, 1])."""
    amount = 0.45 * max(0.0, age - 0.25)
    if amount <= 0.0:
        return picture
    keep = 1 - amount
    sepia = ((0.393, 0.769, 0.189), (0.349, 0.686, 0.168), (0.272, 0.534, 0.131))
    rows = [
        [amount * share + (keep if row == column else 0.0) for column, share in enumerate(shares)] + [0.0]
        for row, shares in enumerate(sepia)
    ]
    aged = picture.convert("RGB", tuple(value for row in rows for value in row))
    border = round(picture.width * 0.05 * max(0.0, age - 0.45) / 0.55)
    if border:
        ImageDraw.Draw(aged).rectangle((0, 0, picture.width - 1, picture.height - 1), outline=paper, width=border)
    return aged
