"""The mood space: word vectors, the place of every mood in it, and of what is said of many moods."""

from albumnet.moodspace.decoding import label_decoder
from albumnet.moodspace.families import MoodFamilies, mood_families
from albumnet.moodspace.label_vectors import embed_labels, moods_with_vectors
from albumnet.moodspace.word_vectors import WordVectors, load_packaged_vectors, read_glove

__all__ = [
    "MoodFamilies",
    "WordVectors",
    "embed_labels",
    "label_decoder",
    "load_packaged_vectors",
    "mood_families",
    "moods_with_vectors",
    "read_glove",
]
