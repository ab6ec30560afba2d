"""Features and predictions of sets too large for one machine: shards of work, on engines that people already run."""

from albumnet.scale.extracting import FeatureWork, ShardedExtraction, extract_on_ray, plan_features
from albumnet.scale.ray_engine import RayOptions
from albumnet.scale.scoring import ScoreWork, score_on_ray
from albumnet.scale.work import cut_into_shards

__all__ = [
    "FeatureWork",
    "RayOptions",
    "ScoreWork",
    "ShardedExtraction",
    "cut_into_shards",
    "extract_on_ray",
    "plan_features",
    "score_on_ray",
]
