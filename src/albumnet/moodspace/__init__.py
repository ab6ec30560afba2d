"""The mood space: word vectors, and the place of every mood in it."""

from albumnet.moodspace.label_vectors import embed_labels
from albumnet.moodspace.word_vectors import WordVectors, load_packaged_vectors, read_glove

__all__ = ["WordVectors", "embed_labels", "load_packaged_vectors", "read_glove"]
