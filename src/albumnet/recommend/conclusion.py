"""Whether the cover helped a listener, the metadata did, or neither: in words, from the numbers and nothing else."""

from __future__ import annotations

from collections.abc import Sequence

from albumnet.recommend.evaluation import Comparison, ScenarioResult

LEVEL = 0.05
HELPS, MAY_HELP, HURTS, NO_EVIDENCE = "helps", "may help", "hurts", "no evidence"


def verdict(found: Comparison) -> str:
    """What one comparison says.

    It "helps" where the interval over users lies above 0 after Holm's correction and so does that over folds, which
    tells of other albums; "may help" where the interval over users does but one of the others does not.
    """
    if found.difference.high < 0 and found.over_folds.high < 0:
        return HURTS
    if not found.difference.low > 0:
        return NO_EVIDENCE
    return HELPS if found.p_holm < LEVEL and found.over_folds.low > 0 else MAY_HELP


def conclude(results: Sequence[ScenarioResult]) -> tuple[str, ...]:
    """Sentences about each scenario, and in the last line what the cover and the metadata did for cold albums."""
    sentences = [_tell(result.scenario, found) for result in results for found in _asked(result)]
    return (*sentences, _last_line(results))


def _asked(result: ScenarioResult) -> list[Comparison]:
    pairs = (
        [("hybrid", "als")] if result.scenario == "warm" else [("hybrid", "hybrid_genre"), ("hybrid", "same_artist")]
    )
    pairs += [("hybrid", "hybrid_permuted"), ("hybrid_genre_year", "hybrid_nothing")]
    return [found for first, second in pairs if (found := result.comparison(first, second)) is not None]


def _tell(scenario: str, found: Comparison) -> str:
    said = {
        HELPS: f"{found.question}",
        MAY_HELP: f"weak evidence that {found.question}",
        NO_EVIDENCE: f"no evidence that {found.question}",
        HURTS: f"the opposite of what was asked: not that {found.question}",
    }[verdict(found)]
    return f"{scenario}: {said}: {_number(found)}."


def _last_line(results: Sequence[ScenarioResult]) -> str:
    cold = next((result for result in results if result.scenario == "cold albums"), results[0])
    cover, metadata = (
        cold.comparison("hybrid", "hybrid_permuted"),
        cold.comparison("hybrid_genre_year", "hybrid_nothing"),
    )
    where = "albums without listeners" if cold.scenario == "cold albums" else f"{cold.scenario} albums"
    if cover is None and metadata is None:
        return f"For {where} nothing was compared that says whether the cover or the metadata helped."
    said = [
        "The cover was not looked at" if cover is None else _said("the COVER", cover).capitalize_first(),
        "the metadata were not looked at" if metadata is None else str(_said("the METADATA (genre, year)", metadata)),
    ]
    helped = [found is not None and verdict(found) == HELPS for found in (cover, metadata)]
    start = "" if any(helped) else "Neither surely helped. "
    return f"{start}For {where}: {said[0]}; {said[1]}."


class _Words(str):
    __slots__ = ()

    def capitalize_first(self) -> str:
        return self[:1].upper() + self[1:]


def _said(what: str, found: Comparison) -> _Words:
    start = {
        HELPS: f"{what} helped",
        MAY_HELP: f"{what} may have helped, too weakly to rely on",
        NO_EVIDENCE: f"no evidence that {what} helped",
        HURTS: f"{what} did harm",
    }[verdict(found)]
    return _Words(f"{start}, {_number(found)}")


def _number(found: Comparison) -> str:
    users, folds = found.difference, found.over_folds
    return (
        f"nDCG@10 {users.value:+.3f} (95 % interval over users {users.low:+.3f} to {users.high:+.3f}, over folds of "
        f"hidden albums {folds.low:+.3f} to {folds.high:+.3f})"
    )
