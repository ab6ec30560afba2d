"""Explanations as stages: of some covers, of a whole set, of what a backbone sees, and of changed covers."""
