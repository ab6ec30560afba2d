"""Moods written into audio files: planned first, written so that nothing can be lost, and taken back at will."""

from albumnet.tagging.applying import TagResult, apply_plan, take_back
from albumnet.tagging.choosing import Choice
from albumnet.tagging.formats import MoodTags, list_formats, open_tags
from albumnet.tagging.planning import AlbumPlan, FilePlan, TagPlan, plan_file
from albumnet.tagging.undo import UNDO_NAME

__all__ = [
    "UNDO_NAME",
    "AlbumPlan",
    "Choice",
    "FilePlan",
    "MoodTags",
    "TagPlan",
    "TagResult",
    "apply_plan",
    "list_formats",
    "open_tags",
    "plan_file",
    "take_back",
]
