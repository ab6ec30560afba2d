"""Invented artists and titles: made from word lists, so that no real musician is in a planted world."""

from __future__ import annotations

import numpy as np


def invent_artists(*, n_artists: int, rng: np.random.Generator) -> tuple[str, ...]:
    """Artist names, no two the same: splitting by artist needs one name to mean one artist."""
    names: dict[str, None] = {}
    while len(names) < n_artists:
        name = _invent_artist(rng)
        for _ in range(20):
            if name not in names:
                break
            name = _invent_artist(rng)
        # Large worlds run out of names; a number makes any name new.
        names[f"{name} No. {len(names)}" if name in names else name] = None
    return tuple(names)


def invent_title(rng: np.random.Generator) -> str:
    """An album title of one to four words; titles may repeat, as real ones do. None contains a planted mood."""
    thing, other = (_THINGS[k] for k in rng.choice(len(_THINGS), size=2, replace=False))
    patterns = (
        f"{_pick(_QUALITIES, rng)} {thing}",
        f"The {_pick(_QUALITIES, rng)} {thing}",
        f"{thing} at {_pick(_PLACES, rng)}",
        f"{thing} & {other}",
        f"{thing}, {_pick(_MOMENTS, rng)}",
        f"{_pick(_MOMENTS, rng)} the {thing}",
        thing,
    )
    return patterns[rng.integers(len(patterns))]


def _invent_artist(rng: np.random.Generator) -> str:
    surname = f"{_pick(_SURNAME_STARTS, rng)}{_pick(_SURNAME_ENDS, rng)}"
    first_name, group = _pick(_FIRST_NAMES, rng), _pick(_GROUPS, rng)
    patterns = (f"{first_name} {surname}", f"The {surname} {group}", f"{first_name} & the {group}", f"{surname} Trio")
    return patterns[rng.choice(len(patterns), p=_PATTERN_SHARES)]


def _pick(words: tuple[str, ...], rng: np.random.Generator) -> str:
    return words[rng.integers(len(words))]


def _words(text: str) -> tuple[str, ...]:
    return tuple(text.split())


_PATTERN_SHARES = (0.45, 0.35, 0.12, 0.08)
_FIRST_NAMES = _words(
    "Alba Bram Cosima Dorrit Edda Fenno Gisel Harlan Ilka Jorun Kestrel Lisbet Mirel Nando Odile Perrin Quilla Rufina "
    "Sorrel Tobin Ursel Vesper Wendel Yorick Zelda"
)
_SURNAME_STARTS = _words("Ash Bel Cor Dov Fen Gar Hol Lar Mar Ost Pell Quill Rav Sel Tam Um Vel Wen Yar Zim")
_SURNAME_ENDS = _words("berry brook combe croft dale dow holm lark mere quist rick row strand thorn vane wick")
_GROUPS = _words(
    "Alibis Almanacs Anglers Barometers Bicycles Clerks Cousins Ferries Foxes Gardeners Harbours Inventors Kettles "
    "Lanterns Magpies Mapmakers Orchards Pigeons Postmen Sleepwalkers Tailors Telegraphs Tramways Umbrellas"
)
_THINGS = _words(
    "Atlas Balcony Bridge Calendar Camera Compass Corridor Engine Feather Ferry Harvest Horizon Island Kite Ladder "
    "Letter Library Mirror Museum Orange Orchard Parade Pocket Postcard Promise River Satellite Signal Staircase "
    "Station Suitcase Telephone Theatre Thunder Tower Umbrella Window"
)
_QUALITIES = _words(
    "Borrowed Copper Crooked Distant Double Electric Folded Glass Half Hidden Last Little Northern Other Painted Paper "
    "Second Secret Seventh Silver Slow Sunday Unsent Velvet Wooden"
)
_PLACES = (
    "Alder Street",
    "Belmere",
    "the Corner",
    "the Far Shore",
    "Low Tide",
    "Quillow Park",
    "Room Nine",
    "the Turning",
    "Yarrow Hill",
)
_MOMENTS = _words("Tomorrow Tonight Yesterday Sometimes Monday November Later Always")
