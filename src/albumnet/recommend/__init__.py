"""Albums for listeners: from what others like, from what albums are like, and whether the cover helps with it."""
