"""How far those who named moods of the same covers agree, beyond what chance would give them."""

from albumnet.metrics.agreement.alpha import Alpha, krippendorff_alpha
from albumnet.metrics.agreement.many_raters import fleiss_kappa, fleiss_kappas
from albumnet.metrics.agreement.moods import (
    MoodAgreement,
    MoodCounts,
    compare_mood_by_mood,
    count_moods,
    flat_kappa,
    pooled_kappa,
)
from albumnet.metrics.agreement.set_distances import (
    DISTANCES,
    SetDistance,
    jaccard_distance,
    masi_distance,
    nominal_distance,
    semantic_distance,
)
from albumnet.metrics.agreement.two_raters import Agreement, cohen_kappa, compare_two, gwet_ac1
from albumnet.metrics.agreement.words import kappa_in_words

__all__ = [
    "DISTANCES",
    "Agreement",
    "Alpha",
    "MoodAgreement",
    "MoodCounts",
    "SetDistance",
    "cohen_kappa",
    "compare_mood_by_mood",
    "compare_two",
    "count_moods",
    "flat_kappa",
    "fleiss_kappa",
    "fleiss_kappas",
    "gwet_ac1",
    "jaccard_distance",
    "kappa_in_words",
    "krippendorff_alpha",
    "masi_distance",
    "nominal_distance",
    "pooled_kappa",
    "semantic_distance",
]
