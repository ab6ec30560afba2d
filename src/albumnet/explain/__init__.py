"""Why this mood: what the network sees, where it looks, and whether a picture of that can be believed."""
