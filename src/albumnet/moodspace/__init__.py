"""The mood space: word vectors, the place of every mood in it, its neighbours and families."""

from albumnet.moodspace.decoding import label_decoder
from albumnet.moodspace.families import MoodFamilies, mood_families
from albumnet.moodspace.label_vectors import embed_labels, moods_with_vectors
from albumnet.moodspace.neighbours import (
    Neighbour,
    OddOneOut,
    Places,
    find_odd_one_out,
    nearest,
    nearest_moods,
    place_moods,
    place_words,
    solve_analogy,
)
from albumnet.moodspace.word_vectors import WordVectors, load_packaged_vectors, load_packaged_words, read_glove

__all__ = [
    "MoodFamilies",
    "Neighbour",
    "OddOneOut",
    "Places",
    "WordVectors",
    "embed_labels",
    "find_odd_one_out",
    "label_decoder",
    "load_packaged_vectors",
    "load_packaged_words",
    "mood_families",
    "moods_with_vectors",
    "nearest",
    "nearest_moods",
    "place_moods",
    "place_words",
    "read_glove",
    "solve_analogy",
]
