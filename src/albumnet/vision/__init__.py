"""Pixels and networks: cover bytes -> pixels (safely) -> a backbone's features."""
