"""The rules in the order in which they run: each sees the albums that the ones before have left."""

from __future__ import annotations

from albumnet.cleaning.material import Rule
from albumnet.cleaning.rules import (
    boxed_sets,
    few_moods,
    merged_moods,
    near_duplicates,
    no_cover,
    placeholders,
    rare_moods,
    too_small,
    undecodable,
    various_artists,
    years,
)

RULES: dict[str, Rule] = {
    module.RULE.name: module.RULE
    for module in (
        no_cover,
        undecodable,
        too_small,
        placeholders,
        near_duplicates,
        various_artists,
        boxed_sets,
        years,
        merged_moods,
        rare_moods,
        few_moods,
    )
}


def list_rules() -> tuple[str, ...]:
    """Names of all rules, in the order in which they run."""
    return tuple(RULES)
