"""Worlds in which each mood is carried by a thing at a known place, for holding saliency maps against the truth."""

from albumnet.planted.objects.world import ObjectWorld, PlacedThing, draw_object_world
from albumnet.planted.objects.writing import write_objects

__all__ = ["ObjectWorld", "PlacedThing", "draw_object_world", "write_objects"]
