"""Figures of the mood space: words that do not lie on each other, covers where their predictions fall."""

from albumnet.moodmap.drawing.figure import (
    AlbumOnPlane,
    Panel,
    WordPlane,
    draw_album,
    draw_comparison,
    lay_out_words,
    word_boxes,
    write_figure,
)

__all__ = [
    "AlbumOnPlane",
    "Panel",
    "WordPlane",
    "draw_album",
    "draw_comparison",
    "lay_out_words",
    "word_boxes",
    "write_figure",
]
