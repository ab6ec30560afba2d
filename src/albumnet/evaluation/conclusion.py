"""The conclusion in plain words, computed from the numbers and from nothing else."""

from __future__ import annotations

from collections.abc import Sequence

from albumnet.evaluation.collapse import Collapse
from albumnet.evaluation.leaks import LeakAlarm
from albumnet.evaluation.table import Difference, ScoreTable

# A ratio of spreads below this is called a collapse.
COLLAPSED = 0.5
LEVEL = 0.05


def conclude(
    table: ScoreTable,
    *,
    uses_cover: bool,
    uses_metadata: bool,
    collapse: Collapse | None = None,
    alarms: Sequence[LeakAlarm] = (),
) -> tuple[str, ...]:
    """Sentences that answer what a reader wants to know, the main answer first.

    Args:
        table: Whose first row is the model.
        uses_cover: Whether the model sees covers.
        uses_metadata: Whether it sees genre and year.
        collapse: Of its mood vectors; None for models without.
        alarms: Of leaks; those that fired are told.
    """
    sentences = [f"LEAK: {alarm.message}" for alarm in alarms if alarm.fired]
    questions = []
    if uses_cover and uses_metadata:
        questions.append(("metadata", "the cover adds to genre and year", "The cover adds", "to genre and year"))
    elif uses_cover:
        questions.append(("prior", "the cover says anything about moods", "The cover gives", "over chance"))
    if uses_cover:
        questions.append(
            ("shuffled covers", "it matters whose cover it is", "The right covers add", "to shuffled ones")
        )
    questions.append(("shuffled moods", "it learned anything", "The true moods in training add", "to shuffled ones"))
    for second, question, start, end in questions:
        if found := table.difference(second, "macro_roc_auc"):
            sentences.append(_answer(found, question=question, start=start, end=end))
    if collapse is not None:
        sentences.append(_tell_collapse(collapse))
    return tuple(sentences)


def _answer(found: Difference, *, question: str, start: str, end: str) -> str:
    """`start` +.012 … `end`, or that there is weak or no evidence that `question`."""
    difference, p = found.difference, found.p_holm
    number = f"{difference.value:+.3f} macro ROC-AUC (95 % interval {difference.low:+.3f} to {difference.high:+.3f})"
    if not (difference.low > 0 or difference.high < 0):
        return f"No evidence that {question}: {number}."
    if not p < LEVEL:
        return f"Weak evidence, gone once the whole table is corrected for (p = {p:.2f}), that {question}: {number}."
    if difference.high < 0:
        return f"The model falls behind where it was to be ahead, {number}: no evidence that {question}."
    return f"{start} {number} {end}."


def _tell_collapse(collapse: Collapse) -> str:
    ratio = f"{100 * collapse.spread_ratio:.0f} % of the spread of the true ones"
    share = (
        f"for {100 * collapse.commonest_share:.0f} % of the albums the nearest label is one of the ten commonest, "
        f"for {100 * collapse.true_commonest_share:.0f} % in truth"
    )
    if collapse.spread_ratio < COLLAPSED:
        return f"The predicted mood vectors have collapsed towards the middle: they have {ratio}, and {share}."
    return f"The predicted mood vectors have {ratio}; {share}."
