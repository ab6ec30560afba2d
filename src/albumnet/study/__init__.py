"""Blind rating studies: covers shown to raters without names, their answers, and how far everyone agrees."""

from albumnet.study.creation import Created, StudyOptions, create_study, draw_items
from albumnet.study.folder import Key, KeyItem, Rater, Study, TrainingItem, read_key, read_study

__all__ = [
    "Created",
    "Key",
    "KeyItem",
    "Rater",
    "Study",
    "StudyOptions",
    "TrainingItem",
    "create_study",
    "draw_items",
    "read_key",
    "read_study",
]
