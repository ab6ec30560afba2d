"""Planted worlds: albums with a known truth, drawn by us, for the demo and for checking the rest of AlbumNet.

A planted world says how strongly each mood is felt on each album, and how strongly each mood shows on covers; some do
not show at all. What a model, a metric or an explanation claims can so be held against what is true. `planted.known`
holds worlds in which, beyond that, the probability of every mood is known, and with it the best possible score.
"""

from albumnet.planted.drawing import draw_cover
from albumnet.planted.listeners import PlantedListeners, draw_listeners
from albumnet.planted.world import PlantedTruth, PlantedWorld, draw_world
from albumnet.planted.writing import write_world

__all__ = [
    "PlantedListeners",
    "PlantedTruth",
    "PlantedWorld",
    "draw_cover",
    "draw_listeners",
    "draw_world",
    "write_world",
]
