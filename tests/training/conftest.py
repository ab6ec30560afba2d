"""Fixtures of the synthetic set, in `tests/synthetic_world.py`."""

from synthetic_world import (  # noqa: F401  fixtures
    covers,
    installed_backbone,
    make_backbone,
    one_thread,
    pictured,
    quick_presets,
    vectors,
    world,
)
