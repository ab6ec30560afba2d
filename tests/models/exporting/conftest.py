"""Presets of the synthetic set, in `tests/synthetic_world.py`."""

from synthetic_world import one_thread, quick_presets  # noqa: F401  fixtures
