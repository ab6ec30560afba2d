"""Numbers and metrics in words: what is undefined says so, what few people know is explained."""

from __future__ import annotations

import math
from dataclasses import dataclass

from albumnet.metrics import Estimate

UNDEFINED = "undefined"


def number_in_words(value: float, digits: int = 3, sign: str = "") -> str:
    """A number with a true minus sign, or "undefined"."""
    return UNDEFINED if math.isnan(value) else f"{value:{sign}.{digits}f}".replace("-", "\N{MINUS SIGN}")


def digits_worth_showing(value: float) -> int:
    """How many decimals a score is worth: 0.254, 3.11, 33.7."""
    return 3 if not abs(value) >= 1 else 2 if abs(value) < 10 else 1


def percent_in_words(share: float) -> str:
    """A share as "80 %", which stays on one line; with a decimal unless it is whole."""
    if math.isnan(share):
        return UNDEFINED
    said = f"{100 * share:.1f}".removesuffix(".0")
    return f"{said}\N{NO-BREAK SPACE}%"


def unbroken(sentence: str) -> str:
    """The sentence with "95 %" kept on one line."""
    return sentence.replace(" %", "\N{NO-BREAK SPACE}%")


def interval_in_words(estimate: Estimate, digits: int = 3, sign: str = "") -> str:
    """The ends in brackets; "" where they are undefined."""
    if not estimate.has_interval:
        return ""
    return f"[{number_in_words(estimate.low, digits, sign)}, {number_in_words(estimate.high, digits, sign)}]"


def estimate_in_words(estimate: Estimate, digits: int = 3, sign: str = "") -> str:
    """Value and interval in one line."""
    return f"{number_in_words(estimate.value, digits, sign)} {interval_in_words(estimate, digits, sign)}".rstrip()


def p_in_words(p: float) -> str:
    """A p-value, no more exact than anyone needs."""
    return "< 0.001" if p < 0.001 else number_in_words(p)


def sortable(value: float) -> str:
    """A number as a script sorts it; "" is sorted last."""
    return "" if math.isnan(value) else f"{value:.6g}"


@dataclass(frozen=True, slots=True)
class MetricWords:
    """A metric as the report calls and explains it."""

    title: str
    meaning: str


def describe_metric(metric: str) -> MetricWords:
    """Title and meaning; a metric that the report does not know keeps its name and goes unexplained."""
    return _WORDS.get(metric) or MetricWords(metric.replace("_", " "), "")


_WORDS = {
    "macro_roc_auc": MetricWords(
        "Macro ROC-AUC",
        "Chance that an album with a mood scores higher for it than one without, mean over moods. 0.5 is guessing.",
    ),
    "macro_ap": MetricWords(
        "Macro AP",
        "Average precision: how pure the top of a mood's ranking is, mean over moods. "
        "Guessing earns each mood's share of the albums.",
    ),
    "macro_ap_of_all_albums": MetricWords(
        "Macro AP, all albums",
        "What macro AP would be on ever more albums like these. It is the same for small and large test sides, "
        "where plain macro AP is too high on small ones.",
    ),
    "micro_ap": MetricWords(
        "Micro AP", "Average precision of all album-mood pairs in one ranking. Naming common moods already earns much."
    ),
    "micro_roc_auc": MetricWords(
        "Micro ROC-AUC", "ROC-AUC of all album-mood pairs in one ranking. Naming common moods already earns much."
    ),
    "macro_ap_rare": MetricWords("Macro AP, rare moods", "Average precision over the rarest third of the moods."),
    "macro_ap_middle": MetricWords("Macro AP, middle", "Average precision over the middle third of the moods."),
    "macro_ap_common": MetricWords("Macro AP, common moods", "Average precision over the commonest third."),
    "macro_lift": MetricWords(
        "Macro lift", "Average precision over the mood's share of the albums, mean over moods. 1 is guessing."
    ),
    "label_ranking_ap": MetricWords(
        "Label-ranking AP", "From an album's side: how pure its list of moods is down to each mood it has."
    ),
    "ndcg_at_5": MetricWords(
        "nDCG@5",
        "An album's five likeliest moods, credited by how strong and how high they stand. 1 is the best order.",
    ),
    "precision_at_5": MetricWords("Precision@5", "Share of an album's five likeliest moods that it has."),
    "recall_at_5": MetricWords("Recall@5", "Share of an album's moods that are among its five likeliest."),
    "coverage_error": MetricWords(
        "Coverage error", "How far down its list one reads to meet all moods of an album. Lower is better."
    ),
    "semantic_precision_at_5": MetricWords(
        "Semantic precision@5", "As precision@5, but a mood near in meaning earns a part. 0 is a random list."
    ),
    "mood_set_distance": MetricWords(
        "Mood set distance", "Distance in meaning of predicted from true moods, best paired. Lower is better."
    ),
}
