"""Worlds in which the probability of every mood is known, so that the best possible score is known too."""

from albumnet.planted.known.ceiling import CeilingShare, bayes_scores, expected_scores, prior_scores, share_of_ceiling
from albumnet.planted.known.drawn_sides import DrawnSide, draw_test_side, score_without_end
from albumnet.planted.known.probability import MoodTruth
from albumnet.planted.known.world import KnownWorld, WorldOptions, plant_in_dials, plant_in_features

__all__ = [
    "CeilingShare",
    "DrawnSide",
    "KnownWorld",
    "MoodTruth",
    "WorldOptions",
    "bayes_scores",
    "draw_test_side",
    "expected_scores",
    "plant_in_dials",
    "plant_in_features",
    "prior_scores",
    "score_without_end",
    "share_of_ceiling",
]
